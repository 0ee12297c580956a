--- Looking for trouble: the score, and whether the coordinator's totals are what ledgers attest.
local answer = require("lib.answer")
local clock = require("lib.clock")
local figures = require("state_manager.figures")
local publication = require("state_manager.publication")
local roles = require("lib.roles")
local score = require("state_manager.score")
local system = require("system")

local alerts = {}

local WITNESSES = { "lock_manager", "token_manager" }

--- Return why the score is low, as texts.
local function reasons()
  local locked, supply = figures.attested(Figures, "locked"), figures.attested(Figures, "supply")
  local counts, list = figures.counts(Figures), {}
  if not score.isShown(locked, supply) then
    list[1] = string.format("backing not shown: %s attested for a supply of %s", locked, supply)
  end
  for _, level in ipairs({ "critical", "danger", "warning" }) do
    if counts[level] > 0 then
      list[#list + 1] = string.format("%d positions: %s", counts[level], level)
    end
  end
  return list
end

local function raise(reason)
  local coordinator = roles.peer("coordinator")
  if coordinator then
    answer.notify(coordinator, "Risk-Alert", { Score = publication.score(), Reason = reason })
  end
end

--- An empty system shows no backing, and that is no risk.
function alerts.check(msg)
  local points = publication.score()
  local isRisk = points < score.THRESHOLD and not figures.isEmpty(Figures)
  local list = isRisk and reasons() or {}
  if isRisk then
    raise(table.concat(list, "; "))
  end
  answer.respond(msg, "RiskAlerts-Response", nil, {
    systemHealthScore = points,
    threshold = score.THRESHOLD,
    alerts = list,
  })
end

local function askForReports()
  for _, role in ipairs(WITNESSES) do
    if roles.peer(role) then
      ReportsAwaited[role] = true
      answer.notify(roles.peer(role), "Report-Request")
    end
  end
end

--- Return the differences as one text: equal texts are the same trouble.
local function describe(differences)
  local parts = {}
  for index, item in ipairs(differences) do
    local text = "%s %s recorded, %s attested"
    parts[index] = text:format(item.figure, item.recorded, item.attested)
  end
  return table.concat(parts, "; ")
end

--- Return whether nothing has moved for a whole time-out although there is a difference: then it is
--- no operation under way.
local function isAtRest(text)
  if Trouble.text ~= text then
    Trouble = { text = text, since = clock.now() }
  end
  return clock.now() - Trouble.since > system.TIMEOUT_MS
end

local function askForReplay()
  if roles.peer("coordinator") then
    answer.notify(roles.peer("coordinator"), "Need-Replay")
  end
end

--- Compare, ask everyone again where there is a difference, and say so when it stays.
function alerts.reconcile(msg)
  local differences = figures.differences(Figures)
  askForReports()
  if #differences == 0 then
    Trouble = {}
  else
    local text = describe(differences)
    askForReplay()
    if isAtRest(text) then
      raise("unreconciled: " .. text)
    end
  end
  answer.respond(msg, "Reconcile-Response", { Ok = #differences == 0 }, {
    ok = #differences == 0,
    differences = differences,
  })
end

return alerts
