--- Mints and burns by their Op-Id: each has one result, stored, whatever is asked later. Pure.
--
--   judge(self, request)              what to do with a request:
--                                       "replay", entry    it was decided: give its outcome again
--                                       "new"              decide it
--                                       nil, code, text    neither; nothing is stored
--   store(self, request, outcome)     decide it: outcome {action, phase, tags, text} is given to
--                                     every replay; returns the entry and ids forgotten on the way
--   find(self, opId)                  the entry or nil
--   mint(ledger, totals, cap, request), burn(ledger, totals, request)
--                                     change the ledger and return the outcome, or only the outcome
--                                     of a refusal, which is final
--   cancelled(request)                the outcome of an operation that never came: a tombstone
--
-- self: a lib.book in a global. request: {type = "mint" | "burn", opId, fields = {Recipient, User,
-- Quantity, Kind as carried}, isCancel, lowWater, now, timeout, token = id of this process}.
-- totals: {minted, burned}.
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

function operations.store(self, request, outcome)
  local stream, n = book.stream(request.opId)
  local entry = book.put(self, stream, n, {
    type = request.type,
    opId = request.opId,
    fields = not request.isCancel and request.fields or nil,
    outcome = outcome,
    closed = true,
  }, request.now)
  local forgotten = {}
  for index, gone in ipairs(book.forget(self, stream, request.now, request.timeout)) do
    forgotten[index] = gone.opId
  end
  return entry, forgotten
end

local function refusal(request, code, text)
  return {
    action = NOUNS[request.type] .. "-Error",
    phase = "refused",
    tags = { ["Op-Id"] = request.opId, Error = code, Final = true },
    text = text,
  }
end

function operations.cancelled(request)
  return {
    action = NOUNS[request.type] .. "-Cancelled",
    phase = "cancelled",
    tags = { ["Op-Id"] = request.opId },
  }
end

local function success(request, phase, account, supply)
  return {
    action = NOUNS[request.type] .. "-Response",
    phase = phase,
    tags = {
      ["Op-Id"] = request.opId,
      [account] = request.fields[account],
      Quantity = request.fields.Quantity,
      Supply = supply,
    },
  }
end

--- Why a mint cannot be, as code and text; nil when it can.
local function mintFault(self, totals, cap, request)
  local fields = request.fields
  if not amount.is(fields.Quantity) then
    return "InvalidQuantity", "Quantity is not canonical"
  elseif not address.is(fields.Recipient) or fields.Recipient == request.token then
    return "InvalidAddress", "Recipient is not an address that can hold this token"
  end
  local supply = amount.add(self.supply, fields.Quantity)
  if not supply or not amount.add(totals.minted, fields.Quantity) then
    return "Overflow", "the supply would pass 2^255 - 1"
  elseif amount.lt(cap, supply) then
    return "CapExceeded", "the supply would pass the cap of " .. cap
  end
  return nil
end

function operations.mint(self, totals, cap, request)
  local fields = request.fields
  local code, text = mintFault(self, totals, cap, request)
  if code then
    return refusal(request, code, text)
  end
  ledger.mint(self, fields.Recipient, fields.Quantity)
  totals.minted = amount.add(totals.minted, fields.Quantity)
  return success(request, "minted", "Recipient", self.supply)
end

function operations.burn(self, totals, request)
  local fields = request.fields
  if not amount.is(fields.Quantity) then
    return refusal(request, "InvalidQuantity", "Quantity is not canonical")
  elseif not fields.User or amount.lt(ledger.balance(self, fields.User), fields.Quantity) then
    return refusal(request, "InsufficientBalance", "the user has less than that")
  end
  ledger.burn(self, fields.User, fields.Quantity)
  totals.burned = amount.add(totals.burned, fields.Quantity)
  return success(request, "burned", "User", self.supply)
end

return operations
