--- The life of an operation, as one table: what may happen in each phase, and where it leads.
--
--   after(operation, event)   {phase, closed} that the event leads to, or nil: not expected now
--   isLast(kind, phase)       whether nothing can happen any more
--   isUndecided(kind, phase)  whether TIM3 may yet come into being by it
local phases = {}

local function to(phase)
  return { phase = phase, closed = false }
end

local function ends(phase)
  return { phase = phase, closed = true }
end

-- Kind, phase, event. What stands nowhere here is not expected, and changes nothing.
local TRANSITIONS = {
  mint = {
    minting = { minted = to("minted"), refused = to("refunding"), expired = to("cancelling") },
    cancelling = { minted = to("minted"), refused = to("refunding") },
    minted = { consumed = ends("minted") },
    refunding = { paid = ends("refunded"), failed = to("unlock-failed") },
    ["unlock-failed"] = { paid = ends("refunded") },
    refunded = {},
    cancelled = {},
  },
  redeem = {
    burning = { burned = to("unlocking"), refused = ends("rejected"), expired = to("cancelling") },
    cancelling = { burned = to("unlocking"), refused = ends("rejected") },
    unlocking = { paid = ends("done"), failed = to("unlock-failed") },
    ["unlock-failed"] = { paid = ends("done") },
    done = {},
    rejected = {},
  },
}

function phases.after(operation, event)
  if operation.closed then
    return nil
  end
  return TRANSITIONS[operation.kind][operation.phase][event]
end

function phases.isLast(kind, phase)
  return next(TRANSITIONS[kind][phase]) == nil
end

function phases.isUndecided(kind, phase)
  return kind == "mint" and (phase == "minting" or phase == "cancelling")
end

return phases
