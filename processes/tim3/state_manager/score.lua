--- How healthy the system is, from 0 to 100.
--
--   score = 100 - 20 for each critical position - 10 for each warning or danger
--               - 15 when the backing is not shown to be at least the target, floor 0
--
-- Backing is shown when the attested collateral is at least the attested supply and there is a
-- supply. An empty system shows nothing: it scores 85.
--
--   of(counts, locked, supply)      counts: {warning, danger, critical}
--   isShown(locked, supply)         whether the backing is shown
--   riskLevel(collateral, tim3)     "healthy", "warning", "danger" or "critical"
local amount = require("lib.amount")

local score = {}

local CRITICAL_COST = 20
local UNHEALTHY_COST = 10
local NOT_SHOWN_COST = 15

-- The least collateral, in percent of the TIM3, of each band; below the last is critical.
local BANDS = {
  { level = "healthy", percent = "100" },
  { level = "warning", percent = "95" },
  { level = "danger", percent = "90" },
}
