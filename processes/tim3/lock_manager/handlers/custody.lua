--- The coordinator's word on a lock: consume it, give it back, or pay a redeem.
local answer = require("lib.answer")
local clock = require("lib.clock")
local commands = require("lock_manager.commands")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local horizon = require("lock_manager.horizon")
local letters = require("lock_manager.letters")
local operations = require("lock_manager.operations")
local phases = require("lock_manager.phases")
local pool = require("lock_manager.pool")
local roles = require("lib.roles")
local system = require("system")
local unlocks = require("lock_manager.unlocks")

local custody = {}

--- Refuse a command that contradicts what is stored: never final, and always worth a look.
local function contradict(msg, text)
  answer.ignore(msg, text)
  answer.fail(msg, "WrongPhase", text)
end

local function openRedeem(msg, command)
  local code, text = unlocks.refusal(command, roles.isOurs)
  local sums
  if not code then
    sums, code, text = pool.reserve(Pool, command.quantity)
  end
  if not sums then
    return answer.fail(msg, code, text)
  end
  local unlock = unlocks.open(command, clock.now())
  operations.commit(unlock, sums)
  horizon.forget(unlock.id, clock.now(), system.TIMEOUT_MS)
  letters.transfer(unlock)
  letters.outcome(msg, unlock)
end

local function beginRefund(msg, lock, command)
  local refund, code, text = phases.after(lock, "refund", clock.now(), {
    reason = command.reason,
    isAsked = true,
  })
  if not refund then
    return answer.fail(msg, code, text)
  end
  operations.commit(refund)
  letters.transfer(refund)
  letters.outcome(msg, refund)
end

local function isPaying(operation)
  local phase = operation.phase
  return phases.isInFlight(phase) or phases.isFailed(phase) or phases.isPaid(phase)
end

local function unlockCollateral(msg)
  local command = commands.read(msg)
  if not roles.isPeer(msg, "coordinator") then
    return answer.fail(msg, "Unauthorized", "only the coordinator may unlock")
  end
  horizon.hear(msg, command.id)
  local operation, code, text = operations.find(command.id)
  if not commands.isComplete(command) then
    return contradict(msg, "UnlockCollateral says too little")
  elseif code == "UnknownOperation" and commands.isNewRedeem(command, msg.From) then
    return openRedeem(msg, command)
  elseif not operation then
    return answer.fail(msg, code, text)
  elseif not commands.matches(operation, command) then
    return contradict(msg, "this is not what " .. operation.id .. " is about")
  elseif isPaying(operation) then
    return letters.outcome(msg, operation)
  end
  beginRefund(msg, operation, command)
end

local function consume(lock)
  local consumed, code, text = phases.after(lock, "consume", clock.now())
  if consumed then
    operations.commit(consumed, pool.consume(Pool, consumed.quantity))
  end
  return consumed, code, text
end

local function consumeLock(msg)
  local command = commands.read(msg)
  if not roles.isPeer(msg, "coordinator") then
    return answer.fail(msg, "Unauthorized", "only the coordinator may consume a lock")
  end
  horizon.hear(msg, command.id)
  local lock, code, text = operations.find(command.id)
  if lock and not commands.matches(lock, command) then
    return contradict(msg, "this is not what " .. lock.id .. " is about")
  elseif lock and lock.phase ~= "consumed" then
    lock, code, text = consume(lock)
  end
  if not lock then
    return answer.fail(msg, code, text)
  end
  answer.respond(msg, "Consume-Lock-Response", { ["Op-Id"] = lock.id })
end

--- The coordinator will never mint for this lock: only now may a lock that it was told of go back.
local function lockCancelled(msg)
  local command = commands.read(msg)
  if not roles.isPeer(msg, "coordinator") then
    return answer.ignore(msg, "only the coordinator may cancel")
  end
  horizon.hear(msg, command.id)
  local lock = operations.find(command.id)
  local refund = lock and phases.after(lock, "cancelled", clock.now(), { reason = "Cancelled" })
  if refund then
    operations.commit(refund)
    return letters.transfer(refund)
  elseif not lock or not isPaying(lock) then
    answer.ignore(msg, "nothing is being cancelled")
  end
end

function custody.install()
  local fields = { "Op-Id", "User", "Recipient", "Quantity", "Kind", "Reason", "Low-Water" }
  guard.reads({
    ["UnlockCollateral"] = fields,
    ["Consume-Lock"] = fields,
    ["Lock-Cancelled"] = { "Op-Id", "Low-Water" },
  })
  handlers.action("UnlockCollateral", unlockCollateral)
  handlers.action("Consume-Lock", consumeLock)
  handlers.action("Lock-Cancelled", lockCancelled)
end

return custody
