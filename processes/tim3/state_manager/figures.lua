--- What the state manager knows: what the coordinator tells, and what the two ledgers attest.
--
-- Each figure has the greatest Seq that spoke of it; whatever is older or equal changes nothing. So
-- messages may come in any order, twice or late. Each change is one assignment, so that no error
-- can leave half of it.
--
--   make()                          nothing known; plain tables, for a global
--   update(figures, update, now)    {seq, user, position, supply, collateral} from the coordinator;
--                                   whether anything changed
--   attest(figures, name, quantity, seq, now)   "supply" or "locked", from its holder; likewise
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
    attested = {
      supply = { quantity = amount.ZERO, seq = 0 },
      locked = { quantity = amount.ZERO, seq = 0 },
    },
    at = 0,
  }
end

--- A position counts issues: what it has minted it has deposited, and below zero it holds nothing.
local function holdingOf(position)
  local held = amount.max(position or amount.ZERO, amount.ZERO)
  return { collateral = held, tim3 = held, level = score.riskLevel(held, held) }
end

--- Return the counts with one position more or less.
local function counted(counts, position, step)
  local holding, copy = holdingOf(position), {}
  for level, count in pairs(counts) do
    copy[level] = count
  end
  if holding.tim3 ~= amount.ZERO then
    copy[holding.level] = copy[holding.level] + step
  end
  return copy
end

local function isNewer(self, update, known)
  return not known or known.era < self.era or known.seq < update.seq
end

--- Return the user's record and the counts as they are after an update.
local function positionAfter(self, update, now)
  local known = self.positions[update.user]
  if not isNewer(self, update, known) then
    return known, self.counts
  end
  local without = counted(self.counts, known and known.position, -1)
  local record = { position = update.position, seq = update.seq, era = self.era, at = now }
  return record, counted(without, update.position, 1)
end

function figures.update(self, update, now)
  local user, known = update.user, self.positions[update.user]
  local record, counts = positionAfter(self, update, now)
  local totals = update.seq > self.seq and update or self
  if record == known and totals == self then
    return false
  end
  self.positions[user], self.counts, self.at, self.seq, self.supply, self.collateral =
    record, counts, now, totals.seq, totals.supply, totals.collateral
  return true
end

function figures.attest(self, name, quantity, seq, now)
  if seq <= self.attested[name].seq then
    return false
  end
  self.attested[name], self.at = { quantity = quantity, seq = seq }, now
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
