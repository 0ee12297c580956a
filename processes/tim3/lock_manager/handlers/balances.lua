--- Our balance at the token: asked by sweeps, answered by a message that needs no Action.
--
--   ask()    ask, where the answer can tell anything
--
-- An answer is valid only if no transfer of ours began or ended between question and answer
-- (operations.commit drops the question). With nothing in flight it tells the surplus; with one
-- operation in flight it tells whether that one's transfer was executed at all.
local amount = require("lib.amount")
local answer = require("lib.answer")
local clock = require("lib.clock")
local handlers = require("lib.handlers")
local operations = require("lock_manager.operations")
local phases = require("lock_manager.phases")
local probes = require("lock_manager.probes")
local publication = require("lock_manager.publication")
local roles = require("lib.roles")
local state = require("lib.state")
local system = require("system")
local tags = require("lib.tags")

local balances = {}

-- When the surplus was last asked about
SurplusAskedAt = state.keep(SurplusAskedAt, 0)

-- What the answer must have once each; the guard knows tags by Action, and a stock answer has none.
local FIELDS = { "Balance", "Account", "X-Reference" }

local function send()
  answer.notify(roles.peer("mock_usda"), "Balance", {})
  Probe = { reference = string.format("%d", ao.reference), at = clock.now() }
end

function balances.ask()
  local inFlight = operations.inFlight()
  local isIdle = #inFlight == 0 and clock.now() - SurplusAskedAt > system.TIMEOUT_MS
  local isStuck = #inFlight == 1 and inFlight[1].attention
  if not roles.peer("mock_usda") or not (isIdle or isStuck) then
    return
  end
  if isIdle then
    SurplusAskedAt = clock.now()
  end
  send()
end

local function isBalance(msg)
  local action = tags.get(msg, "Action")
  return roles.isPeer(msg, "mock_usda")
    and (action == nil or action == "Balance-Response")
    and tags.get(msg, "Balance") ~= nil
end

local function isAnswer(msg)
  return Probe
    and tags.get(msg, "X-Reference") == Probe.reference
    and tags.get(msg, "Account") == ao.id
    and amount.isZeroOr(tags.get(msg, "Balance"))
    and not tags.repeated(msg, FIELDS)
end

local function learnSurplus(balance)
  -- With nothing in flight less than what is owed cannot be; it would be no surplus anyhow.
  Surplus = amount.sub(balance, Pool.locked) or amount.ZERO
  publication.sums()
end

local function learnOutcome(operation, balance, at)
  local expected = amount.add(Pool.locked, Surplus) or Pool.locked
  local changes = probes.judge(operation, balance, expected, at, system.TIMEOUT_MS)
  operations.commit(phases.with(operation, changes))
end

local function balance(msg)
  if not isAnswer(msg) then
    return answer.ignore(msg, "not the answer to our question")
  end
  local at, inFlight = Probe.at, operations.inFlight()
  Probe = false
  if #inFlight == 0 then
    learnSurplus(tags.get(msg, "Balance"))
  else
    learnOutcome(inFlight[1], tags.get(msg, "Balance"), at)
  end
end

function balances.install()
  handlers.match("Balance-Response", isBalance, balance)
end

return balances
