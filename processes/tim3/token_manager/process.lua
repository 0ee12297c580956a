--- Token Manager: the ledger of TIM3. Only the Coordinator's word mints or burns.
--
-- The token standard (quantities: canonical decimal text in base units; Denomination 12):
--   Info, Balance {Target? or Recipient?}, Balances {Limit?, Cursor?}, Total-Supply,
--   Transfer {Recipient, Quantity, X-*}    as Mock USDA; Balance has {target, balance, ticker}
--
-- From the Coordinator alone. Each Op-Id is decided once; asked again, the same answer comes again:
--   Mint {Op-Id, Recipient, Quantity}   -> Mint-Response {Op-Id, Recipient, Quantity, Supply}, and
--                                          Credit-Notice {X-Action=TIM3-Mint, X-Op-Id} to the
--                                          Recipient; Mint-Error {Final=true}; Mint-Cancelled
--   Burn {Op-Id, User, Quantity}        -> Burn-Response {Op-Id, User, Quantity, Supply}, and
--                                          Debit-Notice {Recipient, Quantity, Sender, X-Op-Id} to
--                                          User; Burn-Error {Final=true}; Burn-Cancelled
--   Cancel-Mint, Cancel-Burn {Op-Id}    -> what was decided, or -Cancelled for good
--   Set-Cap {Supply-Cap, Seq}           -> Set-Cap-Response {Seq}
--   Pause-Notice {Scope, Pause, Seq}    -> Pause-Notice-Response {Seq}
-- All operation commands carry Low-Water.
--
-- From the State Manager: Report-Request -> Report-Supply {Quantity, Seq}, also after each change.
-- From anyone: GetOperation {Op-Id} -> Operation-Response; TokenStats -> TokenStats-Response.
--
-- And what all processes have: GetConfig, SetProcessConfig, Lock-Config, Propose-Admin,
-- Accept-Admin, Renounce-Owner, Health (lib/config.lua). There is no public Burn: who destroyed
-- TIM3 without redeeming would only leave collateral behind.
--
-- Spawn tags: Name, Ticker, Denomination; Pause-Transfers (off): a pause of everything stops
-- transfers too.
local amount = require("lib.amount")
local book = require("lib.book")
local config = require("lib.config")
local guard = require("lib.guard")
local ledger = require("lib.ledger")
local manager = require("token_manager.handlers")
local publish = require("lib.publish")
local state = require("lib.state")
local system = require("system")

-- {balances, supply, holders, minted, burned}
Ledger = state.keep(Ledger, ledger.make())
-- {cap, seq, by}: the cap of the greatest Seq of the Coordinator, who owns it
MaxSupply = state.keep(MaxSupply, { cap = amount.MAX, seq = 0 })
-- Op-Id -> what was decided
Operations = state.keep(Operations, book.make())

guard.install({})
config.install({
  role = "token_manager",
  roles = system.PROCESSES,
  required = { "coordinator", "state_manager" },
  mayChange = manager.mayChange,
  health = manager.health,
  limits = manager.limits,
})
manager.install()
guard.installDrop()

publish.publish({
  supply = Ledger.supply,
  minted = Ledger.minted,
  burned = Ledger.burned,
  cap = MaxSupply.cap,
})
