--- What the state manager knows: what the coordinator tells, and what the two ledgers attest.
--
-- Each figure has the greatest Seq that spoke of it; whatever is older or equal changes nothing. So
-- messages may come in any order, twice or late.
--
--   make()                          nothing known; plain tables, for a global
--   update(figures, update, now)    {seq, user, position, supply, collateral} from the coordinator;
--                                   whether anything changed
--   attest(figures, name, quantity, seq, now)   "supply" or "locked", from whoever holds it; likewise
--   attested(figures, name)         amount text; "0" when nothing was attested
--   holding(figures, user)          {collateral, tim3, level}, never below zero
--   counts(figures)                 {healthy, warning, danger, critical} of positions above zero
--   differences(figures)            list of {figure, recorded, attested} that are not equal
--   isEmpty(figures)                no TIM3 that anyone knows of
--   newCoordinator(figures)  newWitness(figures, name)   a replaced process counts its Seq anew
local amount = require("lib.amount")
local score = require("state_manager.score")

local figures = {}

-- What is compared: the coordinator's total, and who attests it.
local PAIRS = {
  { figure = "collateral", recorded = "collateral", attested = "locked" },
  { figure = "supply", recorded = "supply", attested = "supply" },
}

function figures.make()
  return {
    supply = amount.ZERO,
    collateral = amount.ZERO,
    seq = 0,
    era = 1, -- one for each coordinator: within it a Seq counts
    positions = {},
    counts = { healthy = 0, warning = 0, danger = 0, critical = 0 },
    attested = { supply = { quantity = amount.ZERO, seq = 0 }, locked = { quantity = amount.ZERO, seq = 0 } },
    at = 0,
  }
end

--- A position counts issues: what it has minted it has deposited, and below zero it holds nothing.
local function holdingOf(position)
  local held = amount.max(position or amount.ZERO, amount.ZERO)
  return { collateral = held, tim3 = held, level = score.riskLevel(held, held) }
end

local function count(self, position, step)
  local holding = holdingOf(position)
  if holding.tim3 ~= amount.ZERO then
    self.counts[holding.level] = self.counts[holding.level] + step
  end
end

local function isNewPosition(self, update)
  local known = self.positions[update.user]
  return not known or known.era < self.era or known.seq < update.seq
end

local function setPosition(self, update, now)
  local known = self.positions[update.user]
  count(self, known and known.position, -1)
  count(self, update.position, 1)
  self.positions[update.user] = {
    position = update.position,
    seq = update.seq,
    era = self.era,
    at = now,
  }
end

function figures.update(self, update, now)
  local isNews = false
  if isNewPosition(self, update) then
    setPosition(self, update, now)
    isNews = true
  end
  if update.seq > self.seq then
    self.supply, self.collateral, self.seq = update.supply, update.collateral, update.seq
    isNews = true
  end
  self.at = isNews and now or self.at
  return isNews
end

function figures.attest(self, name, quantity, seq, now)
  local known = self.attested[name]
  if seq <= known.seq then
    return false
  end
  known.quantity, known.seq = quantity, seq
  self.at = now
  return true
end

function figures.attested(self, name)
  return self.attested[name].quantity
end

function figures.holding(self, user)
  local known = self.positions[user]
  return holdingOf(known and known.position)
end

function figures.counts(self)
  return self.counts
end

function figures.differences(self)
  local list = {}
  for _, pair in ipairs(PAIRS) do
    local recorded, attested = self[pair.recorded], figures.attested(self, pair.attested)
    if recorded ~= attested then
      list[#list + 1] = { figure = pair.figure, recorded = recorded, attested = attested }
    end
  end
  return list
end

function figures.isEmpty(self)
  return self.supply == amount.ZERO and figures.attested(self, "supply") == amount.ZERO
end

function figures.newCoordinator(self)
  self.era, self.seq = self.era + 1, 0
end

function figures.newWitness(self, name)
  self.attested[name] = { quantity = amount.ZERO, seq = 0 }
end

return figures
