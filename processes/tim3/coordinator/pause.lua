--- EmergencyPause, the guardian, alerts; and the notices of them, repeated until each is confirmed.
local address = require("lib.address")
local answer = require("lib.answer")
local clock = require("lib.clock")
local flags = require("lib.pause")
local ids = require("lib.ids")
local limitSettings = require("coordinator.limit_settings")
local ring = require("lib.ring")
local roles = require("lib.roles")
local tags = require("lib.tags")

local pause = {}

-- Whoever keeps a copy of the flags, in the order in which they are told.
local LISTENERS = { "token_manager", "lock_manager", "state_manager" }
local SCOPES = { "mint", "redeem", "all" }
local MAX_REASON = 256

--- Return the notices of the given scopes that still say something, oldest first.
local function noticesOf(scopes)
  local list = {}
  for _, scope in ipairs(SCOPES) do
    if PauseNotices[scope] and scopes[scope] then
      list[#list + 1] = PauseNotices[scope]
    end
  end
  table.sort(list, function(a, b)
    return a.seq < b.seq
  end)
  return list
end

local function tell(role, notice)
  answer.notify(roles.peer(role), "Pause-Notice", {
    Scope = notice.scope,
    Pause = notice.paused,
    Seq = notice.seq,
  })
end

local function tellAwaited(role)
  for _, notice in ipairs(noticesOf(PauseAwaited[role] or {})) do
    tell(role, notice)
  end
end

--- Send each peer what it has not confirmed.
function pause.repeatNotices()
  for _, role in ipairs(LISTENERS) do
    tellAwaited(role)
  end
end

--- A peer is new: whatever was ever paused or unpaused is news to it.
function pause.introduce(role)
  PauseAwaited[role] = {}
  for _, scope in ipairs(SCOPES) do
    PauseAwaited[role][scope] = PauseNotices[scope] and true or nil
  end
  tellAwaited(role)
end

local function announce(notice)
  for _, role in ipairs(LISTENERS) do
    if roles.peer(role) then
      PauseAwaited[role] = PauseAwaited[role] or {}
      PauseAwaited[role][notice.scope] = true
      tell(role, notice)
    end
  end
end

--- Set flags here and at the others.
local function set(scope, paused)
  PauseSeq = PauseSeq + 1
  flags.set(scope, paused, PauseSeq)
  if scope == "all" then
    PauseNotices = {} -- it speaks for every scope: the earlier notices say nothing any more
  end
  PauseNotices[scope] = { scope = scope, paused = paused, seq = PauseSeq }
  announce(PauseNotices[scope])
end

local function isScope(text)
  return text == "mint" or text == "redeem" or text == "all"
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
  local scope, paused = tags.get(msg, "Scope"), tags.get(msg, "Pause")
  local fault = refusal(msg, paused == "true")
  if fault then
    return answer.fail(msg, "Unauthorized", fault)
  elseif not isScope(scope) or not (paused == "true" or paused == "false") then
    return answer.fail(msg, "InvalidConfig", "Scope is mint, redeem or all; Pause is true or false")
  end
  set(scope, paused == "true")
  answer.respond(msg, "EmergencyPause-Response", { Scope = scope, Pause = paused, Seq = PauseSeq }, {
    systemActive = not flags.isPausedFully(),
    paused = flags.flags(),
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
  for _, notice in ipairs(noticesOf(PauseAwaited[role] or {})) do
    if notice.seq == seq then
      PauseAwaited[role][notice.scope] = nil
    end
  end
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
  if limitSettings.now()["Auto-Pause"] == "on" and not flags.isPaused("mint") then
    set("mint", true)
  end
end

return pause
