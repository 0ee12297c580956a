--- When a process that is observed may be replaced, and what that changes.
local amount = require("lib.amount")
local figures = require("state_manager.figures")
local pause = require("lib.pause")

local peers = {}

-- Collateral, its custody and the TIM3 themselves would be left behind.
local HOLDERS = { mock_usda = true, lock_manager = true, token_manager = true }

function peers.mayChange(role)
  if not HOLDERS[role] then
    return pause.isPausedFully(), "WrongPhase", "pause mint and redeem before changing " .. role
  end
  local isEmpty = figures.isEmpty(Figures) and Figures.collateral == amount.ZERO
  return isEmpty, "WrongPhase", role .. " stays while there is TIM3"
end

local ON_CHANGE = {
  coordinator = function()
    figures.newCoordinator(Figures)
  end,
  lock_manager = function()
    figures.newWitness(Figures, "locked")
    ReportsAwaited.lock_manager = nil
  end,
  token_manager = function()
    figures.newWitness(Figures, "supply")
    ReportsAwaited.token_manager = nil
  end,
}

--- After SetProcessConfig: those that are new count their Seq from 1.
function peers.applied(_, changed)
  for _, role in ipairs(changed) do
    if ON_CHANGE[role] then
      ON_CHANGE[role]()
    end
  end
end

return peers
