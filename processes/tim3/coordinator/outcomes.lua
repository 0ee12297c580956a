--- What users are told about their operations.
local answer = require("lib.answer")
local positions = require("coordinator.positions")

local outcomes = {}

--- Tell the user of an operation; every such message carries its Op-Id.
local function tell(operation, action, tags, data)
  tags["Op-Id"] = operation.id
  answer.notify(operation.user, action, tags, data)
end

function outcomes.mintBegun(operation)
  tell(operation, "MintTIM3-Progress", {
    Quantity = operation.quantity,
    Recipient = operation.recipient,
    Status = operation.phase,
  })
end

function outcomes.mintRefused(operation, code, text)
  tell(operation, "MintTIM3-Error", { Error = code, Quantity = operation.quantity }, text)
end

function outcomes.minted(operation)
  tell(operation, "MintTIM3-Response", { Quantity = operation.quantity }, {
    mintId = operation.id,
    user = operation.user,
    tim3Minted = operation.quantity,
    collateralLocked = operation.quantity,
    newPosition = positions.view(operation.user),
  })
end

--- The deposit has left the lock manager, back to whom it came from.
function outcomes.refunded(operation)
  tell(operation, "Refund-Notice", {
    Quantity = operation.quantity,
    Reason = operation.reason,
  })
end

function outcomes.redeemPending(operation)
  return {
    burnId = operation.id,
    user = operation.user,
    recipient = operation.recipient,
    tim3Amount = operation.quantity,
    collateralToRelease = operation.quantity,
    status = operation.phase,
  }
end

function outcomes.redeemRefused(operation)
  tell(operation, "BurnTIM3-Error", {
    Error = operation.reason,
    Quantity = operation.quantity,
  }, operation.text)
end

function outcomes.redeemed(operation)
  tell(operation, "BurnTIM3-Response", { Quantity = operation.quantity }, {
    burnId = operation.id,
    user = operation.user,
    recipient = operation.recipient,
    tim3Burned = operation.quantity,
    collateralReleased = operation.quantity,
    newPosition = positions.view(operation.user),
  })
end

return outcomes
