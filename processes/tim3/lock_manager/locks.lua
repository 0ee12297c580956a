--- What a deposit of the collateral becomes: a lock, M-n. Pure.
--
--   DEPOSIT_ACTION                        the X-Action of a deposit that asks for TIM3
--   refusal(deposit, coordinator, isOurs)   why it must go straight back, for X-Refund-Reason; nil
--                                         when the coordinator (its id or nil) is to decide
--   open(deposit, id, now, refusal)       the lock; with a refusal on its way back from the start,
--                                         which is safe as the coordinator was told nothing of it
--
-- `user` is the depositor, and a refund pays nobody else; `recipient` is who gets the TIM3.
local address = require("lib.address")
local phases = require("lock_manager.phases")

local locks = {}

locks.DEPOSIT_ACTION = "Mint-TIM3"

function locks.refusal(deposit, coordinator, isOurs)
  local recipient = deposit.recipient
  if not coordinator then
    return "NotConfigured"
  elseif deposit.action ~= locks.DEPOSIT_ACTION then
    return "UnknownAction"
  elseif recipient and (not address.is(recipient) or isOurs(recipient)) then
    return "InvalidAddress"
  end
  return nil
end

function locks.open(deposit, id, now, refusal)
  local lock = {
    id = id,
    kind = "mint",
    user = deposit.sender,
    recipient = not refusal and deposit.recipient or deposit.sender,
    payee = deposit.sender,
    quantity = deposit.quantity,
    memo = deposit.memo,
    token = deposit.token,
    notice = deposit.number,
    reason = refusal,
  }
  return phases.begin(lock, refusal and "refunding" or "locked", now)
end

return locks
