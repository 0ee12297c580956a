--- What brings a waiting operation on: a sweep, or anyone's retry.
local answer = require("lib.answer")
local balances = require("lock_manager.handlers.balances")
local clock = require("lib.clock")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local letters = require("lock_manager.letters")
local operations = require("lock_manager.operations")
local payments = require("lock_manager.payments")
local phases = require("lock_manager.phases")
local probes = require("lock_manager.probes")
local roles = require("lib.roles")
local sorted = require("lib.sorted")
local state = require("lib.state")
local system = require("system")
local tags = require("lib.tags")

local upkeep = {}

local MAX_SWEPT = 25
local GIVE_UP_AFTER = 3 * system.TIMEOUT_MS

-- Sort key of the operation that the last sweep ended with; "" to begin anew
SweepCursor = state.keep(SweepCursor, "")

local function ageOf(operation)
  return clock.now() - operation.since
end

local function giveUp(lock)
  local cancelling = phases.after(lock, "giveUp", clock.now())
  operations.commit(cancelling)
  letters.cancelLock(cancelling)
  return cancelling
end

--- Bring an operation one step on without risk of paying twice; nil, code, text where only its
--- token's word, or the admin, can.
local function pushOn(operation)
  if operation.phase == "locked" then
    letters.lockSuccess(operation)
  elseif operation.phase == "cancelling" then
    letters.cancelLock(operation)
  elseif phases.isFailed(operation.phase) then
    return payments.retry(operation)
  elseif phases.isInFlight(operation.phase) and TokenIdempotent then
    letters.transfer(operation)
  else
    return nil, "WrongPhase", operation.id .. " is " .. operation.phase .. ", nothing is sent again"
  end
  return operation
end

local function markForAttention(operation)
  if not operation.attention then
    operations.commit(phases.with(operation, { attention = probes.NEEDS_ATTENTION }))
  end
end

local function sweepOne(operation)
  if operation.phase == "locked" and ageOf(operation) > GIVE_UP_AFTER then
    giveUp(operation)
  elseif not pushOn(operation) then
    markForAttention(operation)
  end
end

local function sweep(msg)
  local limit = sorted.limitOf(tags.get(msg, "Limit"), MAX_SWEPT)
  local due, cursor, left = operations.due(clock.now(), system.TIMEOUT_MS, SweepCursor, limit)
  SweepCursor = cursor
  for _, operation in ipairs(due) do
    sweepOne(operation)
  end
  balances.ask()
  answer.respond(msg, "Sweep-Response", nil, { sweptOperations = #due, remaining = left })
end

local function mayGiveUp(msg, lock)
  return msg.From == lock.user or roles.isAdminItself(msg)
end

local function retry(msg)
  local operation, code, text = operations.find(tags.get(msg, "Op-Id"))
  local wantsUp = tags.isTrue(tags.get(msg, "Give-Up"))
  if not operation then
    return answer.fail(msg, code, text)
  elseif wantsUp and not mayGiveUp(msg, operation) then
    return answer.fail(msg, "Unauthorized", "only the depositor or the admin may give up")
  end
  local after
  if wantsUp and operation.phase == "locked" then
    after = giveUp(operation)
  else
    after, code, text = pushOn(operation)
  end
  if not after then
    return answer.fail(msg, code, text)
  end
  answer.respond(msg, "Retry-Response", { ["Op-Id"] = after.id, Phase = after.phase })
end

function upkeep.install()
  guard.reads({
    ["Sweep-Expired"] = { "Limit" },
    ["Retry-Operation"] = { "Op-Id", "Give-Up" },
  })
  handlers.action("Sweep-Expired", sweep)
  handlers.action("Retry-Operation", retry)
end

return upkeep
