--- What a deposit of the collateral token becomes: a lock, M-n.

local address = require("lib.address")
local phases = require("lock_manager.phases")

local locks = {}

locks.DEPOSIT_ACTION = "Mint-TIM3"

local MEMO_PATTERN = "^[%w%._:%-]+$"
local MAX_MEMO = 128

--- Return why a deposit must go straight back, or nil if the coordinator is to decide.
-- Refunding here is safe because nothing about this deposit was ever told to the coordinator.
---@param deposit table
---@param coordinator string|nil
---@param isOurs fun(id: string): boolean
---@return string|nil
function locks.refusal(deposit, coordinator, isOurs)
  if not coordinator then
    return "NotConfigured"
  end
  if deposit.action ~= locks.DEPOSIT_ACTION then
    return "UnknownAction"
  end
  local recipient = deposit.recipient
  if recipient and (not address.is(recipient) or isOurs(recipient)) then
    return "InvalidAddress"
  end
  return nil
end

--- Return the memo if it is fit to be repeated, else nil: it is the depositor's own word.
---@param memo string|nil
---@return string|nil
function locks.memo(memo)
  if memo and #memo <= MAX_MEMO and memo:find(MEMO_PATTERN) then
    return memo
  end
  return nil
end

--- Return the lock that a deposit opens; with a refusal it is on its way back from the start.
-- `user` is the depositor, the only one whom a refund ever pays.
---@param deposit table
---@param id string
---@param now integer
---@param refusal string|nil
---@return table
function locks.open(deposit, id, now, refusal)
  return {
    id = id,
    kind = "mint",
    user = deposit.sender,
    recipient = not refusal and deposit.recipient or deposit.sender,
    payee = deposit.sender,
    quantity = deposit.quantity,
    memo = locks.memo(deposit.memo),
    token = deposit.token,
    notice = deposit.number,
    phase = refusal and "refunding" or "locked",
    reason = refusal,
    openedAt = now,
    since = now,
  }
end

--- Return whether a command about a lock speaks of this lock.
-- `Recipient` is compared where it is carried; it is never whom a refund pays.
---@param lock table
---@param command table
---@return boolean
function locks.matches(lock, command)
  return command.kind == "refund"
    and command.user == lock.user
    and command.quantity == lock.quantity
    and (command.recipient == nil or command.recipient == lock.recipient)
end

--- Return the lock on its way back to its depositor, at the coordinator's word.
---@param lock table
---@param command table
---@param now integer
---@return table|nil, string|nil code, string|nil text
function locks.refund(lock, command, now)
  return phases.after(lock, "refund", now, { reason = command.reason, asked = true })
end

return locks
