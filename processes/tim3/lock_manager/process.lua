--- Lock Manager: the custodian. All collateral of TIM3 lies here.
--
-- A deposit is a transfer of the collateral token to this process with X-Action=Mint-TIM3 and, if
-- wanted, X-Recipient (who gets the TIM3) and X-Op-Ref (a memo). Quantities are canonical decimal
-- text in base units. An operation is M-n (a lock, opened by a deposit), R-n (an unlock, opened by
-- the coordinator's redeem) or W-n (a refund of another token). Its phases:
--
--   M-n   locked -> consumed | cancelling | refunding
--         cancelling -> consumed | refunding
--         refunding -> refunded | refund-failed -> refunding
--   R-n   unlocking -> unlocked | unlock-failed -> unlocking
--
-- From a token:
--   Credit-Notice {Sender, Quantity, X-Action, X-Recipient?, X-Op-Ref?}
--       of the collateral: LockCollateral-Success {Op-Id, Lock-Id, User, Recipient, Quantity} to
--       the coordinator and Lock-Notice to the depositor; or a Transfer back with X-Refund-Reason =
--       NotConfigured, UnknownAction or InvalidAddress. Of another token: a Transfer back, at most
--       16 a token and hour. What opens nothing is a stray: recorded, kept
--   Debit-Notice {X-Op-Id, Recipient, Quantity, Sender}   our transfer was executed
--   Transfer-Error {X-Op-Id}                              it was not; heard if authenticated
--   Balance, Account, X-Reference (any Action or none)    the answer to our question
--
-- From the coordinator alone; each carries Op-Id and Low-Water:
--   UnlockCollateral {User, Recipient, Quantity, Kind=refund|redeem, Reason?}
--       -> UnlockCollateral-Pending, -Success or -Error: what has become of the operation so far.
--       A refund goes to the depositor of the lock; a redeem to Recipient. Success or Error comes
--       again, unasked, when the token has answered, and Unlock-Notice goes to the user
--   Consume-Lock            -> Consume-Lock-Response: the lock backs live TIM3
--   Lock-Cancelled          the coordinator will never mint for this lock: it goes back
--   Pause-Notice {Scope, Pause, Seq}   -> Pause-Notice-Response {Seq}
--
-- From the State Manager: Report-Request -> Report-Locked {Quantity, Seq}, also after each change.
--
-- From anyone:
--   Sweep-Expired {Limit? <= 25}   -> Sweep-Response {sweptOperations, remaining}: each operation
--       that waits longer than Timeout is retried; a lock that waits three of them is given up
--   Retry-Operation {Op-Id}        -> Retry-Response {Op-Id, Phase}; with Give-Up=true, from the
--       depositor or the admin, Cancel-Lock {Op-Id} goes to the coordinator
--   Info; GetLockInfo {Lock-Id? or User?, Limit?, Cursor?} -> LockInfo-Response {locks, count,
--   cursor}; LockStats -> LockStats-Response; GetOperation {Op-Id} -> Operation-Response
--
-- From the admin: Resolve-Operation {Op-Id, Outcome=done|not-done, Evidence}
--   -> Resolve-Operation-Response {Op-Id, Phase}: after ten times Timeout, and only where the token
--   is not idempotent. GetOperation then shows attention = needs-attention or likely-not-sent.
--
-- And what all processes have: GetConfig, SetProcessConfig, Lock-Config, Propose-Admin,
-- Accept-Admin, Renounce-Owner, Health (lib/config.lua). SetProcessConfig also takes
-- Token-Authenticated and Token-Idempotent (true or false: what may be believed of the collateral
-- token; both false at first) and Refund-Wrong-Tokens (true at first).
--
-- No lock that the coordinator was told of ever goes back without its word, and no transfer is sent
-- twice unless the token is idempotent or has said that the first one moved nothing.
local config = require("lib.config")
local balances = require("lock_manager.handlers.balances")
local custody = require("lock_manager.handlers.custody")
local deposits = require("lock_manager.handlers.deposits")
local guard = require("lib.guard")
local operations = require("lock_manager.operations")
local pause = require("lib.pause")
local publication = require("lock_manager.publication")
local queries = require("lock_manager.handlers.queries")
local report = require("lib.report")
local resolution = require("lock_manager.handlers.resolution")
local settings = require("lock_manager.settings")
local system = require("system")
local transfers = require("lock_manager.handlers.transfers")
local upkeep = require("lock_manager.handlers.upkeep")

-- State: all operations and the sums (lock_manager.operations), LowWaters (lock_manager.horizon),
-- Strays and Surplus (lock_manager.strays), RefundWrongTokens (handlers.deposits),
-- TokenAuthenticated and TokenIdempotent (handlers.transfers), SweepCursor (handlers.upkeep),
-- SurplusAskedAt (handlers.balances), and that of lib.

guard.install({ onRefusedCredit = deposits.onRefusedCredit })
config.install({
  role = "lock_manager",
  roles = system.PROCESSES,
  required = { "mock_usda", "coordinator", "state_manager" },
  mayChange = settings.mayChange,
  applied = settings.applied,
  extra = settings.EXTRA,
  health = settings.health,
  limits = settings.limits,
})
deposits.install()
transfers.install()
balances.install()
custody.install()
pause.install({ controller = "coordinator" })
report.install({
  action = "Report-Locked",
  observer = "state_manager",
  quantity = operations.locked,
})
upkeep.install()
resolution.install()
queries.install()
guard.installDrop()

publication.sums()
