--- The commands about an operation, one for each phase: what opens the phase also repeats it.
--
--   send(operation)          the command of its phase; nothing where the phase waits for none
--   lowWater(operation)      the Low-Water tag of commands about it
local answer = require("lib.answer")
local operations = require("coordinator.operations")
local roles = require("lib.roles")

local commands = {}

function commands.lowWater(operation)
  return operations.lowWater(Operations, operation.id)
end

--- Send a command to the peer that plays role.
local function order(role, action, operation, tags)
  tags["Op-Id"] = operation.id
  tags["Low-Water"] = commands.lowWater(operation)
  answer.command(roles.peer(role), action, tags)
end

local function mint(operation)
  order("token_manager", "Mint", operation, {
    Recipient = operation.recipient,
    Quantity = operation.quantity,
  })
end

local function burn(operation)
  order("token_manager", "Burn", operation, {
    User = operation.user,
    Quantity = operation.quantity,
  })
end

local function cancelMint(operation)
  order("token_manager", "Cancel-Mint", operation, {})
end

local function cancelBurn(operation)
  order("token_manager", "Cancel-Burn", operation, {})
end

local function consumeLock(operation)
  order("lock_manager", "Consume-Lock", operation, {})
end

local function lockCancelled(operation)
  order("lock_manager", "Lock-Cancelled", operation, {})
end

local function unlock(kind)
  return function(operation)
    order("lock_manager", "UnlockCollateral", operation, {
      User = operation.user,
      Recipient = operation.recipient,
      Quantity = operation.quantity,
      Kind = kind,
      Reason = operation.reason,
    })
  end
end

local OF_PHASE = {
  mint = {
    minting = mint,
    cancelling = cancelMint,
    minted = consumeLock,
    refunding = unlock("refund"),
    ["unlock-failed"] = unlock("refund"),
    cancelled = lockCancelled,
  },
  redeem = {
    burning = burn,
    cancelling = cancelBurn,
    unlocking = unlock("redeem"),
    ["unlock-failed"] = unlock("redeem"),
  },
}

function commands.send(operation)
  local command = OF_PHASE[operation.kind][operation.phase]
  if command then
    command(operation)
  end
end

return commands
