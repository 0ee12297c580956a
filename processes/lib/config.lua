--- The Actions that all processes of a bundle share, with hooks for what differs.
--
-- GetConfig, SetProcessConfig, Lock-Config, Health, and the handover of lib.admin.
--
--   install{                         after guard.install and before guard.installDrop; by name:
--     role = "lock_manager",         which process this is
--     roles = {"mock_usda", ...},    all processes of the bundle; default: role and required
--     required = {"mock_usda"},      whom it must know before it works
--     version = 1,                   StateVersion of this bundle
--     mayChange = function(role, id) return true | nil, code, text end,
--                                    asked before a peer that is set gets another id; default: yes
--     missing = function() return list end,   further names of what is missing ("handshake:x")
--     extra = { ["Token-Authenticated"] = {   further tags of SetProcessConfig
--         check = function(text) return value, or nil when it is bad end,
--         read = function() return value end, apply = function(value) end,
--         like = "mock_usda" } },             changes by this peer's rule; free until it is set
--     applied = function(msg, changed) end,   after a SetProcessConfig; changed: sorted roles
--     health = function() return table end,   laid over the fields of Health
--     limits = function() return table end,   limits in GetConfig: SetLimits tag -> text
--   }
--   missing()        sorted list of what is missing; isConfigured()  whether it is empty
--   health()         the table that Health answers
--   tagOf(role)      "mock_usda" -> "Mock-Usda-Process";  fieldOf(role)  -> "mockUsdaProcess"
--   boolean          an `extra.check` for "true" and "false"; id: one for ids
--
-- SetProcessConfig takes all of a message or nothing. GetConfig also has `settings`: the extra tags
-- and their values as text.
-- State: StateVersion, and that of lib.roles.
local address = require("lib.address")
local admin = require("lib.admin")
local anomalies = require("lib.anomalies")
local answer = require("lib.answer")
local clock = require("lib.clock")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local jsonText = require("lib.json_text")
local peerRules = require("lib.peer_rules")
local publish = require("lib.publish")
local roles = require("lib.roles")
local sorted = require("lib.sorted")
local tags = require("lib.tags")

local config = {}

local options = {}

config.tagOf = peerRules.tagOf
config.fieldOf = peerRules.fieldOf

function config.boolean(text)
  return ({ ["true"] = true, ["false"] = false })[text]
end

function config.id(text)
  return address.isId(text) and text or nil
end

function config.missing()
  local missing = options.missing and options.missing() or {}
  for _, role in ipairs(options.required) do
    if not roles.peer(role) then
      missing[#missing + 1] = role
    end
  end
  table.sort(missing)
  return missing
end

function config.isConfigured()
  return #config.missing() == 0
end

local function extraNames()
  return sorted.keys(options.extra)
end

--- Return the extra settings of a message: name -> value, or nil and why not.
local function readExtra(msg)
  local settings = {}
  for _, name in ipairs(extraNames()) do
    local text = tags.get(msg, name)
    if text then
      settings[name] = options.extra[name].check(text)
      if settings[name] == nil then
        return nil, "InvalidConfig", name .. " cannot be '" .. text .. "'"
      end
    end
  end
  return settings
end

local function readPeers(msg)
  local peers = {}
  for _, role in ipairs(options.roles) do
    peers[role] = tags.get(msg, config.tagOf(role))
  end
  return peers
end

--- Which roles may not stay as they are: peers that change, and those whose rule a setting shares.
local function rulesTouched(peers, settings)
  local touched = {}
  for role, id in pairs(peers) do
    if roles.peer(role) and roles.peer(role) ~= id then
      touched[role] = id
    end
  end
  for name, value in pairs(settings) do
    local like = options.extra[name].like
    if like and roles.peer(like) and options.extra[name].read() ~= value then
      touched[like] = touched[like] or roles.peer(like)
    end
  end
  return touched
end

local function mayTouch(touched)
  for _, role in ipairs(sorted.keys(touched)) do
    local ok, code, text = true, nil, nil
    if options.mayChange then
      ok, code, text = options.mayChange(role, touched[role])
    end
    if not ok then
      return nil, code or "WrongPhase", text or role .. " cannot be changed now"
    end
  end
  return true
end

--- Check everything that SetProcessConfig brings: peers and settings, or nil, code, text.
local function checkConfig(msg)
  if Locked then
    return nil, "Frozen", "the configuration is locked for good"
  end
  local settings, code, text = readExtra(msg)
  if not settings then
    return nil, code, text
  end
  local peers = readPeers(msg)
  local fault = peerRules.fault(peers, { role = options.role, id = ao.id, known = Peers })
  if not fault and next(peers) == nil and next(settings) == nil then
    fault = "nothing to set: name a process, such as " .. config.tagOf(options.roles[1])
  end
  if fault then
    return nil, "InvalidConfig", fault
  end
  local ok
  ok, code, text = mayTouch(rulesTouched(peers, settings))
  return ok and { peers = peers, settings = settings } or nil, code, text
end

--- Write what was checked; returns the roles that changed, sorted.
local function apply(checked)
  local changed = {}
  local merged = peerRules.merge(Peers, checked.peers)
  for _, role in ipairs(sorted.keys(checked.peers)) do
    if Peers[role] ~= merged[role] then
      changed[#changed + 1] = role
    end
  end
  for _, name in ipairs(sorted.keys(checked.settings)) do
    options.extra[name].apply(checked.settings[name])
  end
  Peers = merged
  return changed
end

--- Publish whom this process knows, and whether that can still change.
local function publishConfig()
  publish.publish({ peers = Peers, configured = config.isConfigured(), configlocked = Locked })
end

local function configAnswer()
  local missing = config.missing()
  local body = { configured = #missing == 0, missing = missing, timestamp = clock.now() }
  for _, role in ipairs(options.roles) do
    local id = role == options.role and ao.id or roles.peer(role)
    body[config.fieldOf(role)] = id or jsonText.NULL
  end
  return body
end

local function setProcessConfig(msg)
  if not roles.isAdmin(msg) then
    return answer.fail(msg, "Unauthorized", "only the owner or the admin may configure")
  end
  local checked, code, text = checkConfig(msg)
  if not checked then
    return answer.fail(msg, code, text)
  end
  local changed = apply(checked)
  if options.applied then
    options.applied(msg, changed)
  end
  publishConfig()
  answer.respond(msg, "SetProcessConfig-Response", nil, configAnswer())
end

local function settingTexts()
  local texts = {}
  for _, name in ipairs(extraNames()) do
    local value = options.extra[name].read()
    texts[name] = value ~= nil and tostring(value) or nil
  end
  return texts
end

local function getConfig(msg)
  answer.respond(msg, "Config-Response", nil, {
    bundleHash = BundleHash or "",
    owner = Owner or "",
    admin = Admin,
    locked = Locked,
    peers = jsonText.object(Peers),
    limits = jsonText.object(options.limits and options.limits() or {}),
    settings = jsonText.object(settingTexts()),
    stateVersion = StateVersion,
    handlers = handlers.names(),
  })
end

local function lockConfig(msg)
  if not roles.isAdmin(msg) then
    return answer.fail(msg, "Unauthorized", "only the owner or the admin may lock")
  end
  local missing = config.missing()
  if #missing > 0 then
    return answer.fail(msg, "NotConfigured", "missing: " .. table.concat(missing, ", "))
  end
  Locked = true
  publishConfig()
  answer.respond(msg, "Lock-Config-Response", { Locked = true })
end

function config.health()
  local missing = config.missing()
  local report = {
    configured = #missing == 0,
    missing = missing,
    paused = { mint = false, redeem = false, transfer = false },
    openOperations = 0,
    anomalies = anomalies.count(),
    strays = 0,
    stateVersion = StateVersion,
    bundleHash = BundleHash or "",
  }
  for key, value in pairs(options.health and options.health() or {}) do
    report[key] = value
  end
  return report
end

local function health(msg)
  answer.respond(msg, "Health-Response", nil, config.health())
end

--- Fill what install may leave out.
local function withDefaults(given)
  local filled = { required = {}, extra = {}, version = 1 }
  for key, value in pairs(given) do
    filled[key] = value
  end
  if not filled.roles then
    filled.roles = table.move(filled.required, 1, #filled.required, 2, { filled.role })
  end
  return filled
end

local function configTags()
  local names = extraNames()
  for _, role in ipairs(options.roles) do
    names[#names + 1] = config.tagOf(role)
  end
  return names
end

function config.install(given)
  options = withDefaults(given)
  StateVersion = options.version
  guard.reads({ SetProcessConfig = configTags() })
  handlers.action("GetConfig", getConfig)
  handlers.action("SetProcessConfig", setProcessConfig)
  handlers.action("Lock-Config", lockConfig)
  admin.install()
  handlers.action("Health", health)
end

return config
