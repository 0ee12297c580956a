--- Mock USDA: a collateral token for tests, with holds.
--
-- The token standard (quantities: canonical decimal text in base units; Denomination 12):
--   Info                                     -> Info-Response {Name, Ticker, Denomination, Supply}
--   Balance {Target? or Recipient?}          -> Balance-Response {Balance, Account, Ticker},
--                                               JSON {target, balance, locked, available}
--   Balances {Limit?, Cursor?}               -> Balances-Response, JSON {balances, cursor, holders}
--   Total-Supply                             -> Total-Supply-Response {Supply, Ticker}
--   Transfer {Recipient, Quantity, X-*}      -> Debit-Notice to the sender, Credit-Notice to the
--                                               recipient, both with the X- tags; with `Cast`
--                                               neither. A repeated X-Op-Id moves nothing and
--                                               repeats the Debit-Notice
--   Mint {Recipient?, Quantity}              -> Mint-Response, Credit-Notice. Owner and admin; with
--                                               the spawn tag Faucet=on anyone, up to Faucet-Cap
--
-- Holds: what is locked stays its holder's, but cannot be spent. Minting TIM3 does not use them.
--   Lock {Quantity, Locker, Expires? in ms}  -> Lock-Response {Lock-Id}, Lock-Notice to the locker
--   Unlock {Lock-Id}                         -> Unlock-Response, Unlock-Notice. The locker at any
--                                               time, the holder after Expires
--
-- And what all processes have: GetConfig, SetProcessConfig, Lock-Config, Propose-Admin,
-- Accept-Admin, Renounce-Owner, Health (lib/config.lua). It needs to know none of the others.
--
-- Spawn tags: Name, Ticker, Denomination; Faucet (off), Faucet-Cap (10,000 tokens);
-- Idempotent-Transfers (on).
local config = require("lib.config")
local guard = require("lib.guard")
local holds = require("mock_usda.holds")
local ledger = require("lib.ledger")
local publish = require("lib.publish")
local state = require("lib.state")
local system = require("system")
local usda = require("mock_usda.handlers")

-- {balances, supply, holders, minted, burned}
Ledger = state.keep(Ledger, ledger.make())
-- {byId, held, open}
Holds = state.keep(Holds, holds.make())
-- sender -> its transfers that carried an X-Op-Id
Executed = state.keep(Executed, {})
-- account -> what it had of the faucet
FaucetDrawn = state.keep(FaucetDrawn, {})

guard.install({})
config.install({ role = "mock_usda", roles = system.PROCESSES })
usda.install()
guard.installDrop()

publish.publish({ supply = Ledger.supply })
