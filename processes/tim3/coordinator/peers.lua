--- When a process that this one works with may be replaced by another.
local amount = require("lib.amount")
local flags = require("coordinator.flags")
local operations = require("coordinator.operations")

local peers = {}

-- Collateral, its custody and the TIM3 themselves would be left behind.
local HOLDERS = { mock_usda = true, lock_manager = true, token_manager = true }

function peers.mayChange(role)
  if operations.openCount(Operations) > 0 then
    return nil, "WrongPhase", role .. " stays while operations are open"
  elseif HOLDERS[role] and Accounts.minted ~= amount.ZERO then
    return nil, "WrongPhase", role .. " stays while there is TIM3"
  elseif not HOLDERS[role] and not flags.isPausedFully(PauseNotices) then
    return nil, "WrongPhase", "pause mint and redeem before changing " .. role
  end
  return true
end

return peers
