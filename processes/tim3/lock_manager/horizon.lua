--- How far back the coordinator and this process may still speak of, and what lies behind it.
--
--   hear(msg, id)      note the coordinator's oldest open number, told with a command about id
--   own(id)            our own oldest open number of that kind, for our commands
--   lowWater(id)       the smaller of both: nothing below it is ever spoken of again
--   forget(id, now, timeout)   forget what may be forgotten of the kind of id, and its notices
--
-- State: LowWaters.
local book = require("lib.book")
local ids = require("lib.ids")
local publication = require("lock_manager.publication")
local receipts = require("lock_manager.receipts")
local state = require("lib.state")
local tags = require("lib.tags")

local horizon = {}

-- Stream -> the coordinator's oldest open number
LowWaters = state.keep(LowWaters, {})

function horizon.hear(msg, id)
  local stream, told = book.stream(id), ids.number(tags.get(msg, "Low-Water"))
  if stream and told then
    LowWaters[stream] = math.max(LowWaters[stream] or 1, told)
  end
end

function horizon.own(id)
  return book.oldestOpen(Operations, (book.stream(id)))
end

function horizon.lowWater(id)
  return math.min(horizon.own(id), LowWaters[book.stream(id)] or 1)
end

function horizon.forget(id, now, timeout)
  local stream, gone = book.stream(id), {}
  -- Of refunds of other tokens the coordinator knows nothing.
  local lowWater = id:sub(1, 1) == "W" and horizon.own or horizon.lowWater
  book.raiseLowWater(Operations, stream, lowWater(id))
  for index, operation in ipairs(book.forget(Operations, stream, now, timeout)) do
    if operation.notice then
      receipts.forget(Receipts[operation.token], operation.notice)
    end
    gone[index] = operation.id
  end
  publication.forgotten(gone)
end

return horizon
