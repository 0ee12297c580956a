--- What has been issued: the totals, and each user's mints minus redeems.
--
-- A position is a record of issue, not a claim: whoever was sent TIM3 redeems with no position, and
-- then has a negative one. The totals too may be below zero for a while, since the word of a burn
-- may arrive before the word of the mint that it undoes. Views show zero instead; nothing is ever
-- decided by a position.
--
--   make()                              nothing issued; plain tables, for a global
--   minted(accounts, user, quantity)    {minted, collateral, position} as a mint leaves them;
--                                       changes nothing
--   redeemed(accounts, user, quantity)  likewise of a redeem
--   shown(total)                        a total as it is shown: never below zero
--   position(accounts, user)            signed amount text
--   view(position)                      what users see of it
local amount = require("lib.amount")

local accounts = {}

function accounts.make()
  return { minted = amount.ZERO, collateral = amount.ZERO, positions = {} }
end

function accounts.shown(total)
  return amount.max(total, amount.ZERO)
end

function accounts.position(self, user)
  return self.positions[user] or amount.ZERO
end

--- Return the figures after a change. The gate keeps the totals far from the limit of amounts. A
--- position has no such bound, since its user may give TIM3 away and mint again: there it stays.
local function after(self, user, change)
  local position = accounts.position(self, user)
  return {
    minted = change(self.minted),
    collateral = change(self.collateral),
    position = change(position) or position,
  }
end

function accounts.minted(self, user, quantity)
  return after(self, user, function(figure)
    return amount.signedAdd(figure, quantity)
  end)
end

function accounts.redeemed(self, user, quantity)
  return after(self, user, function(figure)
    return amount.signedSub(figure, quantity)
  end)
end

--- The ratio is fixed at 1: TIM3 is worth its collateral.
function accounts.view(position)
  local held = accounts.shown(position)
  return {
    collateral = held,
    tim3Minted = held,
    collateralRatio = "1",
    healthFactor = "1.0000",
    net = position,
  }
end

return accounts
