--- The life of an operation, as one table of transitions. Pure.
--
-- A lock is what a deposit opens (M-n), an unlock what a redeem opens (R-n). Only proof that its
-- transfer moved nothing makes one fail, and only a failed one is retried.
--
--   after(operation, event, now, changes)   a copy of it after the event, `changes` laid over; or
--                                           nil, code, text. The operation itself stays as it was,
--                                           so that all that changes can be put in place at once
--   with(operation, changes)                a copy of it, in its phase, of its age
--   begin(operation, phase, now)            the operation, new, in its first phase
--   isInFlight(phase)                       its transfer was sent, and the outcome is not known
--   isFailed(phase)                         its transfer was sent, and moved nothing
--   isPaid(phase)                           its transfer has moved the money
local phases = {}

-- Phase, event, next phase. What stands nowhere here is refused.
local TRANSITIONS = {
  locked = { consume = "consumed", giveUp = "cancelling", refund = "refunding" },
  cancelling = { consume = "consumed", cancelled = "refunding", refund = "refunding" },
  refunding = { confirm = "refunded", fail = "refund-failed" },
  ["refund-failed"] = { confirm = "refunded", retry = "refunding" },
  consumed = {},
  refunded = {},
  unlocking = { confirm = "unlocked", fail = "unlock-failed" },
  ["unlock-failed"] = { confirm = "unlocked", retry = "unlocking" },
  unlocked = {},
}

local IN_FLIGHT = { refunding = true, unlocking = true }
local FAILED = { ["refund-failed"] = true, ["unlock-failed"] = true }
local PAID = { refunded = true, unlocked = true }

function phases.isInFlight(phase)
  return IN_FLIGHT[phase] == true
end

function phases.isFailed(phase)
  return FAILED[phase] == true
end

function phases.isPaid(phase)
  return PAID[phase] == true
end

function phases.begin(operation, phase, now)
  operation.phase, operation.since, operation.at = phase, now, now
  operation.closed = next(TRANSITIONS[phase]) == nil
  return operation
end

function phases.with(operation, changes)
  local copy = {}
  for name, value in pairs(operation) do
    copy[name] = value
  end
  for name, value in pairs(changes) do
    copy[name] = value
  end
  return copy
end

function phases.after(operation, event, now, changes)
  local phase = TRANSITIONS[operation.phase][event]
  if not phase then
    return nil, "WrongPhase", operation.id .. " is " .. operation.phase
  end
  local copy = phases.with(operation, changes or {})
  copy.phase, copy.since = phase, now
  copy.closed = next(TRANSITIONS[phase]) == nil
  return copy
end

return phases
