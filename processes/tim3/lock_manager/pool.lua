--- The money in custody, as three sums that move together. Pure: each rule returns new sums.
--
-- `locked` is all that is owed to somebody. `backing` is the part of it that consumed locks left
-- behind live TIM3: from it alone redeems are paid, so that none is ever paid from a deposit that
-- may still go back to its depositor. `paid` is all that ever left.
--
--   make()                     nothing in custody
--   deposit(sums, quantity)    a deposit was accepted; or nil, "Overflow", text
--   consume(sums, quantity)    a deposit backs live TIM3 from now on
--   reserve(sums, quantity)    a redeem was opened: it is still owed, but backs nothing else; or
--                              nil, "InsufficientBalance", text
--   pay(sums, quantity)        a refund or a redeem has reached its payee
local amount = require("lib.amount")

local pool = {}

function pool.make()
  return { locked = amount.ZERO, backing = amount.ZERO, paid = amount.ZERO }
end

function pool.deposit(sums, quantity)
  local locked = amount.add(sums.locked, quantity)
  if not locked then
    return nil, "Overflow", "custody cannot hold " .. quantity .. " more"
  end
  return { locked = locked, backing = sums.backing, paid = sums.paid }
end

function pool.consume(sums, quantity)
  return { locked = sums.locked, backing = amount.add(sums.backing, quantity), paid = sums.paid }
end

function pool.reserve(sums, quantity)
  local backing = amount.sub(sums.backing, quantity)
  if not backing then
    return nil, "InsufficientBalance", sums.backing .. " backs live TIM3, not " .. quantity
  end
  return { locked = sums.locked, backing = backing, paid = sums.paid }
end

function pool.pay(sums, quantity)
  return {
    locked = amount.sub(sums.locked, quantity),
    backing = sums.backing,
    paid = amount.add(sums.paid, quantity) or sums.paid, -- 2^255 in all: then it stands still
  }
end

return pool
