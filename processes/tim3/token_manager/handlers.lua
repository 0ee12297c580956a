--- Token Manager: Action, checked input, one rule, one answer.
local amount = require("lib.amount")
local anomalies = require("lib.anomalies")
local answer = require("lib.answer")
local clock = require("lib.clock")
local config = require("lib.config")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local ids = require("lib.ids")
local operations = require("token_manager.operations")
local pause = require("lib.pause")
local publish = require("lib.publish")
local report = require("lib.report")
local roles = require("lib.roles")
local system = require("system")
local tags = require("lib.tags")
local token = require("lib.token")

local manager = {}

-- What a command about an operation may say of it, and what a replay must agree with.
local FIELDS = { "Recipient", "User", "Quantity", "Kind" }
-- Each command: what it is about, and whether it takes it back.
local COMMANDS = {
  ["Mint"] = { type = "mint" },
  ["Burn"] = { type = "burn" },
  ["Cancel-Mint"] = { type = "mint", isCancel = true },
  ["Cancel-Burn"] = { type = "burn", isCancel = true },
}

local function readRequest(msg, command)
  local fields = {}
  for _, name in ipairs(FIELDS) do
    fields[name] = tags.get(msg, name)
  end
  return {
    type = command.type,
    opId = tags.get(msg, "Op-Id"),
    fields = fields,
    lowWater = ids.number(tags.get(msg, "Low-Water")),
    now = clock.now(),
    timeout = system.TIMEOUT_MS,
    token = ao.id,
  }
end

local function accountOf(entry)
  local fields = entry.fields or {}
  return entry.type == "mint" and fields.Recipient or fields.User or ""
end

--- Whether it changed the ledger: refusals and tombstones did not.
local function isEffect(entry)
  return entry.outcome.phase == "minted" or entry.outcome.phase == "burned"
end

local function quantityOf(entry)
  local quantity = entry.fields and entry.fields.Quantity
  return amount.is(quantity) and quantity or amount.ZERO
end

--- Publish what was decided, and what was forgotten on the way.
local function publishDecision(entry, forgotten)
  local shown = {
    [entry.opId] = {
      kind = entry.type,
      phase = entry.outcome.phase,
      quantity = quantityOf(entry),
      user = accountOf(entry),
    },
  }
  for _, opId in ipairs(forgotten) do
    shown[opId] = ""
  end
  local more = { ops = shown, minted = Ledger.minted, burned = Ledger.burned }
  token.publishBalances(isEffect(entry) and { accountOf(entry) } or {}, more)
end

local function sendOutcome(msg, outcome)
  answer.respond(msg, outcome.action, outcome.tags, outcome.text)
end

local function tellHolder(entry)
  local account, quantity = accountOf(entry), quantityOf(entry)
  if entry.type == "mint" then
    local map = { ["X-Action"] = "TIM3-Mint", ["X-Op-Id"] = entry.opId }
    return token.credit(account, quantity, ao.id, map)
  end
  local map = { ["X-Action"] = "TIM3-Burn", ["X-Op-Id"] = entry.opId }
  local text = string.format("%s %s were redeemed.", quantity, token.ticker())
  token.debit(account, { recipient = ao.id, quantity = quantity, text = text }, map)
end

local function decide(request, isCancel)
  if isCancel then
    return operations.cancel(Operations, request)
  elseif request.type == "mint" then
    return operations.mint(Operations, Ledger, MaxSupply.cap, request)
  end
  return operations.burn(Operations, Ledger, request)
end

local function perform(msg, request, isCancel)
  local forgotten = operations.forget(Operations, request)
  local entry = decide(request, isCancel)
  sendOutcome(msg, entry.outcome)
  if isEffect(entry) then
    tellHolder(entry)
    report.send()
  end
  publishDecision(entry, forgotten)
end

--- Check who commands, and whether this process is ready: nil, or code and text.
local function whyNot(msg)
  if not roles.isPeer(msg, "coordinator") then
    return "Unauthorized", "only the configured coordinator may order this"
  elseif not config.isConfigured() then
    return "NotConfigured", "missing: " .. table.concat(config.missing(), ", ")
  end
  return nil
end

local function command(msg, kind)
  local code, text = whyNot(msg)
  if code then
    return answer.fail(msg, code, text)
  end
  local request = readRequest(msg, kind)
  local verdict, found, reason = operations.judge(Operations, request)
  if verdict == "replay" then
    return sendOutcome(msg, found.outcome)
  elseif verdict == "new" then
    return perform(msg, request, kind.isCancel)
  end
  if found == "WrongPhase" then
    anomalies.record(msg, reason)
  end
  answer.fail(msg, found, reason)
end

local function getOperation(msg)
  local opId = tags.get(msg, "Op-Id")
  local entry = operations.find(Operations, opId)
  if not entry then
    return answer.fail(msg, "UnknownOperation", "no such operation was decided here")
  end
  answer.respond(msg, "Operation-Response", { ["Op-Id"] = opId }, {
    opId = opId,
    kind = entry.type,
    phase = entry.outcome.phase,
    user = accountOf(entry),
    quantity = quantityOf(entry),
    error = entry.outcome.tags.Error,
  })
end

local function setCap(msg)
  local cap, seq = tags.get(msg, "Supply-Cap"), ids.number(tags.get(msg, "Seq"))
  if not roles.isPeer(msg, "coordinator") then
    return answer.fail(msg, "Unauthorized", "only the configured coordinator may set the cap")
  elseif not amount.isZeroOr(cap) or not seq then
    return answer.fail(msg, "InvalidQuantity", "Supply-Cap and Seq must be canonical digits")
  end
  -- A new coordinator counts its Seq anew: its word goes over that of the one before.
  if seq > MaxSupply.seq or MaxSupply.by ~= msg.From then
    MaxSupply = { cap = cap, seq = seq, by = msg.From }
    publish.publish({ cap = cap })
  end
  answer.respond(msg, "Set-Cap-Response", { Seq = seq })
end

local function tokenStats(msg)
  answer.respond(msg, "TokenStats-Response", nil, {
    totalSupply = Ledger.supply,
    totalMinted = Ledger.minted,
    totalBurned = Ledger.burned,
    maxSupply = MaxSupply.cap,
    uniqueHolders = Ledger.holders,
    name = token.name(),
    ticker = token.ticker(),
    denomination = token.denomination(),
  })
end

--- A pause of everything stops transfers too where the spawn tag Pause-Transfers says so.
local function pauseScopes()
  if tags.isTrue(tags.ofProcess("Pause-Transfers")) then
    return { "mint", "redeem", "transfer" }
  end
  return { "mint", "redeem" }
end

local function admitTransfer()
  if pause.isPaused("transfer") then
    return nil, "Paused", "transfers are paused"
  end
  return "new"
end

local function publishPauses()
  local texts = {}
  for scope, paused in pairs(pause.flags()) do
    texts[scope] = tostring(paused)
  end
  publish.publish({ paused = texts })
end

--- Who may be replaced now: holders rely on collateral and custody, open operations on the others.
function manager.mayChange(role)
  if role == "coordinator" or role == "state_manager" then
    return pause.isPausedFully(), "WrongPhase", "pause mint and redeem before changing " .. role
  end
  return Ledger.supply == amount.ZERO, "WrongPhase", role .. " stays while there is supply"
end

function manager.health()
  return { paused = pause.flags() }
end

function manager.limits()
  return { ["Supply-Cap"] = MaxSupply.cap }
end

local function installToken()
  token.install({
    ledger = function()
      return Ledger
    end,
    name = "TIM3",
    ticker = "TIM3",
    balanceView = function()
      return { ticker = token.ticker() }
    end,
    admit = admitTransfer,
  })
end

local function installCommands()
  for action, kind in pairs(COMMANDS) do
    guard.reads({ [action] = { "Op-Id", "Recipient", "User", "Quantity", "Kind", "Low-Water" } })
  end
  for _, action in ipairs({ "Mint", "Burn", "Cancel-Mint", "Cancel-Burn" }) do
    handlers.action(action, function(msg)
      command(msg, COMMANDS[action])
    end)
  end
end

function manager.install()
  installToken()
  installCommands()
  guard.reads({ GetOperation = { "Op-Id" }, ["Set-Cap"] = { "Supply-Cap", "Seq" } })
  handlers.action("GetOperation", getOperation)
  handlers.action("Set-Cap", setCap)
  handlers.action("TokenStats", tokenStats)
  pause.install({
    controller = "coordinator",
    scopes = pauseScopes(),
    applied = publishPauses,
  })
  report.install({
    action = "Report-Supply",
    observer = "state_manager",
    quantity = function()
      return Ledger.supply
    end,
  })
end

return manager
