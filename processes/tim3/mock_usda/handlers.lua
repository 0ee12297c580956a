--- Mock USDA: Action, checked input, one rule, one answer.
local address = require("lib.address")
local amount = require("lib.amount")
local answer = require("lib.answer")
local clock = require("lib.clock")
local executed = require("mock_usda.executed")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local holds = require("mock_usda.holds")
local ids = require("lib.ids")
local ledger = require("lib.ledger")
local publish = require("lib.publish")
local roles = require("lib.roles")
local system = require("system")
local tags = require("lib.tags")
local token = require("lib.token")

local usda = {}

-- Whole tokens that the faucet gives one account in all, unless the spawn tag Faucet-Cap (in base
-- units) says otherwise.
local FAUCET_TOKENS = "10000"

-- The faucet did not give it: lib.ledger's `also` that sets nothing.
local NOTHING_TO_NOTE = { {}, 1 }

local function ledgerOfThis()
  return Ledger
end

function usda.available(account)
  return amount.sub(ledger.balance(Ledger, account), holds.held(Holds, account))
end

function usda.balanceView(account)
  return { locked = holds.held(Holds, account), available = usda.available(account) }
end

local function isIdempotent()
  local value = tags.ofProcess("Idempotent-Transfers")
  return value == nil or tags.isTrue(value)
end

local function requestOf(msg, transfer)
  return {
    sender = msg.From,
    opId = tags.get(msg, "X-Op-Id"),
    recipient = transfer.recipient,
    quantity = transfer.quantity,
    lowWater = ids.number(tags.get(msg, "X-Low-Water")),
    now = clock.now(),
    timeout = system.TIMEOUT_MS,
  }
end

local function isTracked(msg)
  return isIdempotent() and tags.get(msg, "X-Op-Id") ~= nil
end

function usda.admit(msg, transfer)
  if not isTracked(msg) then
    return "new"
  end
  return executed.judge(Executed, requestOf(msg, transfer))
end

function usda.record(msg, transfer)
  if not isTracked(msg) then
    return nil
  end
  return executed.record(Executed, requestOf(msg, transfer))
end

local function faucetCap()
  local cap = tags.ofProcess("Faucet-Cap")
  if amount.is(cap) then
    return cap
  end
  return amount.scale(FAUCET_TOKENS, ids.number(token.denomination()) or 0)
end

--- Return where to write what account will have had of the faucet, or nil, code, text.
local function drawFaucet(account, quantity)
  local drawn = amount.add(FaucetDrawn[account] or amount.ZERO, quantity)
  if not drawn or amount.lt(faucetCap(), drawn) then
    return nil, "CapExceeded", "the faucet gives each account " .. faucetCap() .. " in all"
  end
  return { FaucetDrawn, account, drawn }
end

--- Check who mints, how much and for whom: what the faucet must note, or nil, code, text.
local function checkMint(msg, quantity, recipient)
  local isIssuer = roles.isAdmin(msg)
  if not isIssuer and not tags.isTrue(tags.ofProcess("Faucet")) then
    return nil, "Unauthorized", "only the owner or the admin may mint here"
  elseif not amount.is(quantity) then
    return nil, "InvalidQuantity", "Quantity must be digits without a leading zero, above zero"
  elseif not address.is(recipient) or recipient == ao.id then
    return nil, "InvalidAddress", "Recipient is not an address that can hold this token"
  elseif isIssuer then
    return NOTHING_TO_NOTE
  end
  return drawFaucet(msg.From, quantity)
end

local function mint(msg)
  local quantity, recipient = tags.get(msg, "Quantity"), tags.get(msg, "Recipient") or msg.From
  local noted, code, text = checkMint(msg, quantity, recipient)
  if not noted then
    return answer.fail(msg, code, text)
  elseif not ledger.mint(Ledger, recipient, quantity, noted) then
    return answer.fail(msg, "Overflow", "more would be minted than 2^255 - 1")
  end
  token.publishBalances({ recipient })
  answer.respond(msg, "Mint-Response", {
    Recipient = recipient,
    Quantity = quantity,
    Supply = Ledger.supply,
  })
  token.credit(recipient, quantity, ao.id)
end

--- Check what a Lock asks for: the hold, or nil, code, text.
local function readHold(msg)
  local quantity, locker = tags.get(msg, "Quantity"), tags.get(msg, "Locker")
  local expires = tags.get(msg, "Expires")
  if not amount.is(quantity) then
    return nil, "InvalidQuantity", "Quantity must be digits without a leading zero, above zero"
  elseif expires and not ids.number(expires) then
    return nil, "InvalidQuantity", "Expires must be a time in milliseconds, as digits"
  elseif not address.is(locker) or locker == ao.id then
    return nil, "InvalidAddress", "Locker is not an address"
  elseif amount.lt(usda.available(msg.From), quantity) then
    return nil, "InsufficientBalance", "available: " .. usda.available(msg.From)
  end
  return {
    holder = msg.From,
    locker = locker,
    quantity = quantity,
    expires = expires and ids.number(expires) or nil,
  }
end

local function publishHeld(holder)
  publish.publish({ locked = { [holder] = holds.held(Holds, holder) } })
end

local function lock(msg)
  local hold, code, text = readHold(msg)
  if not hold then
    return answer.fail(msg, code, text)
  elseif not holds.mayAdd(Holds, hold.holder) then
    return answer.fail(msg, "RateLimited", "too many holds are open on this account")
  end
  local id = ids.next("H")
  holds.add(Holds, id, hold)
  publishHeld(hold.holder)
  local told = { ["Lock-Id"] = id, Quantity = hold.quantity, Expires = hold.expires }
  answer.respond(msg, "Lock-Response", told)
  told.Sender = hold.holder
  answer.notify(hold.locker, "Lock-Notice", told)
end

local function unlock(msg)
  local id = tags.get(msg, "Lock-Id")
  local hold = id and holds.find(Holds, id)
  if not hold then
    return answer.fail(msg, "UnknownOperation", "there is no such hold")
  elseif not holds.mayRelease(hold, msg.From, clock.now()) then
    return answer.fail(msg, "Unauthorized", "the locker may, or the holder once it has expired")
  end
  holds.release(Holds, id)
  publishHeld(hold.holder)
  local told = { ["Lock-Id"] = id, Quantity = hold.quantity, Sender = hold.holder }
  answer.respond(msg, "Unlock-Response", told)
  answer.notify(msg.From == hold.locker and hold.holder or hold.locker, "Unlock-Notice", told)
end

function usda.install()
  token.install({
    ledger = ledgerOfThis,
    name = "Mock USDA",
    ticker = "USDA",
    available = usda.available,
    balanceView = usda.balanceView,
    admit = usda.admit,
    record = usda.record,
  })
  guard.reads({
    Mint = { "Recipient", "Quantity" },
    Lock = { "Quantity", "Locker", "Expires" },
    Unlock = { "Lock-Id" },
  })
  handlers.action("Mint", mint)
  handlers.action("Lock", lock)
  handlers.action("Unlock", unlock)
end

return usda
