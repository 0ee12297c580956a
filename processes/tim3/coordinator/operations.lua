--- The operations of the coordinator: where to find each, and which wait too long.
--
-- A mint (M-n, issued by the lock manager) or a redeem (R-n, issued here) is a table
--   {id, kind, phase, closed, user, recipient, quantity, since, at, ...}
-- `since` is when its phase began, `at` when it was opened. A tombstone is a mint that was
-- cancelled before it was seen. The operations are the truth; everything else here is an index.
--
--   make()                              no operations; plain tables, for a global
--   find(operations, id)                the operation or nil
--   isForgotten(operations, id)         it was here, or its issuer says that it is closed
--   hearLowWater(operations, id, n)     the issuer's oldest open number
--   lowWater(operations, id)            the number to give to others with a command about id
--   openCount(operations)               how many are open
--   openRedeems(operations, user)       how many redeems of one user are open
--   minting(operations)                 the sum of the mints that are not decided
--   requested(operations, user, request)  the redeem that answered this Request-Id, or nil
--   due(operations, now, timeout, limit)  those longer than timeout in their phase, at most limit,
--                                       and how many more there are; the next call goes on behind
--   takeChanged(operations)             ids that changed since the last call, sorted
--
-- A change is written by its handler in one assignment, together with whatever else it changes, so
-- that an error before or after that line leaves no half of it:
--   prepare(operations, operation, now) complete a new one; the table and the key that it goes to
--   opened(operations, operation, timeout)  after that: index it, and forget the oldest
--   begin(operations, operation, event) before a phase changes: {phase, closed}
--   moved(operations, operation, from)  after that: index it; from is the phase before
--   advance(operations, operation, event, now)  all three for a change that comes alone
--   rebuild(operations)                 the index anew, after an error between such lines
local amount = require("lib.amount")
local book = require("lib.book")
local phases = require("coordinator.phases")
local queue = require("lib.queue")
local sorted = require("lib.sorted")

local operations = {}

function operations.make()
  return {
    book = book.make(),
    waiting = queue.make(), -- in the order in which their phases began
    overdue = queue.make(), -- longer than Timeout in their phase, or being cancelled
    open = 0,
    minting = amount.ZERO,
    redeems = {}, -- user -> open redeems
    requests = {}, -- user/Request-Id -> id
    changed = {},
  }
end

function operations.find(self, id)
  local stream, n = book.stream(id)
  return stream and book.find(self.book, stream, n)
end

function operations.isForgotten(self, id)
  local stream, n = book.stream(id)
  return stream ~= nil and book.isForgotten(self.book, stream, n)
end

function operations.hearLowWater(self, id, n)
  book.raiseLowWater(self.book, book.stream(id), n)
end

function operations.lowWater(self, id)
  local stream = book.stream(id)
  local own = book.oldestOpen(self.book, stream)
  -- What was issued elsewhere is open as long as its issuer says so, seen here or not.
  return id:sub(1, 1) == "M" and math.min(own, book.lowWater(self.book, stream)) or own
end

function operations.openCount(self)
  return self.open
end

function operations.openRedeems(self, user)
  return self.redeems[user] or 0
end

function operations.minting(self)
  return self.minting
end

local function requestKey(user, request)
  return user .. "/" .. request
end

function operations.requested(self, user, request)
  return operations.find(self, self.requests[requestKey(user, request)])
end

--- Count one open operation more or less.
local function count(self, operation, step)
  self.open = self.open + step
  if operation.kind == "redeem" then
    local left = operations.openRedeems(self, operation.user) + step
    self.redeems[operation.user] = left > 0 and left or nil
  end
end

--- Put an operation into the line that its phase belongs to.
local function line(self, operation)
  queue.remove(self.waiting, operation.id)
  queue.remove(self.overdue, operation.id)
  if operation.phase == "cancelling" then
    queue.push(self.overdue, operation.id) -- asked again at each sweep until the peer answers
  elseif not operation.closed then
    queue.push(self.waiting, operation.id)
  end
end

--- Enter an operation that the index does not know.
local function enter(self, operation)
  if operation.request then
    self.requests[requestKey(operation.user, operation.request)] = operation.id
  end
  if not operation.closed then
    count(self, operation, 1)
  end
  if phases.isUndecided(operation.kind, operation.phase) then
    self.minting = amount.add(self.minting, operation.quantity)
  end
  line(self, operation)
end

local function forgetOldest(self, stream, now, timeout)
  if stream:sub(1, 1) == "R" then
    book.raiseLowWater(self.book, stream, book.oldestOpen(self.book, stream))
  end
  for _, gone in ipairs(book.forget(self.book, stream, now, timeout)) do
    if gone.request then
      self.requests[requestKey(gone.user, gone.request)] = nil
    end
    self.changed[gone.id] = true
  end
end

function operations.prepare(self, operation, now)
  local stream, n = book.stream(operation.id)
  operation.since, operation.at = now, now
  operation.closed = phases.isLast(operation.kind, operation.phase)
  self.changed[operation.id] = true
  return book.room(self.book, stream, n), n
end

function operations.opened(self, operation, timeout)
  enter(self, operation)
  forgetOldest(self, book.stream(operation.id), operation.at, timeout)
end

function operations.begin(self, operation, event)
  self.changed[operation.id] = true
  return phases.after(operation, event)
end

function operations.moved(self, operation, from)
  local kind = operation.kind
  if phases.isUndecided(kind, from) and not phases.isUndecided(kind, operation.phase) then
    self.minting = amount.sub(self.minting, operation.quantity)
  end
  if operation.closed then
    count(self, operation, -1)
  end
  line(self, operation)
end

function operations.advance(self, operation, event, now)
  local step, from = operations.begin(self, operation, event), operation.phase
  operation.phase, operation.closed, operation.since = step.phase, step.closed, now
  operations.moved(self, operation, from)
end

--- Return every operation, in the order in which their phases began.
local function all(self)
  local list = {}
  for _, stream in ipairs(book.names(self.book)) do
    for _, operation in pairs(book.entries(self.book, stream)) do
      list[#list + 1] = operation
    end
  end
  table.sort(list, function(a, b)
    if a.since ~= b.since then
      return a.since < b.since
    end
    return a.id < b.id
  end)
  return list
end

function operations.rebuild(self)
  local fresh = operations.make()
  for _, operation in ipairs(all(self)) do
    enter(fresh, operation)
  end
  self.open, self.minting, self.redeems = fresh.open, fresh.minting, fresh.redeems
  self.requests, self.waiting, self.overdue = fresh.requests, fresh.waiting, fresh.overdue
end

--- Move what has waited too long to the overdue: once a phase and operation, so little in all.
local function promote(self, now, timeout)
  local id = queue.first(self.waiting)
  while id and now - operations.find(self, id).since > timeout do
    queue.remove(self.waiting, id)
    queue.push(self.overdue, id)
    id = queue.first(self.waiting)
  end
end

function operations.due(self, now, timeout, limit)
  promote(self, now, timeout)
  local due, size = {}, queue.size(self.overdue)
  for index = 1, math.min(limit, size) do
    local id = queue.first(self.overdue)
    queue.push(self.overdue, id)
    due[index] = operations.find(self, id)
  end
  return due, size - #due
end

function operations.takeChanged(self)
  local changed = sorted.keys(self.changed)
  self.changed = {}
  return changed
end

return operations
