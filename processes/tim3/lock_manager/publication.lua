--- The state that readers see without asking: what invariants and dashboards need.
--
--   changed(before, after)   an operation (before: nil when it is new) and the sums
--   forgotten(ids)           operations that are gone
--   sums()                   the sums alone, strays and surplus
local publish = require("lib.publish")
local ring = require("lib.ring")

local publication = {}

local function view(operation)
  return {
    kind = operation.kind,
    phase = operation.phase,
    user = operation.user,
    recipient = operation.recipient,
    quantity = operation.quantity,
    closed = operation.closed,
    attention = operation.attention or "",
  }
end

local function isSame(before, after)
  return before ~= nil
    and before.phase == after.phase
    and (before.attention or "") == (after.attention or "")
end

local function show(operations)
  publish.publish({
    ops = operations,
    totallocked = Pool.locked,
    totalunlocked = Pool.paid,
    backing = Pool.backing,
    strays = ring.count(Strays),
    surplus = Surplus,
  })
end

function publication.changed(before, after)
  show({ [after.id] = not isSame(before, after) and view(after) or nil })
end

function publication.forgotten(ids)
  local gone = {}
  for _, id in ipairs(ids) do
    gone[id] = ""
  end
  show(gone)
end

function publication.sums()
  show({})
end

return publication
