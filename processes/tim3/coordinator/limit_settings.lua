--- SetLimits, and the supply cap that the token manager keeps as well.
local answer = require("lib.answer")
local clock = require("lib.clock")
local ids = require("lib.ids")
local jsonText = require("lib.json_text")
local limits = require("coordinator.limits")
local roles = require("lib.roles")
local tags = require("lib.tags")

local settings = {}

--- Return the limits that hold now, without writing anything.
function settings.now()
  return limits.effective(Limits, WaitingLimits, clock.now())
end

function settings.timeout()
  return limits.milliseconds(settings.now(), "Timeout-Ms")
end

function settings.window()
  return limits.milliseconds(settings.now(), "Window-Ms")
end

--- Whether this token manager has confirmed this cap.
local function isCapConfirmed()
  return CapConfirmed.by == roles.peer("token_manager") and CapConfirmed.seq == CapSeq
end

--- Tell the token manager the cap until it confirms.
function settings.repeatCap()
  local tokenManager = roles.peer("token_manager")
  if tokenManager and not isCapConfirmed() then
    answer.notify(tokenManager, "Set-Cap", {
      ["Supply-Cap"] = Limits["Supply-Cap"],
      ["Seq"] = CapSeq,
    })
  end
end

local function adopt(staged)
  local isNewCap = staged.limits["Supply-Cap"] ~= Limits["Supply-Cap"]
  local seq = isNewCap and CapSeq + 1 or CapSeq
  Limits, WaitingLimits, CapSeq = staged.limits, staged.waiting or false, seq
  if isNewCap then
    settings.repeatCap()
  end
end

--- Write down what has become due.
function settings.settle()
  local current = settings.now()
  if current ~= Limits then
    adopt({ limits = current })
  end
end

--- Return what SetLimits leads to (limits.stage), or nil, code, text.
local function stage(msg)
  local current, changes = settings.now(), {}
  for _, name in ipairs(limits.NAMES) do
    changes[name] = tags.get(msg, name)
  end
  local wanted, code, text = limits.merge(current, changes)
  if not wanted then
    return nil, code, text
  end
  return limits.stage(current, wanted, clock.now())
end

function settings.setLimits(msg)
  if not roles.isAdminItself(msg) then
    return answer.fail(msg, "Unauthorized", "only the admin may set limits")
  end
  local staged, code, text = stage(msg)
  if not staged then
    return answer.fail(msg, code, text)
  end
  adopt(staged)
  answer.respond(msg, "SetLimits-Response", nil, {
    limits = Limits,
    waiting = WaitingLimits and WaitingLimits.limits or jsonText.NULL,
    waitingUntil = WaitingLimits and WaitingLimits.at or jsonText.NULL,
  })
end

function settings.capConfirmed(msg)
  if not roles.isPeer(msg, "token_manager") then
    return answer.ignore(msg, "not from the token manager")
  end
  if ids.number(tags.get(msg, "Seq")) == CapSeq then
    CapConfirmed = { by = msg.From, seq = CapSeq }
  end
end

return settings
