--- All operations of this process and the sums that go with them: the one place that writes them.
--
--   find(id)                      the operation; or nil, "UnknownOperation" or "Duplicate", text
--   commit(operation, sums, receipt)
--                                 put an operation in place, with the sums (default: as they are)
--                                 and the receipt of the notice that opened it, {receipts, number,
--                                 note}; tells readers and the observer what changed
--   locked()                      all that is owed to somebody
--   openCount()                   how many are open
--   inFlight()                    those whose transfer was sent with unknown outcome, by id
--   due(now, timeout, cursor, limit)   those longer than timeout in their phase, by id after the
--                                 cursor: a list, the next cursor ("" at the end), how many remain
--   all(kind, keep)               map: sort key to those of a kind ("M") that keep(operation) wants
--   sortKey(id)                   text that sorts as the numbers do
--   receiptsOf(token)             the receipts of a token's notices, or nil
--
-- State: Operations, Open, Pool, Receipts, Probe.
local book = require("lib.book")
local phases = require("lock_manager.phases")
local pool = require("lock_manager.pool")
local publication = require("lock_manager.publication")
local receipts = require("lock_manager.receipts")
local report = require("lib.report")
local sorted = require("lib.sorted")
local state = require("lib.state")

local operations = {}

-- M-n, R-n and W-n, each kind and issuer a stream
Operations = state.keep(Operations, book.make())
-- Sort key -> id of the open ones
Open = state.keep(Open, {})
Pool = state.keep(Pool, pool.make())
-- Token -> receipts of its notices
Receipts = state.keep(Receipts, {})
-- The open question for our balance, {reference, at}, or false
Probe = type(Probe) == "table" and Probe or false

function operations.sortKey(id)
  local stream, n = book.stream(id)
  return string.format("%s-%015d", stream, n)
end

function operations.find(id)
  local stream, n = book.stream(id)
  local operation = stream and book.find(Operations, stream, n)
  if operation then
    return operation
  elseif stream and book.isForgotten(Operations, stream, n) then
    return nil, "Duplicate", id .. " is closed and forgotten"
  end
  return nil, "UnknownOperation", "there is no such operation"
end

function operations.receiptsOf(token)
  return Receipts[token]
end

--- An answer about our balance proves nothing once a transfer began or ended after the question.
local function probeAfter(before, operation)
  local was = before ~= nil and phases.isInFlight(before.phase)
  if was ~= phases.isInFlight(operation.phase) then
    return false
  end
  return Probe
end

function operations.commit(operation, sums, receipt)
  local stream, n = book.stream(operation.id)
  local known = book.find(Operations, stream, n)
  local probe = probeAfter(known, operation)
  local entries, key = book.room(Operations, stream, n), operations.sortKey(operation.id)
  local openId = not operation.closed and operation.id or nil
  local proof = receipt or { receipts = receipts.make(), number = 0 }
  local seen, number = proof.receipts.seen, proof.number
  local before, after = Pool, sums or Pool
  -- One assignment: where errors keep state, one before or after this line leaves no half of it.
  entries[n], Open[key], Pool, Probe, seen[number] = operation, openId, after, probe, proof.note
  publication.changed(known, operation)
  if after.locked ~= before.locked then
    report.send()
  end
end

function operations.locked()
  return Pool.locked
end

function operations.openCount()
  local count = 0
  for _ in pairs(Open) do
    count = count + 1
  end
  return count
end

local function openWhere(wanted)
  local found = {}
  for key, id in pairs(Open) do
    local operation = operations.find(id)
    if wanted(operation) then
      found[key] = operation
    end
  end
  return found
end

function operations.inFlight()
  local found, list = openWhere(function(operation)
    return phases.isInFlight(operation.phase)
  end), {}
  for index, key in ipairs(sorted.keys(found)) do
    list[index] = found[key]
  end
  return list
end

function operations.due(now, timeout, cursor, limit)
  local found = openWhere(function(operation)
    return now - operation.since > timeout
  end)
  local keys, nextCursor = sorted.page(found, cursor, limit)
  local list, remaining = {}, 0
  for index, key in ipairs(keys) do
    list[index] = found[key]
  end
  for key in pairs(found) do
    remaining = remaining + (nextCursor ~= "" and key > nextCursor and 1 or 0)
  end
  return list, nextCursor, remaining
end

function operations.all(kind, keep)
  local stream, found = kind .. "-" .. ao.id:sub(1, 8), {}
  for _, operation in pairs(book.entries(Operations, stream)) do
    if keep(operation) then
      found[operations.sortKey(operation.id)] = operation
    end
  end
  return found
end

return operations
