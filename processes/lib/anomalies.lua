--- What should not have come: counted, the last 1,000 kept, nothing answered.
--
--   record(msg, reason)   one more
--   count()               how many there ever were
--
-- State: Anomalies, a ring of {action, from, reason, at}.
local clock = require("lib.clock")
local ring = require("lib.ring")
local state = require("lib.state")
local tags = require("lib.tags")

local anomalies = {}

Anomalies = state.keep(Anomalies, ring.make())

function anomalies.record(msg, reason)
  ring.push(Anomalies, {
    -- Cut: an Action may be a kilobyte, and strangers choose it.
    action = (tags.get(msg, "Action") or ""):sub(1, 64),
    from = msg.From,
    reason = reason,
    at = clock.now(),
  })
end

function anomalies.count()
  return ring.count(Anomalies)
end

return anomalies
