--- What a redeem becomes at the custodian: an unlock, R-n, paid from what backs live TIM3.

local address = require("lib.address")
local amount = require("lib.amount")

local unlocks = {}

--- Return why a redeem command cannot be carried out whatever the pool holds, or nil.
---@param command table
---@param isOurs fun(id: string): boolean
---@return string|nil code, string|nil text
function unlocks.refusal(command, isOurs)
  if not command.quantity or not amount.is(command.quantity) then
    return "InvalidQuantity", "Quantity must be a whole number of base units above 0"
  end
  if not address.is(command.user) then
    return "InvalidAddress", "User must be an address"
  end
  if not address.is(command.recipient) or isOurs(command.recipient) then
    return "InvalidAddress", "Recipient must be an address outside this system"
  end
  return nil
end

--- Return the unlock that a redeem command opens.
---@param command table
---@param now integer
---@return table
function unlocks.open(command, now)
  return {
    id = command.id,
    kind = "redeem",
    user = command.user,
    recipient = command.recipient,
    payee = command.recipient,
    quantity = command.quantity,
    phase = "unlocking",
    asked = true,
    openedAt = now,
    since = now,
  }
end

--- Return whether a command about an unlock speaks of this unlock.
---@param unlock table
---@param command table
---@return boolean
function unlocks.matches(unlock, command)
  return command.kind == "redeem"
    and command.user == unlock.user
    and command.recipient == unlock.recipient
    and command.quantity == unlock.quantity
end

return unlocks
