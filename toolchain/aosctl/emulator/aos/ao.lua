--- The process's side of the network: who it is, whom it trusts, what it sends.

local utils = require(".utils")
local assignment = require(".assignment")

local _, notes = ...
local profile, spell = notes.profile, notes.spell
local FROM, X_REFERENCE = spell("From"), spell("X-Reference")

local PROTOCOL, VARIANT = "ao", "ao.TN.1"
-- What `send` reads itself and so never turns into a tag.
local ROOT_KEYS = { Target = true, Data = true, Anchor = true, Tags = true, From = true }
-- A process mentions few tag names, but anybody may send it new ones.
local NAME_CACHE_SIZE = 1000

local ao = {
  _version = "0.0.6",
  id = "",
  _module = "",
  authorities = {},
  reference = 0,
  outbox = { Output = {}, Messages = {}, Spawns = {}, Assignments = {} },
  nonExtractableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor",
    "Target", "Data", "Tags", profile.hidesReadOnly and "Read-Only" or nil,
  },
  nonForwardableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor",
    "Target", "Tags", "TagArray", "Hash-Chain", "Timestamp", "Nonce", "Epoch", "Signature",
    "Forwarded-By", "Pushed-For", "Read-Only", "Cron", "Block-Height", "Reference", "Id",
    "Reply-To",
  },
}

local function contains(list, value)
  for _, entry in ipairs(list) do
    if entry == value then
      return true
    end
  end
  return false
end

local titleCased, cached = {}, 0

--- `utils.normalize` with a memory: title-casing is the dearest part of taking in a message.
local function titleCase(name)
  local known = titleCased[name]
  if known then
    return known
  end
  if profile.names == "as sent" then
    return name
  elseif cached >= NAME_CACHE_SIZE then
    titleCased, cached = {}, 0
  end
  known = utils.normalize(name)
  titleCased[name], cached = known, cached + 1
  return known
end

--- A deep copy.
function ao.clone(value, seen)
  if type(value) ~= "table" then
    return value
  end
  seen = seen or {}
  if seen[value] then
    return seen[value]
  end
  local copy = {}
  seen[value] = copy
  for key, inner in pairs(value) do
    copy[ao.clone(key, seen)] = ao.clone(inner, seen)
  end
  return setmetatable(copy, getmetatable(value))
end

local reserved, reservedFrom = {}, {}

--- The names that stay tags, as a set; made anew when the process has changed the list.
local function reservedNames()
  local list, isSame = ao.nonExtractableTags, true
  for index = 1, math.max(#list, #reservedFrom) do
    isSame = isSame and list[index] == reservedFrom[index]
  end
  if not isSame then
    reserved, reservedFrom = {}, {}
    for index, name in ipairs(list) do
      reserved[name], reservedFrom[index] = true, name
    end
  end
  return reserved
end

--- The same message with its keys title-cased: a copy only if there are keys to change.
local function titleCaseKeys(msg)
  local isChanged = false
  for key in pairs(msg) do
    isChanged = isChanged or titleCase(key) ~= key
  end
  if not isChanged then
    return msg
  end
  local root = {}
  for key, value in pairs(msg) do
    root[titleCase(key)] = value
  end
  return root
end

--- Title-case the keys and tag names of `msg`, then lift its tags to the root; later ones win.
function ao.normalize(msg)
  local root, stay = titleCaseKeys(msg), reservedNames()
  for _, tag in ipairs(root.Tags) do
    tag.name = titleCase(tag.name)
    if not stay[tag.name] then
      root[tag.name] = tag.value
    end
  end
  return root
end

--- A deep copy without what belongs to this message's own way through the network.
function ao.sanitize(msg)
  local copy = ao.clone(msg)
  for key in pairs(copy) do
    if contains(ao.nonForwardableTags, key) then
      copy[key] = nil
    end
  end
  return copy
end

local function addAuthorities(text)
  if not profile.splitsAuthorities then
    table.insert(ao.authorities, text)
    return
  end
  for part in string.gmatch(text, "[^,]+") do
    if not contains(ao.authorities, part) then
      table.insert(ao.authorities, part)
    end
  end
end

--- Take in the environment; every message repeats it, so authorities taken away come back.
--- Versions that do not split them read them only where there are none.
function ao.init(env)
  local readsAuthorities = profile.splitsAuthorities or #ao.authorities == 0
  if ao.id == "" then
    ao.id = env.Process.Id
  end
  for _, tag in ipairs(env.Process.Tags) do
    if tag.name == "Module" and ao._module == "" then
      ao._module = tag.value
    elseif tag.name == "Authority" and readsAuthorities then
      addAuthorities(tag.value)
    end
  end
  ao.outbox = { Output = {}, Messages = {}, Spawns = {}, Assignments = {} }
  ao.env = env
end

--- Add to the outbox's own output, which no result shows.
function ao.log(text)
  if type(ao.outbox.Output) == "string" then
    ao.outbox.Output = ao.outbox.Output .. "\n" .. text
  else
    table.insert(ao.outbox.Output, text)
  end
end

function ao.clearOutbox()
  ao.outbox = { Output = {}, Messages = {}, Spawns = {}, Assignments = {} }
end

if profile.hasNormalize then
  function ao.registerHint() end
end

--- Append the caller's root keys, then its `Tags`: a list in its order, a map in any.
local function appendTags(tags, msg)
  for name, value in pairs(msg) do
    if not ROOT_KEYS[name] then
      tags[#tags + 1] = { name = name, value = value }
    end
  end
  if not msg.Tags then
    return
  end
  local count = 0
  for _ in pairs(msg.Tags) do
    count = count + 1
  end
  if count > 0 and count == #msg.Tags then
    for _, tag in ipairs(msg.Tags) do
      tags[#tags + 1] = tag
    end
    return
  end
  for name, value in pairs(msg.Tags) do
    tags[#tags + 1] = { name = name, value = value }
  end
end

local function shallowCopy(message)
  local copy = {}
  for key, value in pairs(message) do
    copy[key] = value
  end
  return copy
end

--- Put a message in the outbox; returns it with `onReply` and `receive`.
function ao.send(msg)
  assert(type(msg) == "table", "msg should be a table")
  ao.reference = ao.reference + 1
  local reference = tostring(ao.reference)
  local tags = {
    { name = "Data-Protocol", value = PROTOCOL },
    { name = "Variant", value = VARIANT },
    { name = "Type", value = "Message" },
    { name = "Reference", value = reference },
  }
  appendTags(tags, msg)
  local message = {
    Target = msg.Target,
    Data = msg.Data,
    Anchor = string.format("%032d", ao.reference),
    Tags = tags,
  }
  table.insert(ao.outbox.Messages, shallowCopy(message))

  function message.onReply(...)
    local from, handle = ...
    if select("#", ...) < 2 then
      from, handle = message.Target, from
    end
    Handlers.once({ [FROM] = from, [X_REFERENCE] = reference }, handle)
  end

  function message.receive(...)
    local from = ... or message.Target
    return Handlers.receive({ [FROM] = from, [X_REFERENCE] = reference })
  end

  return message
end

--- Put the spawn of a process in the outbox; returns it with `onReply` and `receive`.
function ao.spawn(module, msg)
  assert(type(module) == "string", "Module source id is required!")
  assert(type(msg) == "table", "Message must be a table")
  ao.reference = ao.reference + 1
  local reference = tostring(ao.reference)
  local tags = {
    { name = "Data-Protocol", value = PROTOCOL },
    { name = "Variant", value = VARIANT },
    { name = "Type", value = "Process" },
    { name = "From-Process", value = ao.id },
    { name = "From-Module", value = ao._module },
    { name = "Module", value = module },
    { name = "Reference", value = reference },
  }
  appendTags(tags, msg)
  local spawn = {
    Data = msg.Data or "NODATA",
    Anchor = string.format("%032d", ao.reference),
    Tags = tags,
  }
  table.insert(ao.outbox.Spawns, shallowCopy(spawn))
  local spawned = {
    [spell("Action")] = "Spawned",
    [FROM] = ao.id,
    [spell("Reference")] = reference,
  }

  function spawn.onReply(handle)
    Handlers.once(spawned, handle)
  end

  function spawn.receive()
    return Handlers.receive(spawned)
  end

  return spawn
end

--- Ask the network to hand a message to other processes too.
function ao.assign(request)
  assert(type(request) == "table", "assignment should be a table")
  assert(type(request.Processes) == "table", "Processes should be a table")
  assert(type(request.Message) == "string", "Message should be a string")
  table.insert(ao.outbox.Assignments, request)
end

--- Whether the sender or the signer of `msg` is an authority of this process.
function ao.isTrusted(msg)
  msg = notes.view(msg)
  for _, authority in ipairs(ao.authorities) do
    if msg.From == authority or msg.Owner == authority then
      return true
    end
  end
  return false
end

--- What an evaluation answers: the outbox, or the error alone where it undoes all else.
function ao.result(result)
  local problem = result.Error or ao.outbox.Error
  if problem and not profile.keepsErrors then
    return { Error = problem }
  end
  return {
    Error = problem,
    Output = result.Output or ao.outbox.Output,
    Messages = ao.outbox.Messages,
    Spawns = ao.outbox.Spawns,
    Assignments = ao.outbox.Assignments,
  }
end

return assignment.init(ao)
