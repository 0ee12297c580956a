--- What a redeem becomes at the custodian: an unlock, R-n, paid from what backs live TIM3. Pure.
--
--   refusal(command, isOurs)     why no such redeem can be paid, as code and text; or nil
--   open(command, now)           the unlock
local address = require("lib.address")
local amount = require("lib.amount")
local phases = require("lock_manager.phases")

local unlocks = {}

function unlocks.refusal(command, isOurs)
  if not amount.is(command.quantity) then
    return "InvalidQuantity", "Quantity must be digits without a leading zero, above zero"
  elseif not address.is(command.user) then
    return "InvalidAddress", "User is not an address"
  elseif not address.is(command.recipient) or isOurs(command.recipient) then
    return "InvalidAddress", "Recipient is not an address outside this system"
  end
  return nil
end

function unlocks.open(command, now)
  local unlock = {
    id = command.id,
    kind = "redeem",
    user = command.user,
    recipient = command.recipient,
    payee = command.recipient,
    quantity = command.quantity,
    isAsked = true,
  }
  return phases.begin(unlock, "unlocking", now)
end

return unlocks
