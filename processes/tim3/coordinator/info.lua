--- What anyone may ask of the coordinator as a whole, and of one operation.
local accounts = require("coordinator.accounts")
local answer = require("lib.answer")
local config = require("lib.config")
local flags = require("coordinator.flags")
local jsonText = require("lib.json_text")
local operations = require("coordinator.operations")
local ring = require("lib.ring")
local tags = require("lib.tags")
local updates = require("coordinator.updates")

local info = {}

local TICKER = "TIM3-COORD"
local VERSION = "1.0.0"
-- TIM3 is worth its collateral: another ratio would need conversion, and there is none.
local RATIO = 1

local function name()
  return tags.ofProcess("Name") or Name
end

--- Totals are JSON numbers here, and exact: above 2^53 - 1 only their text twins tell them.
function info.info(msg)
  local minted, collateral = accounts.shown(Accounts.minted), accounts.shown(Accounts.collateral)
  answer.respond(msg, "Info-Response", { Name = name(), Ticker = TICKER, Version = VERSION }, {
    name = name(),
    ticker = TICKER,
    version = VERSION,
    systemActive = not flags.isPausedFully(PauseNotices),
    collateralRatio = RATIO,
    totalTIM3Minted = jsonText.integer(minted),
    totalTIM3MintedQty = minted,
    totalCollateral = jsonText.integer(collateral),
    totalCollateralQty = collateral,
  })
end

--- What Health says beyond what all processes say.
function info.health()
  return {
    paused = flags.view(PauseNotices),
    openOperations = operations.openCount(Operations),
    unconfirmedUpdates = updates.count(Updates),
    riskAlerts = ring.count(RiskAlerts),
  }
end

function info.systemHealth(msg)
  answer.respond(msg, "SystemHealth-Response", nil, config.health())
end

function info.getOperation(msg)
  local id = tags.get(msg, "Op-Id")
  local operation = operations.find(Operations, id)
  if not operation then
    return answer.fail(msg, "UnknownOperation", "no such operation is known here")
  end
  answer.respond(msg, "Operation-Response", { ["Op-Id"] = id }, {
    opId = id,
    kind = operation.kind,
    phase = operation.phase,
    closed = operation.closed,
    user = operation.user,
    recipient = operation.recipient,
    quantity = operation.quantity,
    reason = operation.reason,
    note = operation.note,
    openedAt = operation.at,
    since = operation.since,
  })
end

return info
