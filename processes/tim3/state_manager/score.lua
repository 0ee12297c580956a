--- How healthy the system is, from 0 to 100.
--
--   score = 100 - 20 for each critical position - 10 for each in warning or danger
--               - 15 when the backing is not shown to be at least the target; floor 0
--
-- Backing is shown when the attested collateral is at least the attested supply, and there is a
-- supply. An empty system shows nothing: it scores 85.
--
--   of(counts, locked, supply)    counts: {warning, danger, critical}, positions in each band
--   isShown(locked, supply)       whether the backing is shown
--   riskLevel(collateral, tim3)   "healthy", "warning", "danger" or "critical"
--   THRESHOLD                     below this score there is an alert
--   TARGET                        collateral for each TIM3, text
local amount = require("lib.amount")

local score = {}

score.TARGET = "1"
-- Above the 85 of a system whose backing is not shown, below the 100 of one that is.
score.THRESHOLD = 90

local CRITICAL_COST = 20
local UNHEALTHY_COST = 10
local NOT_SHOWN_COST = 15

-- The least ratio of each band in ten-thousandths: lib.amount cuts ratios there, so a comparison
-- with these is exact.
local BANDS = {
  { level = "healthy", least = "10000" },
  { level = "warning", least = "9500" },
  { level = "danger", least = "9000" },
}

function score.isShown(locked, supply)
  return supply ~= amount.ZERO and amount.le(supply, locked)
end

function score.of(counts, locked, supply)
  local points = 100
    - CRITICAL_COST * counts.critical
    - UNHEALTHY_COST * (counts.warning + counts.danger)
  if not score.isShown(locked, supply) then
    points = points - NOT_SHOWN_COST
  end
  return math.max(points, 0)
end

--- Return collateral / tim3 in ten-thousandths.
local function tenThousandths(collateral, tim3)
  local digits = amount.ratio(collateral, tim3):gsub("%.", ""):gsub("^0+", "")
  return digits == "" and amount.ZERO or digits
end

function score.riskLevel(collateral, tim3)
  if tim3 == amount.ZERO then
    return "healthy"
  end
  local ratio = tenThousandths(collateral, tim3)
  for _, band in ipairs(BANDS) do
    if amount.le(band.least, ratio) then
      return band.level
    end
  end
  return "critical"
end

return score
