--- Coordinator: mints, redeems, limits and pause of TIM3. It holds no funds.
--
-- Quantities are canonical decimal text in base units. Messages about an operation carry Op-Id
-- (M-... a mint, issued by the Lock Manager; R-... a redeem, issued here) and Low-Water.
--
-- From anyone:
--   Info                              -> Info-Response, JSON {name, ticker, version, systemActive,
--                                        collateralRatio, totalTIM3Minted, totalCollateral, ...}
--   MintTIM3 {Quantity}               -> MintTIM3-Pending: a quote, JSON {depositTarget,
--                                        usdaProcess, requiredCollateral, tim3Amount, tags, limits,
--                                        accepted, reason}; what limits refuse has accepted false,
--                                        and the code in the tag Error. Nothing changes: to mint,
--                                        send the transfer that the quote describes
--   RedeemTIM3, BurnTIM3 {Quantity, Recipient?, Request-Id?}
--                                     -> BurnTIM3-Pending; later BurnTIM3-Response or -Error. The
--                                        same Request-Id again tells what became of the first
--   Sweep-Expired, CleanupExpired {Limit?}
--                                     -> CleanupExpired-Response {cleanedOperations, remaining}
--   GetOperation {Op-Id}              -> Operation-Response
--   GetPosition {User?}               -> Position-Response {user, position}
--   SystemHealth, Health              -> ...-Response {configured, missing, paused, ...}
--
-- From the Lock Manager:
--   LockCollateral-Success {Op-Id, Lock-Id, User, Recipient, Quantity}
--                                     -> Mint to the Token Manager and MintTIM3-Progress to the
--                                        user; or UnlockCollateral {Kind=refund, Reason} and
--                                        MintTIM3-Error
--   Cancel-Lock {Op-Id}               -> Lock-Cancelled, or the command of its phase
-- From Lock Manager and Token Manager: what they answer about an operation (answers.lua). An error
-- of the Token Manager counts only with Final=true; until then the operation stays open.
-- From the State Manager: UpdatePosition-Response {Seq}, Need-Replay {Cursor?}, Risk-Alert.
-- From these three: Pause-Notice-Response {Seq}; from the Token Manager: Set-Cap-Response {Seq}.
--
-- From the admin:
--   EmergencyPause {Scope = mint | redeem | all, Pause = true | false, Reason?}; the guardian may
--                                        pause as well -> EmergencyPause-Response, Pause-Notice
--   Set-Guardian {Guardian}           -> Set-Guardian-Response
--   SetLimits {any of limits.NAMES}   -> SetLimits-Response, Set-Cap to the Token Manager
--
-- And what all processes have: GetConfig, SetProcessConfig, Lock-Config, Propose-Admin,
-- Accept-Admin, Renounce-Owner (lib/config.lua). It works once the handshake is done: Health tells.
local accounts = require("coordinator.accounts")
local answers = require("coordinator.answers")
local config = require("lib.config")
local deposits = require("coordinator.deposits")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local handshake = require("coordinator.handshake")
local info = require("coordinator.info")
local limits = require("coordinator.limits")
local limitSettings = require("coordinator.limit_settings")
local operations = require("coordinator.operations")
local pause = require("coordinator.pause")
local peers = require("coordinator.peers")
local positions = require("coordinator.positions")
local publication = require("coordinator.publication")
local recovery = require("coordinator.recovery")
local redeem = require("coordinator.redeem")
local ring = require("lib.ring")
local state = require("lib.state")
local sweep = require("coordinator.sweep")
local system = require("system")
local tags = require("lib.tags")
local updates = require("coordinator.updates")
local windows = require("coordinator.windows")

local DENOMINATION = tonumber(tags.ofProcess("Denomination") or "", 10) or 12

-- Every operation, open or not yet forgotten
Operations = state.keep(Operations, operations.make())
-- {minted, collateral, positions}
Accounts = state.keep(Accounts, accounts.make())
-- Mints that count for the windows
Window = state.keep(Window, windows.make())
-- Tag of SetLimits -> text; names that an older bundle lacked get their defaults
Limits = limits.merge(limits.defaults(DENOMINATION), state.keep(Limits, {}))
  or limits.defaults(DENOMINATION)
-- {limits, at} that a raise waits for, or false
WaitingLimits = WaitingLimits or false
-- Number of the newest supply cap; which token manager has confirmed which: {by, seq}
CapSeq = state.keep(CapSeq, 1)
CapConfirmed = state.keep(CapConfirmed, {})
-- Who may pause besides the admin; "" nobody
Guardian = state.keep(Guardian, "")
-- Number of the newest pause notice; scope -> notice; role -> {by, scopes}: what it has confirmed
PauseSeq = state.keep(PauseSeq, 0)
PauseNotices = state.keep(PauseNotices, {})
PauseConfirmed = state.keep(PauseConfirmed, {})
-- What the state manager reported
RiskAlerts = state.keep(RiskAlerts, ring.make())
-- What it has not confirmed
Updates = state.keep(Updates, updates.make())
-- The handshake: question -> references asked; role -> what it said
Questions = state.keep(Questions, {})
Agreements = state.keep(Agreements, {})

--- Add a handler that leaves its index and the published state up to date.
local function action(name, handle)
  handlers.action(name, recovery.guarded(handle))
end

guard.install({
  reads = {
    ["MintTIM3"] = { "Quantity" },
    ["RedeemTIM3"] = { "Quantity", "Recipient", "Request-Id" },
    ["BurnTIM3"] = { "Quantity", "Recipient", "Request-Id" },
    ["Sweep-Expired"] = { "Limit" },
    ["CleanupExpired"] = { "Limit" },
    ["GetOperation"] = { "Op-Id" },
    ["GetPosition"] = { "User" },
    ["LockCollateral-Success"] = {
      "Op-Id",
      "Lock-Id",
      "User",
      "Recipient",
      "Quantity",
      "Low-Water",
    },
    ["Cancel-Lock"] = { "Op-Id", "Low-Water" },
    ["UpdatePosition-Response"] = { "Seq" },
    ["Pause-Notice-Response"] = { "Seq" },
    ["Set-Cap-Response"] = { "Seq" },
    ["Need-Replay"] = { "Cursor" },
    ["Risk-Alert"] = { "Score", "Reason" },
    ["EmergencyPause"] = { "Scope", "Pause", "Reason" },
    ["Set-Guardian"] = { "Guardian" },
    ["SetLimits"] = limits.NAMES,
  },
})
handlers.match("recovery", recovery.isNeeded, recovery.run)
config.install({
  role = "coordinator",
  roles = system.PROCESSES,
  required = { "mock_usda", "lock_manager", "token_manager", "state_manager" },
  missing = handshake.missing,
  mayChange = peers.mayChange,
  applied = handshake.begin,
  health = info.health,
  limits = limitSettings.now,
})
handlers.match("Handshake-Answer", handshake.isAnswer, handshake.accept)

action("Info", info.info)
action("MintTIM3", deposits.quote)
action("LockCollateral-Success", deposits.locked)
action("Cancel-Lock", deposits.cancelLock)
action("RedeemTIM3", redeem.request)
action("BurnTIM3", redeem.request)
for _, name in ipairs(answers.ACTIONS) do
  guard.reads({ [name] = answers.READS })
  action(name, answers.handler(name))
end
action("UpdatePosition-Response", positions.updateConfirmed)
action("Need-Replay", positions.needReplay)
action("Risk-Alert", pause.riskAlert)
action("EmergencyPause", pause.emergencyPause)
action("Pause-Notice-Response", pause.confirmed)
action("Set-Guardian", pause.setGuardian)
action("SetLimits", limitSettings.setLimits)
action("Set-Cap-Response", limitSettings.capConfirmed)
action("Sweep-Expired", sweep.run)
action("CleanupExpired", sweep.run)
action("GetOperation", info.getOperation)
action("GetPosition", positions.getPosition)
action("SystemHealth", info.systemHealth)
guard.installDrop()

publication.update()
