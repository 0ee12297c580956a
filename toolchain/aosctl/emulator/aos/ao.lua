--- The process's side of the network: who it is, whom it trusts, what it sends.

-- What the emulator offers to aos alone; `own` is what our modules tell one another.
local _, notes = ...
local utils = require(".utils")
local assignment = require(".assignment")

local own, promise = notes.own, notes.promise
-- A promise must be kept whatever the process has made of the globals.
local format, mathType, pairs, select, tostring, type =
  string.format, math.type, pairs, select, tostring, type

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
  outbox = {}, -- `clearOutbox` below
  nonExtractableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor",
    "Target", "Data", "Tags", "Read-Only",
  },
  nonForwardableTags = {
    "Data-Protocol", "Variant", "From-Process", "From-Module", "Type", "From", "Owner", "Anchor",
    "Target", "Tags", "TagArray", "Hash-Chain", "Timestamp", "Nonce", "Epoch", "Signature",
    "Forwarded-By", "Pushed-For", "Read-Only", "Cron", "Block-Height", "Reference", "Id",
    "Reply-To",
  },
}

local function contains(list, value)
  for index = 1, #list do
    if list[index] == value then
      return true
    end
  end
  return false
end

local titleCased, cached = notes.cache(), 0

--- `utils.normalize` with a memory: title-casing is the dearest part of taking in a message.
local function titleCase(name)
  local known = titleCased[name]
  if known then
    return known
  end
  if cached >= NAME_CACHE_SIZE then
    titleCased, cached = notes.cache(), 0
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

local reserved, reservedFrom = notes.cache(), notes.cache()

local function isAsReserved(list)
  for index = 1, #reservedFrom do
    if list[index] ~= reservedFrom[index] then
      return false
    end
  end
  return list[#reservedFrom + 1] == nil
end

--- The names that stay tags, as a set; made anew when the process has changed the list.
local function reservedNames()
  local list = ao.nonExtractableTags
  if not isAsReserved(list) then
    reserved, reservedFrom = notes.cache(), notes.cache()
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

local ownNormalize, namesAtFirst = ao.normalize, { table.unpack(ao.nonExtractableTags) }

--- Whether `normalize` still does what it did at first, so that its outcome can be foreseen.
function own.isNormalizeForeseen()
  local list = ao.nonExtractableTags
  if ao.normalize ~= ownNormalize or list[#namesAtFirst + 1] ~= nil then
    return false
  end
  for index = 1, #namesAtFirst do
    if list[index] ~= namesAtFirst[index] then
      return false
    end
  end
  return true
end

--- The name that a tag gets, and whether it stays a tag.
function own.foresee(name)
  local titled = utils.normalize(name)
  return titled, contains(namesAtFirst, titled)
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

local partsOf = notes.cache()

--- The parts of an `Authority` tag. It is the same tag for every message.
local function splitAuthorities(text)
  local parts = {}
  for part in string.gmatch(text, "[^,]+") do
    parts[#parts + 1] = part
  end
  partsOf[text] = parts
  return parts
end

local function addAuthorities(text)
  local parts = partsOf[text] or splitAuthorities(text)
  for index = 1, #parts do
    if not contains(ao.authorities, parts[index]) then
      table.insert(ao.authorities, parts[index])
    end
  end
end

-- The outbox ----------------------------------------------------------------------------------

-- A letter is a message of the outbox that nobody has looked at:
--   length, reference, target, data, name, value, name, value ...
-- `letter.tags` is the list of its tags once somebody has looked; a length of 0 says that there was
-- one from the beginning.
local FIRST = 5 -- where the names and values begin

local function makeTags(letter)
  local tags = {
    { name = "Data-Protocol", value = PROTOCOL },
    { name = "Variant", value = VARIANT },
    { name = "Type", value = "Message" },
    { name = "Reference", value = tostring(letter[2]) },
  }
  for index = FIRST, letter[1], 2 do
    tags[#tags + 1] = { name = letter[index], value = letter[index + 1] }
  end
  letter.tags = tags
  return tags
end

local function fillMessage(message, letter)
  message.Target, message.Data = letter[3], letter[4]
  message.Anchor = format("%032d", letter[2])
  message.Tags = letter.tags or makeTags(letter)
  return message
end

local OUTBOX = promise.kind(function(outbox, letters)
  local messages = {}
  for index = 1, #letters do
    messages[index] = fillMessage({}, letters[index])
  end
  outbox.Output, outbox.Messages, outbox.Spawns, outbox.Assignments = {}, messages, {}, {}
end)

--- The letters of the outbox, or nil if somebody has looked into it.
function own.letters()
  return promise.kept(ao.outbox)
end

function ao.clearOutbox()
  ao.outbox = promise.make(OUTBOX, {})
end

-- A message in --------------------------------------------------------------------------------

--- What is of use in an environment's tags.
function own.readFacts(env)
  local facts = { id = env.Process.Id, authorities = {} }
  for _, tag in ipairs(env.Process.Tags) do
    local name = tag.name
    if name == "Authority" then
      table.insert(facts.authorities, tag.value)
    elseif name == "Module" then
      facts.module = facts.module or tag.value
    elseif name == "Name" then
      facts.name = facts.name or tag.value
    elseif name == "From-Process" then
      facts.fromProcess = facts.fromProcess or tag.value
    end
  end
  return facts
end

function own.init(env, facts)
  if ao.id == "" then
    ao.id = facts.id
  end
  if ao._module == "" then
    ao._module = facts.module or ""
  end
  for index = 1, #facts.authorities do
    addAuthorities(facts.authorities[index])
  end
  ao.clearOutbox()
  ao.env = env
end

--- Take in the environment; every message repeats it, so authorities taken away come back.
function ao.init(env)
  own.init(env, own.readFacts(env))
end

--- Add to the outbox's own output, which no result shows.
function ao.log(text)
  if type(ao.outbox.Output) == "string" then
    ao.outbox.Output = ao.outbox.Output .. "\n" .. text
  else
    table.insert(ao.outbox.Output, text)
  end
end

function ao.registerHint() end

local function shallowCopy(message)
  local copy = {}
  for key, value in pairs(message) do
    copy[key] = value
  end
  return copy
end

--- Whether `tags` are meant as a list: then they go out in their order, as the tables they are.
local function isList(tags)
  if type(tags) == "table" and #tags == 0 then
    return false
  end
  local count = 0
  for _ in pairs(tags) do
    count = count + 1
  end
  return count > 0 and count == #tags
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
  if isList(msg.Tags) then
    for _, tag in ipairs(msg.Tags) do
      tags[#tags + 1] = tag
    end
    return
  end
  for name, value in pairs(msg.Tags) do
    tags[#tags + 1] = { name = name, value = value }
  end
end

--- Write a letter: what `appendTags` does, without tables.
local function writeLetter(reference, msg)
  -- As long as most letters are: growing costs more than filling.
  local letter = {
    0, reference, msg.Target, msg.Data, false, false, false, false, false, false, false, false,
    false, false, false, false,
  }
  local length = FIRST - 1
  for name, value in pairs(msg) do
    if not ROOT_KEYS[name] then
      letter[length + 1], letter[length + 2] = name, value
      length = length + 2
    end
  end
  local tags = msg.Tags
  if tags then
    if isList(tags) then
      letter[1] = length
      local list = makeTags(letter)
      for _, tag in ipairs(tags) do
        list[#list + 1] = tag
      end
      length = 0
    else
      for name, value in pairs(tags) do
        letter[length + 1], letter[length + 2] = name, value
        length = length + 2
      end
    end
  end
  letter[1] = length
  return letter
end

--- What `send` returns: the message with `onReply` and `receive`.
local SENT = promise.kind(function(message, letter)
  local reference = tostring(letter[2])
  fillMessage(message, letter)

  function message.onReply(...)
    local from, handle = ...
    if select("#", ...) < 2 then
      from, handle = message.Target, from
    end
    Handlers.once({ From = from, ["X-Reference"] = reference }, handle)
  end

  function message.receive(...)
    local from = ... or message.Target
    return Handlers.receive({ From = from, ["X-Reference"] = reference })
  end
end)

--- Put a message in the outbox; returns it with `onReply` and `receive`.
function ao.send(msg)
  assert(type(msg) == "table", "msg should be a table")
  local reference = ao.reference + 1
  ao.reference = reference
  if mathType(reference) ~= "integer" then
    format("%032d", reference) -- raises what no anchor can be made of
  end
  local letter = writeLetter(reference, msg)
  local letters = own.letters()
  if letters then
    letters[#letters + 1] = letter
  else
    table.insert(ao.outbox.Messages, fillMessage({}, letter))
  end
  return promise.make(SENT, letter)
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
  local spawned = { Action = "Spawned", From = ao.id, Reference = reference }

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
  for _, authority in ipairs(ao.authorities) do
    if msg.From == authority or msg.Owner == authority then
      return true
    end
  end
  return false
end

--- What an evaluation answers: the outbox, or the error alone.
function ao.result(result)
  if ao.outbox.Error or result.Error then
    return { Error = result.Error or ao.outbox.Error }
  end
  return {
    Output = result.Output or ao.outbox.Output,
    Messages = ao.outbox.Messages,
    Spawns = ao.outbox.Spawns,
    Assignments = ao.outbox.Assignments,
  }
end

ao.clearOutbox()

return assignment.init(ao)
