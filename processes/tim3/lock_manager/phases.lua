--- The life cycle of an operation, as one table of transitions.
-- A lock is what a deposit opens (M-n); an unlock is what a redeem opens (R-n).

local phases = {}

-- phase → event → next phase. What is not written here is refused.
-- `fail` comes before `retry`, and only proof that nothing moved makes an operation fail.
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

--- Return whether a transfer was sent whose outcome is not known.
---@param phase string
---@return boolean
function phases.isInFlight(phase)
  return IN_FLIGHT[phase] == true
end

--- Return whether the transfer was tried and moved nothing.
---@param phase string
---@return boolean
function phases.isFailed(phase)
  return FAILED[phase] == true
end

--- Return whether anything can still happen to an operation in this phase.
---@param phase string
---@return boolean
function phases.isOpen(phase)
  return next(TRANSITIONS[phase]) ~= nil
end

--- Return a copy of the operation after the event; the operation itself stays as it was.
-- A copy, so that the caller can put it in place together with everything else that changes.
---@param operation table
---@param event string
---@param now integer milliseconds
---@param changes table? further fields of the copy
---@return table|nil, string|nil code, string|nil text
function phases.after(operation, event, now, changes)
  local phase = TRANSITIONS[operation.phase][event]
  if not phase then
    return nil, "WrongPhase", operation.id .. " is " .. operation.phase
  end
  local copy = phases.with(operation, changes or {})
  copy.phase = phase
  copy.since = now
  return copy
end

--- Return a copy of the operation with some fields changed, its phase and age as before.
---@param operation table
---@param changes table
---@return table
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

return phases
