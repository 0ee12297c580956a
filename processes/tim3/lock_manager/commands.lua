--- What the coordinator's commands say about an operation. Pure.
--
--   read(msg)                      {id, kind, user, recipient, quantity, reason}, as far as carried
--   isComplete(command)            whether it says enough to move money
--   matches(operation, command)    whether all that it carries is said of this operation
--   isNewRedeem(command, coordinator)   whether it can open an unlock: a redeem with an id that
--                                  this coordinator issued, so that a replaced one's open nothing
local ids = require("lib.ids")
local tags = require("lib.tags")

local commands = {}

-- What UnlockCollateral calls an operation of each kind.
local WORDS = { mint = "refund", redeem = "redeem" }

function commands.read(msg)
  return {
    id = tags.get(msg, "Op-Id"),
    kind = tags.get(msg, "Kind"),
    user = tags.get(msg, "User"),
    recipient = tags.get(msg, "Recipient"),
    quantity = tags.get(msg, "Quantity"),
    reason = tags.get(msg, "Reason"),
  }
end

function commands.isComplete(command)
  local isRedeem = command.kind == "redeem" and command.recipient ~= nil
  -- A refund pays the depositor, whoever is named.
  local isKnown = command.kind == "refund" or isRedeem
  return isKnown and command.user ~= nil and command.quantity ~= nil
end

local function agrees(carried, known)
  return carried == nil or carried == known
end

function commands.matches(operation, command)
  return agrees(command.kind, WORDS[operation.kind])
    and agrees(command.user, operation.user)
    and agrees(command.recipient, operation.recipient)
    and agrees(command.quantity, operation.quantity)
end

function commands.isNewRedeem(command, coordinator)
  local kind, prefix = ids.parse(command.id)
  return command.kind == "redeem" and kind == "R" and prefix == coordinator:sub(1, 8)
end

return commands
