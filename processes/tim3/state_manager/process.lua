--- State Manager: observes positions and health of TIM3; never in the way of money.
--
-- From the Coordinator:
--   UpdatePosition {Seq, User, User-Position, Total-Supply, Total-Collateral, Kind, Op-Id?}
--                           absolute values, User-Position signed -> UpdatePosition-Response
--                           {Op-Id, Seq}. The last of a page of snapshots (Kind=snapshot) has
--                           Page-End: more or done
--   Pause-Notice {Scope, Pause, Seq}  -> Pause-Notice-Response {Seq}
-- From the Token Manager: Report-Supply {Quantity, Seq}. From the Lock Manager: Report-Locked.
--
-- From anyone:
--   SystemHealth, Health    -> ...-Response, flat JSON {systemHealthScore, targetCollateralRatio,
--                              totalTIM3Supply, totalCollateral, activePositions,
--                              globalCollateralRatio, riskMetrics, pendingOperations, lastUpdate,
--                              ...}; pendingOperations: reports asked for and not answered
--   GetPosition {User?}     -> Position-Response {user, position}
--   CheckRiskAlerts         -> RiskAlerts-Response {systemHealthScore, threshold, alerts}; below
--                              the threshold also Risk-Alert {Score, Reason} to the Coordinator
--   Reconcile               -> Reconcile-Response {ok, differences}; Report-Request to Token
--                              Manager and Lock Manager; on a difference Need-Replay to the
--                              Coordinator; on one that stays for a time-out also Risk-Alert
--   Info                    -> Info-Response
--
-- And what all processes have: GetConfig, SetProcessConfig, Lock-Config, Propose-Admin,
-- Accept-Admin, Renounce-Owner (lib/config.lua).
local alerts = require("state_manager.alerts")
local config = require("lib.config")
local figures = require("state_manager.figures")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local observer = require("state_manager.handlers")
local pause = require("lib.pause")
local peers = require("state_manager.peers")
local publication = require("state_manager.publication")
local state = require("lib.state")
local system = require("system")

-- Totals, positions, and what the ledgers attest
Figures = state.keep(Figures, figures.make())
-- role -> true: asked for a report that has not come
ReportsAwaited = state.keep(ReportsAwaited, {})
-- {text, since}: the difference that the last Reconcile found, and since when it is this one
Trouble = state.keep(Trouble, {})

guard.install({
  reads = {
    ["UpdatePosition"] = {
      "Op-Id",
      "Seq",
      "User",
      "User-Position",
      "Total-Supply",
      "Total-Collateral",
      "Kind",
      "Page-End",
    },
    ["Report-Supply"] = { "Quantity", "Seq" },
    ["Report-Locked"] = { "Quantity", "Seq" },
    ["GetPosition"] = { "User" },
  },
})
config.install({
  role = "state_manager",
  roles = system.PROCESSES,
  required = { "coordinator", "token_manager", "lock_manager" },
  mayChange = peers.mayChange,
  applied = peers.applied,
  health = observer.health,
})
handlers.action("Info", observer.info)
handlers.action("UpdatePosition", observer.updatePosition)
handlers.action("Report-Supply", observer.report("supply", "token_manager"))
handlers.action("Report-Locked", observer.report("locked", "lock_manager"))
pause.install({ controller = "coordinator" })
handlers.action("SystemHealth", observer.systemHealth)
handlers.action("GetPosition", observer.getPosition)
handlers.action("CheckRiskAlerts", alerts.check)
handlers.action("Reconcile", alerts.reconcile)
guard.installDrop()

publication.update()
