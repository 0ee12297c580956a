--- What has been issued: the totals, and each user's mints minus redeems.
--
-- A position is a record of issue, not a claim: whoever was sent TIM3 redeems with no position, and
-- then has a negative one. Views show zero instead; nothing is ever decided by it.
--
--   make()                            nothing issued; plain tables, for a global
--   mint(accounts, user, quantity)    more of everything
--   redeem(accounts, user, quantity)  less of everything; returns whether the totals had that much
--   position(accounts, user)          signed amount text
--   view(position)                    {collateral, tim3Minted, collateralRatio, healthFactor, net}
local amount = require("lib.amount")

local accounts = {}

function accounts.make()
  return { minted = amount.ZERO, collateral = amount.ZERO, positions = {} }
end

function accounts.position(self, user)
  return self.positions[user] or amount.ZERO
end

function accounts.mint(self, user, quantity)
  -- The gate keeps the totals within the supply cap. A position has no such bound: its user may give
  -- TIM3 away and mint again, so at the limit of amounts it stays where it is.
  local position = amount.signedAdd(accounts.position(self, user), quantity)
  self.minted = amount.add(self.minted, quantity)
  self.collateral = amount.add(self.collateral, quantity)
  self.positions[user] = position or self.positions[user]
end

function accounts.redeem(self, user, quantity)
  local isCovered = amount.le(quantity, self.minted)
  local position = amount.signedSub(accounts.position(self, user), quantity)
  self.minted = amount.sub(self.minted, quantity) or amount.ZERO
  self.collateral = amount.sub(self.collateral, quantity) or amount.ZERO
  self.positions[user] = position or self.positions[user]
  return isCovered
end

--- The ratio is fixed at 1: TIM3 is worth its collateral.
function accounts.view(position)
  local held = amount.max(position, amount.ZERO)
  return {
    collateral = held,
    tim3Minted = held,
    collateralRatio = "1",
    healthFactor = "1.0000",
    net = position,
  }
end

return accounts
