--- What has been issued: the totals, and each user's mints minus redeems.
--
-- A position is a record of issue, not a claim: whoever was sent TIM3 redeems with no position, and
-- then has a negative one. Views show zero instead; nothing is ever decided by it.
--
--   make()                              nothing issued; plain tables, for a global
--   minted(accounts, user, quantity)    {minted, collateral, position} after a mint; changes nothing
--   redeemed(accounts, user, quantity)  likewise after a redeem; and whether that much was minted
--   position(accounts, user)            signed amount text
--   view(position)                      {collateral, tim3Minted, collateralRatio, healthFactor, net}
local amount = require("lib.amount")

local accounts = {}

function accounts.make()
  return { minted = amount.ZERO, collateral = amount.ZERO, positions = {} }
end

function accounts.position(self, user)
  return self.positions[user] or amount.ZERO
end

function accounts.minted(self, user, quantity)
  local position = accounts.position(self, user)
  return {
    -- The gate keeps the totals within the supply cap.
    minted = amount.add(self.minted, quantity),
    collateral = amount.add(self.collateral, quantity),
    -- A position has no such bound: its user may give TIM3 away and mint again. At the limit of
    -- amounts it stays where it is.
    position = amount.signedAdd(position, quantity) or position,
  }
end

function accounts.redeemed(self, user, quantity)
  local position = accounts.position(self, user)
  return {
    minted = amount.sub(self.minted, quantity) or amount.ZERO,
    collateral = amount.sub(self.collateral, quantity) or amount.ZERO,
    position = amount.signedSub(position, quantity) or position,
  }, amount.le(quantity, self.minted)
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
