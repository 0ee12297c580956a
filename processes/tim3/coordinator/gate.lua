--- Whether a mint may begin.
--
--   refusal(facts)   nil when it may; else code, text
--   isLarge(facts)   whether the user's mints within the window reach Large-Threshold with this one
--
-- facts: missing (list of what is not configured), isPaused, isOurs (the recipient is one of our
-- processes), limits, supply (TIM3 in existence and under way), usage (of windows), quantity, now.
local amount = require("lib.amount")
local limits = require("coordinator.limits")

local gate = {}

--- Return whether quantity on top of used stays within the cap.
local function fits(used, quantity, cap)
  local sum = amount.add(used, quantity)
  return sum ~= nil and amount.le(sum, cap)
end

local function stateRefusal(facts)
  if #facts.missing > 0 then
    return "NotConfigured", "not ready: " .. table.concat(facts.missing, ", ")
  elseif facts.isPaused then
    return "Paused", "mint is paused"
  elseif facts.isOurs then
    return "InvalidAddress", "TIM3 cannot be minted to a process of TIM3"
  end
  return nil
end

local function sizeRefusal(facts)
  local least, most = facts.limits["Min-Mint"], facts.limits["Max-Mint"]
  if amount.lt(facts.quantity, least) then
    return "BelowMinimum", "the least mint is " .. least
  elseif amount.lt(most, facts.quantity) then
    return "AboveMaximum", "the greatest mint is " .. most
  end
  return nil
end

local function capRefusal(facts)
  local set, usage = facts.limits, facts.usage
  if not fits(facts.supply, facts.quantity, set["Supply-Cap"]) then
    return "CapExceeded", "the supply may not pass " .. set["Supply-Cap"]
  elseif not fits(usage.usedByUser, facts.quantity, set["User-Window-Cap"]) then
    return "RateLimited", "one user may mint " .. set["User-Window-Cap"] .. " in a window"
  elseif not fits(usage.used, facts.quantity, set["Window-Cap"]) then
    return "RateLimited", "all together may mint " .. set["Window-Cap"] .. " in a window"
  end
  return nil
end

local function cooldownRefusal(facts)
  local largeAt = facts.usage.largeAt
  local cooledAt = largeAt and largeAt + limits.milliseconds(facts.limits, "Cooldown-Ms")
  if cooledAt and facts.now < cooledAt and gate.isLarge(facts) then
    return "Cooldown", string.format("the next large mint may begin at %d", cooledAt)
  end
  return nil
end

local CHECKS = { stateRefusal, sizeRefusal, capRefusal, cooldownRefusal }

function gate.isLarge(facts)
  local sum = amount.add(facts.usage.usedByUser, facts.quantity)
  return sum == nil or amount.le(facts.limits["Large-Threshold"], sum)
end

function gate.refusal(facts)
  for _, check in ipairs(CHECKS) do
    local code, text = check(facts)
    if code then
      return code, text
    end
  end
  return nil
end

return gate
