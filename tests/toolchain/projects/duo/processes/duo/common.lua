--- What both processes answer. `Nudges` counts how often one was asked to try again.
local json = require("json")
local words = require("lib.words")
local common = {}

Peers = Peers or {}
Limits = Limits or {}
Nudges = Nudges or 0
NudgesNeeded = NudgesNeeded or 0

local function setPeers(msg)
  if msg.From ~= Owner or words.isEmpty(msg.Tags["Hub-Process"]) then
    return msg.reply({ Action = "Set-Peers-Error", Error = "Unauthorized" })
  end
  Peers = { hub = msg.Tags["Hub-Process"], pool = msg.Tags["Pool-Process"] }
  msg.reply({ Action = "Set-Peers-Response" })
end

local function setLimits(msg)
  if msg.Tags["Max-Size"] == "0" then
    return msg.reply({ Action = "Set-Limits-Error", Error = "InvalidConfig", Data = "too small" })
  end
  Limits = { ["Max-Size"] = msg.Tags["Max-Size"] }
  msg.reply({ Action = "Set-Limits-Response" })
end

local function config()
  local names = {}
  for index, handler in ipairs(Handlers.list) do
    names[index] = handler.name
  end
  return {
    bundleHash = BundleHash,
    owner = Owner,
    admin = Owner,
    peers = Peers,
    limits = Limits,
    handlers = names,
  }
end

local function health()
  local ready = Peers.hub ~= nil and Nudges >= NudgesNeeded
  return { ready = ready, missing = ready and {} or { "handshake:pool" } }
end

--- Answer Info, Set-Peers, Set-Limits, Get-Config, Health and Nudge.
function common.install()
  Handlers.add("Info", { Action = "Info" }, function(msg)
    msg.reply({ Name = Name })
  end)
  Handlers.add("Set-Peers", { Action = "Set-Peers" }, setPeers)
  Handlers.add("Set-Limits", { Action = "Set-Limits" }, setLimits)
  Handlers.add("Get-Config", { Action = "Get-Config" }, function(msg)
    msg.reply({ Action = "Config", Data = json.encode(config()) })
  end)
  Handlers.add("Health", { Action = "Health" }, function(msg)
    msg.reply({ Action = "Health-Response", Data = json.encode(health()) })
  end)
  Handlers.add("Nudge", { Action = "Nudge" }, function()
    Nudges = Nudges + 1
  end)
end

return common
