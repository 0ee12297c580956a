--- The door between the emulator and one aos process: plain values in, one flat list of values out.
--
-- Tables cost four to five times as much to pass, so a message arrives as positional arguments and
-- the ordinary result leaves as a row of texts and numbers. A result with anything else in it
-- leaves as JSON, which is also what decides what a result may hold.

local guard, checkpoint, profile = ...

local error, format, getinfo, ipairs, next, pcall, select, tostring, type =
  error, string.format, guard.debug.getinfo, ipairs, next, pcall, select, tostring, type
local huge, mathType, tonumber, unpack = math.huge, math.type, tonumber, table.unpack
local lower, setmetatable = string.lower, setmetatable

-- What the module's C wrapper hands to the loader when a result cannot be written as JSON.
local NO_RESULT = "Unexpected end of JSON input"
-- A row longer than this would not fit the Lua stack.
local ROW_LIMIT = 100000
-- Whole numbers beyond this lose digits: the module prints 14 of them.
local EXACT = 99999999999999

-- Keys of a message that aos makes itself, and so spells alike under every profile.
local OWN_KEYS = { Tags = true, TagArray = true }

-- What boot fetches. The encoder is kept from before the process could put another in its place.
local handle, encode, ownNames

local environment = {}

-- What ran ------------------------------------------------------------------------------------

local ran, lastFunction, cost, startedAt = {}, nil, 0, nil

--- A handler begins, or (nil) has ended.
function guard.notes.handler(name)
  if name then
    ran[#ran + 1] = name
    startedAt = startedAt or guard.used()
  elseif startedAt then
    cost, startedAt = cost + guard.used() - startedAt, nil
  end
end

function guard.notes.fn(fn)
  if type(fn) == "function" then
    lastFunction = fn
  end
end

local function clearNotes()
  ran, lastFunction, cost, startedAt = {}, nil, 0, nil
end

--- Where the last handle is written: only text that the process was given has a place.
local function locate()
  if not lastFunction then
    return nil, nil
  end
  local info = getinfo(lastFunction, "S")
  if info.what == "C" or info.source:sub(1, 1) == "." then
    return nil, nil
  end
  return info.source, info.linedefined
end

-- In ------------------------------------------------------------------------------------------

--- Read pairs of name and value as a list of tags.
local function readTags(count, ...)
  local tags, values = {}, { ... }
  for index = 1, count do
    tags[index] = { name = values[2 * index - 1], value = values[2 * index] }
  end
  return tags
end

local function readMessage(extra, id, signature, owner, from, forwardedBy, target, anchor, data,
  epoch, nonce, timestamp, height, hashChain, cron, readOnly, count, ...)
  local msg = {
    Id = id,
    Signature = signature,
    Owner = owner,
    From = from,
    ["Forwarded-By"] = forwardedBy,
    Target = target,
    Anchor = anchor,
    Data = data,
    Epoch = epoch,
    Nonce = nonce,
    Timestamp = timestamp,
    ["Block-Height"] = height,
    ["Hash-Chain"] = hashChain,
    Cron = cron,
    ["Read-Only"] = readOnly,
    Tags = readTags(count, ...),
  }
  for index = 1, extra do
    local position = 2 * (count + index)
    msg[select(position - 1, ...)] = select(position, ...)
  end
  return msg
end

local function copyDefinition(definition)
  local tags = {}
  for index, tag in ipairs(definition.Tags) do
    tags[index] = { name = tag.name, value = tag.value }
  end
  return { Id = definition.Id, Owner = definition.Owner, Tags = tags }
end

--- The environment is read anew for every message: what a process writes in it does not last.
local function makeEnvironment()
  return {
    Process = copyDefinition(environment.Process),
    Module = copyDefinition(environment.Module),
  }
end

-- Out -----------------------------------------------------------------------------------------

-- Raised (by identity) where a result is none of the ordinary kind.
local IRREGULAR = {}

-- One row serves all results. Its array part is made beforehand: growing costs more than filling.
local row = {}
for index = 1, 200 do
  row[index] = false
end

--- What the JSON encoder would make of a value that stands alone; a function is left out.
local function plain(value)
  local kind = type(value)
  if kind == "string" or kind == "boolean" or kind == "nil" then
    return value
  elseif kind == "function" then
    return nil
  elseif kind ~= "number" or value ~= value or value == huge or value == -huge then
    return error(IRREGULAR)
  elseif mathType(value) == "integer" and value <= EXACT and value >= -EXACT then
    return value
  end
  return tonumber(format("%.14g", value))
end

local function isList(value)
  local count = 0
  for _ in next, value do
    count = count + 1
  end
  return count == #value
end

local function addTags(n, tags)
  if type(tags) ~= "table" or not isList(tags) then
    error(IRREGULAR)
  end
  row[n + 1] = #tags
  n = n + 1
  for index = 1, #tags do
    local tag = tags[index]
    if type(tag) ~= "table" or type(tag.name) ~= "string" then
      error(IRREGULAR)
    end
    row[n + 1] = tag.name
    row[n + 2] = plain(tag.value)
    n = n + 2
  end
  return n
end

--- Append the entries of one list of the outbox; returns the new length of the row.
local function addOutgoing(n, list)
  if type(list) ~= "table" or not isList(list) then
    error(IRREGULAR)
  end
  row[n + 1] = #list
  n = n + 1
  for index = 1, #list do
    local entry = list[index]
    if type(entry) ~= "table" or type(entry.Anchor) ~= "string" then
      error(IRREGULAR)
    end
    row[n + 1], row[n + 2], row[n + 3] = entry.Anchor, plain(entry.Target), plain(entry.Data)
    n = addTags(n + 3, entry.Tags)
  end
  return n
end

local function flattenOutput(n, output)
  if type(output) ~= "table" or type(output.data) ~= "string" then
    error(IRREGULAR)
  end
  row[n + 1], row[n + 2] = output.data, plain(output.prompt)
  row[n + 3], row[n + 4] = plain(output.test), plain(output.print)
  return n + 4
end

local function flatten(n, result)
  if next(result.Assignments) ~= nil then
    error(IRREGULAR)
  end
  n = flattenOutput(n, result.Output)
  n = addOutgoing(n, result.Messages)
  n = addOutgoing(n, result.Spawns)
  if n > ROW_LIMIT then
    error(IRREGULAR)
  end
  return n
end

--- Start the row: its kind, where the last handler is written, its cost, and the handlers that ran.
local function startRow(kind)
  if startedAt then
    guard.notes.handler(nil)
  end
  row[1], row[4], row[5] = kind, cost, #ran
  row[2], row[3] = locate()
  for index = 1, #ran do
    row[5 + index] = ran[index]
  end
  return 5 + #ran
end

local function answer(kind, value)
  local n = startRow(kind)
  row[n + 1] = value
  return unpack(row, 1, n + 1)
end

local function answerJson(kind, result)
  local ok, text = pcall(encode, result)
  if not ok then
    return answer("host", NO_RESULT)
  end
  return answer(kind, text)
end

local function answerResult(result)
  if result.Error ~= nil and profile.keepsErrors then
    return answerJson("kept", result)
  elseif type(result.Error) == "string" then
    return answer("error", result.Error)
  elseif result.Error ~= nil then
    return answerJson("json error", result)
  end
  local ok, length = pcall(flatten, startRow("row"), result)
  if ok then
    return unpack(row, 1, length)
  end
  return answerJson("json", result)
end

local function describeFailure(reason)
  if type(reason) == "string" or type(reason) == "number" then
    return tostring(reason)
  end
  return "(error object is a " .. type(reason) .. " value)"
end

local door = {}

--- A key of a message as the profile spells it.
local function spell(name)
  return profile.names == "lower" and not OWN_KEYS[name] and lower(name) or name
end

--- A message that a handler has, for aos itself to read by the usual names.
local function view(msg)
  if profile.names ~= "lower" then
    return msg
  end
  return setmetatable({}, {
    __index = function(_, name)
      return msg[spell(name)]
    end,
  })
end

--- Boot: load aos into the globals.
function door.boot()
  guard.notes.profile, guard.notes.spell, guard.notes.view = profile, spell, view
  handle = require(".process").handle
  encode = require("json").encode
  ownNames = checkpoint.ownNames()
end

--- Set one definition of the environment: "Process" or "Module", with its tags.
function door.define(part, id, owner, count, ...)
  environment[part] = { Id = id, Owner = owner, Tags = readTags(count, ...) }
end

--- The whole of one evaluation. It runs in a counted thread, reading the result included: what a
--- process leaves in its outbox may run its code when looked at.
local function respond(...)
  return answerResult(handle(readMessage(...), makeEnvironment()))
end

local function conclude(ok, ...)
  if guard.isExhausted() then
    return answer("host", guard.limitText())
  elseif not ok then
    return answer("host", describeFailure((...)))
  end
  return ...
end

--- Evaluate one message and return its result as a row.
function door.evaluate(fine, ...)
  clearNotes()
  guard.reset(fine)
  return conclude(guard.run(respond, ...))
end

--- Remember the present state. Returns whether it can be gone back to, and its size.
function door.checkpoint()
  return checkpoint.take(handle)
end

--- The names of globals that differ from the checkpoint.
function door.changed()
  return unpack(checkpoint.changed(ownNames))
end

--- Whether nothing ran since the checkpoint that cannot be undone.
function door.canRewind()
  return not guard.isWatchBroken()
end

door.rewind = checkpoint.restore

--- Evaluate one message of the log, and return whether it succeeds again.
function door.replay(...)
  clearNotes()
  guard.reset(false)
  -- The outbox is read although nobody wants it: looking at it may run the process's code.
  local ok, kind = guard.run(respond, ...)
  return ok and (kind == "row" or kind == "json" or kind == "kept")
end

return door
