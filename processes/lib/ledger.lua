--- A ledger: who has how much, and how much there is. Pure; a rule checks all, then changes.
--
-- The sum of the balances is the supply, so no balance can pass what the supply cannot.
--
--   make()                          an empty ledger {balances, supply, holders}, for a global
--   balance(ledger, account)        amount text, "0" when unknown
--   mint(ledger, account, amount)   true, or nil, "Overflow"
--   burn(ledger, account, amount)   true, or nil, "InsufficientBalance"
--   move(ledger, from, to, amount)  true, or nil, "InsufficientBalance"; to oneself: no change
local amount = require("lib.amount")

local ledger = {}

function ledger.make()
  return { balances = {}, supply = amount.ZERO, holders = 0 }
end

function ledger.balance(self, account)
  return self.balances[account] or amount.ZERO
end

--- An account of nothing is not kept: it would cost memory for good.
local function setBalance(self, account, balance)
  local had, has = self.balances[account] ~= nil, balance ~= amount.ZERO
  self.balances[account] = has and balance or nil
  self.holders = self.holders + (has and 1 or 0) - (had and 1 or 0)
end

function ledger.mint(self, account, quantity)
  local supply = amount.add(self.supply, quantity)
  if not supply then
    return nil, "Overflow"
  end
  self.supply = supply
  setBalance(self, account, amount.add(ledger.balance(self, account), quantity))
  return true
end

function ledger.burn(self, account, quantity)
  local rest = amount.sub(ledger.balance(self, account), quantity)
  if not rest then
    return nil, "InsufficientBalance"
  end
  self.supply = amount.sub(self.supply, quantity)
  setBalance(self, account, rest)
  return true
end

function ledger.move(self, from, to, quantity)
  local rest = amount.sub(ledger.balance(self, from), quantity)
  if not rest then
    return nil, "InsufficientBalance"
  end
  if from ~= to then
    setBalance(self, from, rest)
    setBalance(self, to, amount.add(ledger.balance(self, to), quantity))
  end
  return true
end

return ledger
