--- Mints and burns by their Op-Id: each has one result, stored, whatever is asked later. Pure.
--
--   judge(self, request)              what to do with a request:
--                                       "replay", entry    it was decided: give its outcome again
--                                       "new"              decide it
--                                       nil, code, text    neither; nothing is stored
--   mint(self, ledger, cap, request), burn(self, ledger, request), cancel(self, request)
--                                     decide a new one: change the ledger and store the decision,
--                                     or store a refusal, which is final, or a tombstone; returns
--                                     the entry {type, opId, fields, outcome, at}. Its outcome
--                                     {action, phase, tags, text} is the answer to every replay
--   forget(self, request)             forget what may be, next to request; returns the ids
--   find(self, opId)                  the entry or nil
--
-- self: a lib.book in a global. request: {type = "mint" | "burn", opId, fields = {Recipient, User,
-- Quantity, Kind as carried}, lowWater, now, timeout, token = id of this process}.
local address = require("lib.address")
local amount = require("lib.amount")
local book = require("lib.book")
local ids = require("lib.ids")
local ledger = require("lib.ledger")

local operations = {}

-- Which letter an Op-Id begins with, and how its answers are called.
local LETTERS = { mint = "M", burn = "R" }
local NOUNS = { mint = "Mint", burn = "Burn" }

function operations.find(self, opId)
  local stream, n = book.stream(opId)
  return stream and book.find(self, stream, n) or nil
end

--- Whether what a request carries is what was decided. A tombstone has no fields of its own, and a
--- cancel carries none.
local function agrees(entry, request)
  for name, value in pairs(request.fields) do
    if entry.fields and entry.fields[name] ~= value then
      return false
    end
  end
  return true
end

function operations.judge(self, request)
  if ids.parse(request.opId) ~= LETTERS[request.type] then
    return nil, "WrongPhase", "Op-Id is not that of a " .. request.type
  end
  local stream, n = book.stream(request.opId)
  book.raiseLowWater(self, stream, request.lowWater)
  local entry = book.find(self, stream, n)
  if entry then
    if not agrees(entry, request) then
      return nil, "WrongPhase", "this Op-Id was decided with other content"
    end
    return "replay", entry
  elseif book.isForgotten(self, stream, n) then
    return nil, "Duplicate", "this Op-Id is closed and forgotten"
  end
  return "new"
end

function operations.forget(self, request)
  local gone = {}
  local stream = book.stream(request.opId)
  for index, entry in ipairs(book.forget(self, stream, request.now, request.timeout)) do
    gone[index] = entry.opId
  end
  return gone
end

--- Return {table, key, value}: a decision, and where it must come to stand.
local function decision(self, request, fields, outcome)
  local stream, n = book.stream(request.opId)
  return {
    book.room(self, stream, n),
    n,
    {
      type = request.type,
      opId = request.opId,
      fields = fields,
      outcome = outcome,
      at = request.now,
      closed = true,
    },
  }
end

--- Store a decision that changes nothing else; returns its entry.
local function store(decided)
  decided[1][decided[2]] = decided[3]
  return decided[3]
end

local function refuse(self, request, code, text)
  return store(decision(self, request, request.fields, {
    action = NOUNS[request.type] .. "-Error",
    phase = "refused",
    tags = { ["Op-Id"] = request.opId, Error = code, Final = true },
    text = text,
  }))
end

function operations.cancel(self, request)
  -- Without fields: whatever comes for this id later is answered the same.
  return store(decision(self, request, nil, {
    action = NOUNS[request.type] .. "-Cancelled",
    phase = "cancelled",
    tags = { ["Op-Id"] = request.opId },
  }))
end

local function success(self, request, account, supply)
  return decision(self, request, request.fields, {
    action = NOUNS[request.type] .. "-Response",
    phase = request.type == "mint" and "minted" or "burned",
    tags = {
      ["Op-Id"] = request.opId,
      [account] = request.fields[account],
      Quantity = request.fields.Quantity,
      Supply = supply,
    },
  })
end

--- Why a mint cannot be, as code and text; nil when it can.
local function mintFault(balances, cap, request)
  local fields = request.fields
  if not amount.is(fields.Quantity) then
    return "InvalidQuantity", "Quantity is not canonical"
  elseif not address.is(fields.Recipient) or fields.Recipient == request.token then
    return "InvalidAddress", "Recipient is not an address that can hold this token"
  end
  local supply = amount.add(balances.supply, fields.Quantity)
  if not supply or not amount.add(balances.minted, fields.Quantity) then
    return "Overflow", "more would be minted than 2^255 - 1"
  elseif amount.lt(cap, supply) then
    return "CapExceeded", "the supply would pass the cap of " .. cap
  end
  return nil
end

function operations.mint(self, balances, cap, request)
  local fields = request.fields
  local code, text = mintFault(balances, cap, request)
  if code then
    return refuse(self, request, code, text)
  end
  local supply = amount.add(balances.supply, fields.Quantity)
  local decided = success(self, request, "Recipient", supply)
  ledger.mint(balances, fields.Recipient, fields.Quantity, decided)
  return decided[3]
end

function operations.burn(self, balances, request)
  local fields = request.fields
  if not amount.is(fields.Quantity) then
    return refuse(self, request, "InvalidQuantity", "Quantity is not canonical")
  elseif not fields.User or amount.lt(ledger.balance(balances, fields.User), fields.Quantity) then
    return refuse(self, request, "InsufficientBalance", "the user has less than that")
  end
  local supply = amount.sub(balances.supply, fields.Quantity)
  local decided = success(self, request, "User", supply)
  ledger.burn(balances, fields.User, fields.Quantity, decided)
  return decided[3]
end

return operations
