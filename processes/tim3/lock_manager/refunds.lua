--- Refunds of tokens that are not our collateral: W-n, a courtesy, and so it has bounds. Pure.
--
--   MAX_TOKENS                    of how many foreign tokens receipts are kept
--   isAllowed(receipts, now)      whether one more may be sent through that token in this hour
--   hourAfter(receipts, now)      hour and count once one more is sent
--   open(deposit, id, now)        the refund; closed at once, for nothing that a foreign token
--                                 answers may move anything here
local phases = require("lock_manager.phases")

local refunds = {}

refunds.MAX_TOKENS = 10000

local MAX_PER_HOUR = 16
local HOUR = 3600000

function refunds.isAllowed(receipts, now)
  return receipts.hour ~= now // HOUR or receipts.refunds < MAX_PER_HOUR
end

function refunds.hourAfter(receipts, now)
  local hour = now // HOUR
  return hour, receipts.hour == hour and receipts.refunds + 1 or 1
end

function refunds.open(deposit, id, now)
  local refund = {
    id = id,
    kind = "wrong-token",
    user = deposit.sender,
    recipient = deposit.sender,
    payee = deposit.sender,
    quantity = deposit.quantity,
    token = deposit.token,
    notice = deposit.number,
    reason = "WrongToken",
  }
  return phases.begin(refund, "refunded", now)
end

return refunds
