--- The money in custody, as three sums that move together.
-- `locked` is all that is owed to somebody; `backing` is the part of it that consumed locks left
-- behind live TIM3, from which redeems are paid; `paid` is what ever left. A deposit that is not
-- consumed is in `locked` only, so no redeem can be paid from it.

local amount = require("lib.amount")

local pool = {}

--- Return the empty pool.
---@return table
function pool.empty()
  return { locked = amount.ZERO, backing = amount.ZERO, paid = amount.ZERO }
end

--- A deposit was accepted.
---@param sums table
---@param quantity string
---@return table|nil, string|nil code, string|nil text
function pool.deposit(sums, quantity)
  local locked = amount.add(sums.locked, quantity)
  if not locked then
    return nil, "Overflow", "custody cannot hold " .. quantity .. " more"
  end
  return { locked = locked, backing = sums.backing, paid = sums.paid }
end

--- A lock was consumed: its collateral backs live TIM3 from now on.
---@param sums table
---@param quantity string
---@return table
function pool.consume(sums, quantity)
  return {
    locked = sums.locked,
    backing = assert(amount.add(sums.backing, quantity)),
    paid = sums.paid,
  }
end

--- A redeem was opened: its collateral backs nothing else, though it is still owed.
---@param sums table
---@param quantity string
---@return table|nil, string|nil code, string|nil text
function pool.reserve(sums, quantity)
  local backing = amount.sub(sums.backing, quantity)
  if not backing then
    return nil, "InsufficientBalance", sums.backing .. " backs live TIM3, not " .. quantity
  end
  return { locked = sums.locked, backing = backing, paid = sums.paid }
end

--- A refund or a redeem has reached its payee.
---@param sums table
---@param quantity string
---@return table
function pool.pay(sums, quantity)
  return {
    locked = assert(amount.sub(sums.locked, quantity)),
    backing = sums.backing,
    paid = amount.add(sums.paid, quantity) or sums.paid, -- a figure for display: it may stop growing
  }
end

return pool
