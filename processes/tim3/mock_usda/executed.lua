--- Transfers that were executed, by their sender's X-Op-Id, so that none is executed twice. Pure.
--
-- An X-Op-Id that is an operation id is forgotten by the rule of lib.book; any other text has no
-- number of its own, so it gets the next of its sender, and only age and later ones count.
--
--   judge(store, request)      "new", "repeat", or nil, code, text
--   record(store, request)     {table, key, value} that makes the transfer of a "new" request known
--                              as executed once value stands there: for lib.ledger's `also`
--
-- store: sender -> what is known of it; keep {} in a global.
-- request: {sender, opId, recipient, quantity, lowWater (number or nil), now, timeout}
local book = require("lib.book")

local executed = {}

-- The stream of ids that are only text.
local OTHER = "*"

--- Return stream and number of an id; the number is nil for a text not seen yet.
local function place(known, opId)
  local stream, n = book.stream(opId)
  if stream then
    return stream, n
  end
  return OTHER, known.names[opId]
end

--- Judging writes nothing: who has no balance must not be able to make us remember.
function executed.judge(store, request)
  local known = store[request.sender] or { book = book.make(), names = {} }
  local stream, n = place(known, request.opId)
  local entry = n and book.find(known.book, stream, n)
  if not entry then
    local lowWater = math.max(book.lowWater(known.book, stream), request.lowWater or 0)
    if stream ~= OTHER and n < lowWater then
      return nil, "Duplicate", "X-Op-Id is below X-Low-Water"
    end
    return "new"
  elseif entry.recipient ~= request.recipient or entry.quantity ~= request.quantity then
    return nil, "WrongPhase", "X-Op-Id was executed with another Recipient or Quantity"
  end
  return "repeat"
end

--- Give a text the next number of its sender, unless it has one.
local function numberOf(known, name)
  if not known.names[name] then
    known.last = known.last + 1
    known.names[name] = known.last
  end
  return known.names[name]
end

--- Forget what may be, and learn what the sender still works on: of texts nothing is ever open.
local function tidy(known, stream, n, request)
  book.raiseLowWater(known.book, stream, stream == OTHER and n + 1 or request.lowWater)
  for _, entry in ipairs(book.forget(known.book, stream, request.now, request.timeout)) do
    known.names[entry.name] = nil
  end
end

function executed.record(store, request)
  local known = store[request.sender] or { book = book.make(), names = {}, last = 0 }
  store[request.sender] = known
  local stream, n = place(known, request.opId)
  n = n or numberOf(known, request.opId)
  local entries = book.room(known.book, stream, n)
  tidy(known, stream, n, request)
  return {
    entries,
    n,
    {
      name = request.opId,
      recipient = request.recipient,
      quantity = request.quantity,
      at = request.now,
      closed = true,
    },
  }
end

return executed
