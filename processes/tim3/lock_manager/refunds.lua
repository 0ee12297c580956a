--- Refunds of tokens that are not our collateral, W-n: a courtesy, and therefore bounded.
-- One is closed as soon as it is sent, since no answer of a foreign token may move anything here.

local refunds = {}

refunds.MAX_PER_HOUR = 16 -- per token: a hostile one must not make us send without end
refunds.MAX_TOKENS = 10000 -- their memory outlives their refunds, so it has a bound of its own

local HOUR = 3600000

--- Return whether one more refund may be sent through this token now.
---@param memory table
---@param now integer
---@return boolean
function refunds.isAllowed(memory, now)
  return memory.hour ~= now // HOUR or memory.refunds < refunds.MAX_PER_HOUR
end

--- Count one refund.
---@param memory table
---@param now integer
function refunds.count(memory, now)
  local hour = now // HOUR
  memory.refunds = memory.hour == hour and memory.refunds + 1 or 1
  memory.hour = hour
end

--- Return the record of one refund.
---@param deposit table
---@param id string
---@param now integer
---@return table
function refunds.open(deposit, id, now)
  return {
    id = id,
    kind = "wrong-token",
    token = deposit.token,
    user = deposit.sender,
    recipient = deposit.sender,
    payee = deposit.sender,
    quantity = deposit.quantity,
    notice = deposit.number,
    phase = "refunded",
    reason = "WrongToken",
    openedAt = now,
    since = now,
  }
end

return refunds
