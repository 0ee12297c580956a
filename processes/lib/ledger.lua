--- A ledger: who has how much, how much there is, and how much ever came and went.
--
-- Pure. Each change checks all, then happens in one assignment, so that an error on any line leaves
-- either all of it or nothing. What must stand or fall with it goes along as `also` = {table, key,
-- value}: the decision that a mint obeys, the id of a transfer. The sum of the balances is the
-- supply, so no balance can pass what the supply cannot.
--
--   make()                                an empty ledger {balances, supply, holders, minted,
--                                         burned}; supply = minted - burned; keep it in a global
--   balance(ledger, account)              amount text, "0" when unknown
--   mint(ledger, account, amount, also)   true, or nil, "Overflow"
--   burn(ledger, account, amount, also)   true, or nil, "InsufficientBalance"
--   move(ledger, from, to, amount, also)  true, or nil, "InsufficientBalance"; to oneself the
--                                         ledger stays as it is
local amount = require("lib.amount")

local ledger = {}

function ledger.make()
  return {
    balances = {},
    supply = amount.ZERO,
    holders = 0,
    minted = amount.ZERO,
    burned = amount.ZERO,
  }
end

function ledger.balance(self, account)
  return self.balances[account] or amount.ZERO
end

--- Return what to keep of a balance: an account of nothing would cost memory for good.
local function kept(balance)
  if balance == amount.ZERO then
    return nil
  end
  return balance
end

--- Return by how much the number of holders changes when account gets balance.
local function holderChange(self, account, balance)
  return (kept(balance) and 1 or 0) - (self.balances[account] and 1 or 0)
end

--- Return where a companion of a change goes; nowhere when there is none.
local function place(also)
  if also then
    return also[1], also[2], also[3]
  end
  return {}, 1, nil
end

function ledger.mint(self, account, quantity, also)
  local supply, minted = amount.add(self.supply, quantity), amount.add(self.minted, quantity)
  if not supply or not minted then
    return nil, "Overflow"
  end
  local rest = amount.add(ledger.balance(self, account), quantity)
  local holders = self.holders + holderChange(self, account, rest)
  local other, key, value = place(also)
  self.balances[account], self.supply, self.minted, self.holders, other[key] =
    rest, supply, minted, holders, value
  return true
end

function ledger.burn(self, account, quantity, also)
  local rest = amount.sub(ledger.balance(self, account), quantity)
  if not rest then
    return nil, "InsufficientBalance"
  end
  -- What was burned never passes what was minted, and that never passes the limit.
  local supply, burned = amount.sub(self.supply, quantity), amount.add(self.burned, quantity)
  local holders = self.holders + holderChange(self, account, rest)
  local other, key, value = place(also)
  self.balances[account], self.supply, self.burned, self.holders, other[key] =
    kept(rest), supply, burned, holders, value
  return true
end

--- Return what both have after a transfer, or nil.
local function moved(self, from, to, quantity)
  local rest = amount.sub(ledger.balance(self, from), quantity)
  if not rest or from == to then
    return rest and self.balances[from], rest and self.balances[from]
  end
  return rest, amount.add(ledger.balance(self, to), quantity)
end

function ledger.move(self, from, to, quantity, also)
  local rest, sum = moved(self, from, to, quantity)
  if not rest then
    return nil, "InsufficientBalance"
  end
  local holders = self.holders + holderChange(self, from, rest) + holderChange(self, to, sum)
  local other, key, value = place(also)
  self.balances[from], self.balances[to], self.holders, other[key] =
    kept(rest), sum, holders, value
  return true
end

return ledger
