--- How a mint begins: the quote, the lock that asks for TIM3, and the lock that stops asking.
local accounts = require("coordinator.accounts")
local address = require("lib.address")
local amount = require("lib.amount")
local anomalies = require("lib.anomalies")
local answer = require("lib.answer")
local clock = require("lib.clock")
local commands = require("coordinator.commands")
local config = require("lib.config")
local flags = require("coordinator.flags")
local gate = require("coordinator.gate")
local ids = require("lib.ids")
local limitSettings = require("coordinator.limit_settings")
local operations = require("coordinator.operations")
local outcomes = require("coordinator.outcomes")
local roles = require("lib.roles")
local tags = require("lib.tags")
local windows = require("coordinator.windows")

local deposits = {}

--- Return all TIM3 in existence and under way.
local function supplyAhead()
  local minted = accounts.shown(Accounts.minted)
  return amount.add(minted, operations.minting(Operations)) or amount.MAX
end

--- Return what the gate has to know of a mint.
local function factsOf(wish)
  local set, now = limitSettings.now(), clock.now()
  return {
    missing = config.missing(),
    isPaused = flags.isPaused(PauseNotices, "mint"),
    isOurs = roles.isOurs(wish.recipient),
    limits = set,
    supply = supplyAhead(),
    usage = windows.usage(Window, wish.user, now, limitSettings.window()),
    quantity = wish.quantity,
    now = now,
  }
end

--- Return the answer to MintTIM3: how to deposit, and whether it would be accepted now.
local function quote(quantity, code, text)
  return {
    depositTarget = roles.peer("lock_manager"),
    usdaProcess = roles.peer("mock_usda"),
    requiredCollateral = quantity,
    tim3Amount = quantity,
    tags = {
      ["Action"] = "Transfer",
      ["Recipient"] = roles.peer("lock_manager"),
      ["Quantity"] = quantity,
      ["X-Action"] = "Mint-TIM3",
    },
    limits = limitSettings.now(),
    accepted = code == nil,
    reason = code and code .. ": " .. text or "",
  }
end

function deposits.quote(msg)
  local quantity = tags.get(msg, "Quantity")
  if not amount.is(quantity) then
    return answer.fail(msg, "InvalidQuantity", "Quantity must be digits, above zero")
  end
  local facts = factsOf({ user = msg.From, recipient = msg.From, quantity = quantity })
  local code, text = gate.refusal(facts)
  if code == "NotConfigured" then
    return answer.fail(msg, code, text)
  end
  answer.respond(msg, "MintTIM3-Pending", { Error = code }, quote(quantity, code, text))
end

--- Return the lock that a message of the lock manager is about, or nil.
local function readLock(msg)
  local lock = {
    id = tags.get(msg, "Op-Id"),
    user = tags.get(msg, "User"),
    recipient = tags.get(msg, "Recipient"),
    quantity = tags.get(msg, "Quantity"),
  }
  local isWhole = tags.get(msg, "Lock-Id") == lock.id
    and address.is(lock.user)
    and address.is(lock.recipient)
    and amount.is(lock.quantity)
  return isWhole and lock or nil
end

local function isLockId(id)
  return ids.parse(id) == "M"
end

local function makeMint(lock, phase, code)
  return {
    id = lock.id,
    kind = "mint",
    phase = phase,
    user = lock.user,
    recipient = lock.recipient,
    quantity = lock.quantity,
    reason = code,
  }
end

--- Put a mint in place, and what it takes of the window, if anything.
local function open(operation, reservation)
  local place, n = operations.prepare(Operations, operation, clock.now())
  place[n], Window.mints[operation.id] = operation, reservation
  operations.opened(Operations, operation, limitSettings.timeout())
  if reservation then
    windows.reserved(Window, reservation)
  end
end

local function reservationOf(lock, facts)
  return {
    id = lock.id,
    user = lock.user,
    quantity = lock.quantity,
    at = facts.now,
    isLarge = gate.isLarge(facts),
    largeBefore = facts.usage.largeAt,
  }
end

local function begin(lock)
  limitSettings.settle()
  windows.expire(Window, clock.now(), limitSettings.window())
  local facts = factsOf(lock)
  local code, text = gate.refusal(facts)
  local operation = makeMint(lock, code and "refunding" or "minting", code)
  open(operation, not code and reservationOf(lock, facts) or nil)
  commands.send(operation)
  if code then
    return outcomes.mintRefused(operation, code, text)
  end
  outcomes.mintBegun(operation)
end

local function isSame(operation, lock)
  return operation.user == lock.user
    and operation.recipient == lock.recipient
    and operation.quantity == lock.quantity
end

--- A lock that was seen before: what is open is told again, what was cancelled stays so.
local function again(msg, operation, lock)
  if operation.phase == "cancelled" then
    return commands.send(operation)
  elseif not isSame(operation, lock) then
    anomalies.record(msg, "a known Op-Id with other content")
    return answer.fail(msg, "WrongPhase", "this Op-Id was opened with other content")
  elseif not operation.closed then
    commands.send(operation)
  end
end

--- Hear what a lock message says of older locks; Duplicate when this one is closed and forgotten.
local function isForgotten(msg, id)
  operations.hearLowWater(Operations, id, ids.number(tags.get(msg, "Low-Water")))
  if operations.isForgotten(Operations, id) then
    answer.fail(msg, "Duplicate", "this Op-Id is closed and forgotten")
    return true
  end
  return false
end

function deposits.locked(msg)
  if not roles.isPeer(msg, "lock_manager") then
    return answer.fail(msg, "Unauthorized", "only the lock manager announces locks")
  end
  local lock = readLock(msg)
  if not lock or not isLockId(lock.id) then
    return answer.ignore(msg, "not a lock")
  end
  local operation = operations.find(Operations, lock.id)
  if operation then
    return again(msg, operation, lock)
  elseif not isForgotten(msg, lock.id) then
    begin(lock)
  end
end

--- The lock manager gives up waiting. What was seen goes on as it was; what was not never will.
function deposits.cancelLock(msg)
  local id = tags.get(msg, "Op-Id")
  if not roles.isPeer(msg, "lock_manager") then
    return answer.fail(msg, "Unauthorized", "only the lock manager cancels locks")
  elseif not isLockId(id) then
    return answer.ignore(msg, "not a lock")
  end
  local operation = operations.find(Operations, id)
  if not operation and isForgotten(msg, id) then
    return
  end
  if not operation then
    operation = makeMint({ id = id }, "cancelled")
    open(operation)
  end
  if operation.phase == "cancelled" or not operation.closed then
    commands.send(operation)
  end
end

return deposits
