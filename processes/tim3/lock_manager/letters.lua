--- What this process says about an operation: to the coordinator, the token and the user.
--
--   lockSuccess(lock)       LockCollateral-Success, to the coordinator
--   lockNotice(lock)        Lock-Notice, to the depositor
--   cancelLock(lock)        Cancel-Lock, to the coordinator
--   transfer(operation)     Transfer of its quantity to its payee, to its token
--   outcome(msg, operation) answers an UnlockCollateral with what has become of the operation
--   paid(operation)         UnlockCollateral-Success and Unlock-Notice: its payee has the money
--   failed(operation)       UnlockCollateral-Error: its transfer moved nothing
local answer = require("lib.answer")
local horizon = require("lock_manager.horizon")
local phases = require("lock_manager.phases")
local roles = require("lib.roles")

local letters = {}

-- Of a refund and of a redeem: what the user's token, and the coordinator, are told that it is.
local X_ACTIONS = { mint = "Refund", redeem = "TIM3-Unlock", ["wrong-token"] = "Refund" }
local KINDS = { mint = "refund", redeem = "redeem" }

-- A failed payment has one cause that the protocol has a code for: custody could not pay.
local FAILED_CODE = "InsufficientBalance"

local function command(action, operation, map)
  map["Op-Id"] = operation.id
  map["Low-Water"] = horizon.own(operation.id)
  answer.command(roles.peer("coordinator"), action, map)
end

function letters.lockSuccess(lock)
  command("LockCollateral-Success", lock, {
    ["Lock-Id"] = lock.id,
    User = lock.user,
    Recipient = lock.recipient,
    Quantity = lock.quantity,
  })
end

function letters.lockNotice(lock)
  answer.notify(lock.user, "Lock-Notice", {
    ["Op-Id"] = lock.id,
    ["Lock-Id"] = lock.id,
    ["X-Op-Ref"] = lock.memo,
    Recipient = lock.recipient,
    Quantity = lock.quantity,
  }, "Your collateral is in custody; TIM3 follows, or the collateral comes back.")
end

function letters.cancelLock(lock)
  command("Cancel-Lock", lock, {})
end

local function lowWaterTag(operation)
  if TokenIdempotent and operation.kind ~= "wrong-token" then
    return horizon.lowWater(operation.id)
  end
  return nil
end

function letters.transfer(operation)
  answer.notify(operation.token or roles.peer("mock_usda"), "Transfer", {
    Recipient = operation.payee,
    Quantity = operation.quantity,
    ["X-Op-Id"] = operation.id,
    ["X-Action"] = X_ACTIONS[operation.kind],
    ["X-Refund-Reason"] = operation.reason,
    ["X-Low-Water"] = lowWaterTag(operation),
  })
end

local function fields(operation)
  return {
    ["Op-Id"] = operation.id,
    User = operation.user,
    Recipient = operation.recipient,
    Quantity = operation.quantity,
    Kind = KINDS[operation.kind],
  }
end

function letters.outcome(msg, operation)
  if phases.isFailed(operation.phase) then
    return answer.fail(msg, FAILED_CODE, operation.failure, fields(operation))
  end
  local outcome = phases.isPaid(operation.phase) and "Success" or "Pending"
  answer.respond(msg, "UnlockCollateral-" .. outcome, fields(operation))
end

--- The coordinator is told of what it asked for. Of other refunds it knows nothing.
local function tellCoordinator(operation, action, code, text)
  if operation.isAsked then
    local map = fields(operation)
    map.Error = code
    answer.notify(roles.peer("coordinator"), action, map, text)
  end
end

function letters.paid(operation)
  tellCoordinator(operation, "UnlockCollateral-Success")
  local map = fields(operation)
  map["X-Op-Ref"] = operation.memo
  answer.notify(operation.user, "Unlock-Notice", map, "Collateral has left custody.")
end

function letters.failed(operation)
  tellCoordinator(operation, "UnlockCollateral-Error", FAILED_CODE, operation.failure)
end

return letters
