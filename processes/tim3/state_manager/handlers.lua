--- State Manager: Action, checked input, one rule, one answer.
local address = require("lib.address")
local amount = require("lib.amount")
local answer = require("lib.answer")
local clock = require("lib.clock")
local config = require("lib.config")
local figures = require("state_manager.figures")
local ids = require("lib.ids")
local pause = require("lib.pause")
local publication = require("state_manager.publication")
local roles = require("lib.roles")
local score = require("state_manager.score")
local tags = require("lib.tags")

local observer = {}

local TICKER = "TIM3-STATE"
local VERSION = "1.0.0"

--- Return what UpdatePosition says, or nil, code, text.
local function readUpdate(msg)
  local update = {
    seq = ids.number(tags.get(msg, "Seq")),
    user = tags.get(msg, "User"),
    position = tags.get(msg, "User-Position"),
    supply = tags.get(msg, "Total-Supply"),
    collateral = tags.get(msg, "Total-Collateral"),
  }
  if not address.is(update.user) then
    return nil, "InvalidAddress", "User is not an address"
  elseif not (update.seq and amount.isSigned(update.position)) then
    return nil, "InvalidQuantity", "Seq and User-Position must be canonical digits"
  elseif not (amount.isZeroOr(update.supply) and amount.isZeroOr(update.collateral)) then
    return nil, "InvalidQuantity", "Total-Supply and Total-Collateral must be canonical digits"
  end
  return update
end

--- A page of a replay ends here: ask for the next one.
local function continueReplay(msg, update)
  if tags.get(msg, "Page-End") == "more" then
    answer.notify(msg.From, "Need-Replay", { Cursor = update.user })
  end
end

function observer.updatePosition(msg)
  if not roles.isPeer(msg, "coordinator") then
    return answer.fail(msg, "Unauthorized", "only the coordinator updates positions")
  end
  local update, code, text = readUpdate(msg)
  if not update then
    return answer.fail(msg, code, text)
  end
  if figures.update(Figures, update, clock.now()) then
    publication.update(update.user)
  end
  -- Also for what was known already: the coordinator repeats it until it hears this.
  answer.respond(msg, "UpdatePosition-Response", {
    ["Op-Id"] = tags.get(msg, "Op-Id"),
    ["Seq"] = update.seq,
  })
  continueReplay(msg, update)
end

--- Return the handler of a report: which figure it attests, and who may.
function observer.report(name, role)
  return function(msg)
    local quantity, seq = tags.get(msg, "Quantity"), ids.number(tags.get(msg, "Seq"))
    if not roles.isPeer(msg, role) then
      return answer.fail(msg, "Unauthorized", "only the " .. role .. " attests this figure")
    elseif not (amount.isZeroOr(quantity) and seq) then
      return answer.fail(msg, "InvalidQuantity", "Quantity and Seq must be canonical digits")
    end
    ReportsAwaited[role] = nil
    if figures.attest(Figures, name, quantity, seq, clock.now()) then
      publication.update()
    end
  end
end

--- Return how many of this process's questions are not answered.
local function pending()
  local count = 0
  for _ in pairs(ReportsAwaited) do
    count = count + 1
  end
  return count
end

--- Return the positions by risk level; nothing while there are none.
local function riskMetrics(active)
  local counts = figures.counts(Figures)
  if active == 0 then
    return {}
  end
  return {
    healthy = counts.healthy,
    warning = counts.warning,
    danger = counts.danger,
    critical = counts.critical,
  }
end

local function activePositions()
  local counts = figures.counts(Figures)
  return counts.healthy + counts.warning + counts.danger + counts.critical
end

--- What Health says beyond what all processes say.
function observer.health()
  local active = activePositions()
  return {
    systemHealthScore = publication.score(),
    targetCollateralRatio = score.TARGET,
    totalTIM3Supply = Figures.supply,
    totalCollateral = Figures.collateral,
    attestedSupply = figures.attested(Figures, "supply"),
    attestedCollateral = figures.attested(Figures, "locked"),
    activePositions = active,
    globalCollateralRatio = amount.ratio(Figures.collateral, Figures.supply) or "0.0000",
    riskMetrics = riskMetrics(active),
    pendingOperations = pending(),
    openOperations = pending(),
    lastUpdate = Figures.at,
    paused = pause.flags(),
  }
end

function observer.systemHealth(msg)
  answer.respond(msg, "SystemHealth-Response", nil, config.health())
end

function observer.info(msg)
  local name = tags.ofProcess("Name") or Name
  answer.respond(msg, "Info-Response", { Name = name, Ticker = TICKER, Version = VERSION }, {
    name = name,
    ticker = TICKER,
    version = VERSION,
    systemHealthScore = publication.score(),
    targetCollateralRatio = score.TARGET,
    totalTIM3Supply = Figures.supply,
    totalCollateral = Figures.collateral,
  })
end

function observer.getPosition(msg)
  local user = tags.get(msg, "User") or msg.From
  if not address.is(user) then
    return answer.fail(msg, "InvalidAddress", "User is not an address")
  end
  local holding, known = figures.holding(Figures, user), Figures.positions[user] or {}
  answer.respond(msg, "Position-Response", { User = user }, {
    user = user,
    position = {
      collateral = holding.collateral,
      tim3Balance = holding.tim3,
      healthFactor = amount.ratio(holding.collateral, holding.tim3) or "1.0000",
      riskLevel = holding.level,
      net = known.position or amount.ZERO,
      lastUpdate = known.at or 0,
    },
  })
end

return observer
