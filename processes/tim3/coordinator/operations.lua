--- The operations of the coordinator: what phase each is in, and which wait too long.
--
-- A mint (M-n, issued by the lock manager) or a redeem (R-n, issued here) is a table
--   {id, kind, phase, user, recipient, quantity, since, closed, ...}
-- `since` is when its phase began. A tombstone is a mint that was cancelled before it was seen.
--
--   make()                              no operations; plain tables, for a global
--   find(operations, id)                the operation or nil
--   isForgotten(operations, id)         it was here, or its issuer says that it is closed
--   open(operations, operation, now, timeout)  a new one, its phase given; closed when it is terminal
--   after(operation, event)             the phase that the event leads to, or nil: not expected now
--   advance(operations, operation, event, now)  go there; the event must be expected
--   hearLowWater(operations, id, n)     the issuer's oldest open number
--   lowWater(operations, id)            the number to give to others with a command about id
--   openCount(operations)               how many are open
--   openRedeems(operations, user)       how many redeems of one user are open
--   requested(operations, user, request)  the redeem that answered this Request-Id, or nil
--   due(operations, now, timeout, limit)  those longer than timeout in their phase, at most limit, and
--                                       how many more there are; the next call goes on behind them
--   takeChanged(operations)             ids that changed since the last call, sorted
local book = require("lib.book")
local queue = require("lib.queue")
local sorted = require("lib.sorted")

local operations = {}

local function to(phase)
  return { phase = phase }
end

local function ends(phase)
  return { phase = phase, closed = true }
end

-- Kind, phase, event. What stands nowhere here is not expected, and changes nothing.
local TRANSITIONS = {
  mint = {
    minting = { minted = to("minted"), refused = to("refunding"), expired = to("cancelling") },
    cancelling = { minted = to("minted"), refused = to("refunding") },
    minted = { consumed = ends("minted") },
    refunding = { paid = ends("refunded"), failed = to("unlock-failed") },
    ["unlock-failed"] = { paid = ends("refunded") },
    refunded = {},
    cancelled = {},
  },
  redeem = {
    burning = { burned = to("unlocking"), refused = ends("rejected"), expired = to("cancelling") },
    cancelling = { burned = to("unlocking"), refused = ends("rejected") },
    unlocking = { paid = ends("done"), failed = to("unlock-failed") },
    ["unlock-failed"] = { paid = ends("done") },
    done = {},
    rejected = {},
  },
}

function operations.make()
  return {
    book = book.make(),
    waiting = queue.make(), -- in the order in which their phases began
    overdue = queue.make(), -- longer than Timeout in their phase, or being cancelled
    open = 0,
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

function operations.open(self, operation, now, timeout)
  local stream, n = book.stream(operation.id)
  operation.since = now
  operation.closed = next(TRANSITIONS[operation.kind][operation.phase]) == nil
  book.put(self.book, stream, n, operation, now)
  if operation.request then
    self.requests[requestKey(operation.user, operation.request)] = operation.id
  end
  if not operation.closed then
    count(self, operation, 1)
  end
  line(self, operation)
  self.changed[operation.id] = true
  forgetOldest(self, stream, now, timeout)
end

function operations.after(operation, event)
  local step = not operation.closed and TRANSITIONS[operation.kind][operation.phase][event]
  return step and step.phase or nil
end

function operations.advance(self, operation, event, now)
  local step = TRANSITIONS[operation.kind][operation.phase][event]
  operation.phase, operation.since = step.phase, now
  if step.closed then
    operation.closed = true
    count(self, operation, -1)
  end
  line(self, operation)
  self.changed[operation.id] = true
end

--- Move what has waited too long to the overdue; each waits once a phase, so this adds up to little.
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
