--- EmergencyPause, the guardian, alerts; and the notices of them, repeated until each is confirmed.
local address = require("lib.address")
local answer = require("lib.answer")
local clock = require("lib.clock")
local flags = require("coordinator.flags")
local ids = require("lib.ids")
local limitSettings = require("coordinator.limit_settings")
local ring = require("lib.ring")
local roles = require("lib.roles")
local tags = require("lib.tags")

local pause = {}

-- Whoever keeps a copy of the flags, in the order in which they are told.
local LISTENERS = { "token_manager", "lock_manager", "state_manager" }
local SCOPES = { mint = true, redeem = true, all = true }
local BOOLEANS = { ["true"] = true, ["false"] = false }
local MAX_REASON = 256

--- Return what a peer has confirmed, scope -> seq. What its predecessor confirmed is news to it.
local function confirmedBy(role)
  local known = PauseConfirmed[role]
  return known and known.by == roles.peer(role) and known.scopes or {}
end

local function tell(role, notice)
  answer.notify(roles.peer(role), "Pause-Notice", {
    Scope = notice.scope,
    Pause = notice.paused,
    Seq = notice.seq,
  })
end

--- Send each peer what it has not confirmed.
function pause.repeatNotices()
  for _, role in ipairs(LISTENERS) do
    for _, notice in ipairs(flags.awaited(PauseNotices, confirmedBy(role))) do
      if roles.peer(role) then
        tell(role, notice)
      end
    end
  end
end

--- Set a flag here and tell the others.
local function set(scope, paused)
  local notice = { scope = scope, paused = paused, seq = PauseSeq + 1 }
  PauseSeq, PauseNotices = notice.seq, flags.with(PauseNotices, notice)
  for _, role in ipairs(LISTENERS) do
    if roles.peer(role) then
      tell(role, notice)
    end
  end
end

--- Return why the sender may not do this, or nil. The guardian may stop things, not start them.
local function refusal(msg, isPausing)
  local isGuardian = Guardian ~= "" and msg.From == Guardian
  if roles.isAdminItself(msg) or (isGuardian and isPausing) then
    return nil
  end
  return isGuardian and "the guardian may pause only" or "only the admin or the guardian may pause"
end

function pause.emergencyPause(msg)
  local scope, paused = tags.get(msg, "Scope"), BOOLEANS[tags.get(msg, "Pause")]
  local fault = refusal(msg, paused)
  if fault then
    return answer.fail(msg, "Unauthorized", fault)
  elseif not SCOPES[scope] or paused == nil then
    return answer.fail(msg, "InvalidConfig", "Scope is mint, redeem or all; Pause is true or false")
  end
  set(scope, paused)
  local said = { Scope = scope, Pause = paused, Seq = PauseSeq }
  answer.respond(msg, "EmergencyPause-Response", said, {
    systemActive = not flags.isPausedFully(PauseNotices),
    paused = flags.view(PauseNotices),
    reason = (tags.get(msg, "Reason") or ""):sub(1, MAX_REASON),
  })
end

function pause.setGuardian(msg)
  local guardian = tags.get(msg, "Guardian")
  if not roles.isAdminItself(msg) then
    return answer.fail(msg, "Unauthorized", "only the admin may name the guardian")
  elseif guardian ~= "" and not address.is(guardian) then
    return answer.fail(msg, "InvalidAddress", "Guardian is neither an address nor empty")
  end
  Guardian = guardian
  answer.respond(msg, "Set-Guardian-Response", { Guardian = guardian })
end

local function listenerOf(msg)
  for _, role in ipairs(LISTENERS) do
    if roles.isPeer(msg, role) then
      return role
    end
  end
  return nil
end

function pause.confirmed(msg)
  local role, seq = listenerOf(msg), ids.number(tags.get(msg, "Seq"))
  if not role then
    return answer.ignore(msg, "not from a process that is told of pauses")
  end
  local scopes = confirmedBy(role)
  for _, notice in ipairs(flags.awaited(PauseNotices, scopes)) do
    if notice.seq == seq then
      scopes[notice.scope] = seq
    end
  end
  PauseConfirmed[role] = { by = msg.From, scopes = scopes }
end

--- The state manager sees a risk. People decide, unless Auto-Pause is on.
function pause.riskAlert(msg)
  if not roles.isPeer(msg, "state_manager") then
    return answer.fail(msg, "Unauthorized", "only the state manager raises alerts")
  end
  ring.push(RiskAlerts, {
    score = (tags.get(msg, "Score") or ""):sub(1, 3),
    reason = (tags.get(msg, "Reason") or ""):sub(1, MAX_REASON),
    at = clock.now(),
  })
  local isAutomatic = limitSettings.now()["Auto-Pause"] == "on"
  if isAutomatic and not flags.isPaused(PauseNotices, "mint") then
    set("mint", true)
  end
end

return pause
