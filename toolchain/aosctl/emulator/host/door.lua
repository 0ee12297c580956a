--- The door between the emulator and one aos process: plain values in, one flat list of values out.
--
-- Tables cost four to five times as much to pass, so a message arrives as positional arguments and
-- the ordinary result leaves as a row of texts and numbers. A result with anything else in it
-- leaves as JSON, which is also what decides what a result may hold.

local guard, checkpoint = ...

local error, format, getinfo, ipairs, next, pcall, tostring, type =
  error, string.format, guard.debug.getinfo, ipairs, next, pcall, tostring, type
local concat, huge, mathType, tonumber, unpack =
  table.concat, math.huge, math.type, tonumber, table.unpack

-- What the module's C wrapper hands to the loader when a result cannot be written as JSON.
local NO_RESULT = "Unexpected end of JSON input"
-- A row longer than this would not fit the Lua stack.
local ROW_LIMIT = 100000
-- Whole numbers beyond this lose digits: the module prints 14 of them.
local EXACT = 99999999999999

-- What boot fetches. The encoder is kept from before the process could put another in its place.
local handle, encode, ownNames

-- The definitions of process and module, and what aos reads in them for every message.
local environment, facts = {}, nil

-- What ran ------------------------------------------------------------------------------------

-- `notes.fn` is the last function that a handler's resolver called.
local notes = guard.notes
local own = notes.own

-- A table of what can be found again: the way back leaves it as it is.
notes.cache = function()
  return checkpoint.leaveOut({})
end
local ran, count, cost, startedAt, isObserved = {}, 0, 0, nil, false

--- A handler begins.
function notes.begin(name)
  count = count + 1
  ran[count] = name
  if isObserved then
    startedAt = startedAt or guard.used()
  end
end

--- It has ended.
function notes.finish()
  if startedAt then
    cost, startedAt = cost + guard.used() - startedAt, nil
  end
end

local function clearNotes(fine)
  count, cost, startedAt, isObserved = 0, 0, nil, fine
  notes.fn = nil
end

-- Function -> where it is written, or false: asking Lua costs as much as a small handler.
local places = setmetatable({}, { __mode = "k" })

local function findPlace(fn)
  local place = false
  if type(fn) == "function" then
    local info = getinfo(fn, "S")
    if info.what ~= "C" and info.source:sub(1, 1) ~= "." then
      place = { info.source, info.linedefined }
    end
    places[fn] = place
  end
  return place
end

--- Where the last handle is written: only text that the process was given has a place.
local function locate()
  local fn = notes.fn
  local place = fn ~= nil and (places[fn] or findPlace(fn))
  if place then
    return place[1], place[2]
  end
  return nil, nil
end

-- In ------------------------------------------------------------------------------------------

-- A message arrives as the number of its shape and its values. A shape is which root keys and tags
-- there are; a process gets few, and for each a constructor is compiled that makes the message as
-- aos has it after normalising, which is several times faster than the general way.
local shapes = {}
local VALUE_LIMIT = 120 -- Lua functions have at most 200 local names

--- Read `count` pairs of name and value as a list of tags.
local function readTags(count, ...)
  local tags, values = {}, { ... }
  for index = 1, count do
    tags[index] = { name = values[2 * index - 1], value = values[2 * index] }
  end
  return tags
end

--- The general way: a message as the network has it.
local function readMessage(shape, ...)
  local msg, tags, values = {}, {}, { ... }
  local fields, names = shape.fields, shape.names
  for index = 1, #fields do
    msg[fields[index]] = values[index]
  end
  for index = 1, #names do
    tags[index] = { name = names[index], value = values[#fields + index] }
  end
  msg.Tags = tags
  return msg
end

--- The text of a constructor: root keys, tags lifted to the root, both forms of the tags.
local function writeConstructor(shape)
  local values, root, map, list, seen = {}, {}, {}, {}, {}
  for index, field in ipairs(shape.fields) do
    values[index] = "v" .. index
    root[index] = format("[%q]=v%d", field, index)
  end
  for index, name in ipairs(shape.names) do
    local value = "v" .. #values + 1
    local titled, stays = own.foresee(name)
    values[#values + 1] = value
    list[index] = format("{name=%q,value=%s}", titled, value)
    if not stays then
      root[#root + 1] = format("[%q]=%s", titled, value)
    end
    if not seen[titled] then
      seen[titled] = true
      map[#map + 1] = format("[%q]=%s", titled, value)
    end
  end
  root[#root + 1] = "Tags={" .. concat(map, ",") .. "}"
  root[#root + 1] = "TagArray={" .. concat(list, ",") .. "}"
  return "return function(" .. concat(values, ",") .. ") return {" .. concat(root, ",") .. "} end"
end

--- The constructor of a shape that was met before, if it can have one.
local function findConstructor(shape)
  if shape.construct == nil and shape.isMet then
    shape.construct = shape.isForeseen and guard.load(writeConstructor(shape), ".door")() or false
  end
  shape.isMet = true
  return shape.construct
end

local function copyDefinition(definition)
  return {
    Id = definition.Id,
    Owner = definition.Owner,
    Tags = readTags(definition.count, unpack(definition, 1, 2 * definition.count)),
  }
end

--- The environment is read anew for every message: what a process writes in it does not last.
local function readEnvironment()
  return copyDefinition(environment.Process), copyDefinition(environment.Module)
end

local function makeEnvironment()
  local process, module = readEnvironment()
  return { Process = process, Module = module }
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

--- Append the letters of an outbox that nobody has looked into; returns the new length of the row.
--- The tags that every message begins with, and its anchor, follow from the reference.
local function addLetters(n, letters)
  row[n + 1] = #letters
  n = n + 1
  for index = 1, #letters do
    local letter = letters[index]
    local length, target, data = letter[1], letter[3], letter[4]
    if length == 0 or mathType(letter[2]) ~= "integer" then
      error(IRREGULAR)
    end
    row[n + 1] = letter[2]
    row[n + 2] = type(target) == "string" and target or plain(target)
    row[n + 3] = type(data) == "string" and data or plain(data)
    row[n + 4] = (length - 4) // 2
    n = n + 4
    for place = 5, length, 2 do
      local name, value = letter[place], letter[place + 1]
      if type(name) ~= "string" then
        error(IRREGULAR)
      end
      row[n + 1] = name
      row[n + 2] = type(value) == "string" and value or plain(value)
      n = n + 2
    end
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

local function flattenPlain(n, data, prompt, test, isPrinted, letters)
  row[n + 1], row[n + 2], row[n + 3], row[n + 4] = data, prompt, test, isPrinted
  n = addLetters(n + 4, letters)
  row[n + 1] = 0
  if n >= ROW_LIMIT then
    error(IRREGULAR)
  end
  return n + 1
end

--- Start the row: its kind, where the last handler is written, its cost, and the handlers that ran.
local function startRow(kind)
  notes.finish()
  row[1], row[4], row[5] = kind, cost, count
  row[2], row[3] = locate()
  for index = 1, count do
    row[5 + index] = ran[index]
  end
  return 5 + count
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
  if type(result.Error) == "string" then
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

--- Answer what `own.evaluate` returned: a result table, or a plain result in its parts.
local function answerParts(result, ...)
  if result ~= own.PLAIN then
    return answerResult(result)
  end
  local ok, length = pcall(flattenPlain, startRow("row"), ...)
  if ok then
    return unpack(row, 1, length)
  end
  return answerResult(own.tabulate(result, ...))
end

local function describeFailure(reason)
  if type(reason) == "string" or type(reason) == "number" then
    return tostring(reason)
  end
  return "(error object is a " .. type(reason) .. " value)"
end

local door = {}

--- Boot: load aos into the globals.
function door.boot()
  handle = require(".process").handle
  encode = require("json").encode
  ownNames = checkpoint.ownNames()
  checkpoint.boot(handle, { notes, own, notes.promise, guard.served })
  guard.collect() -- loading leaves a third of the memory behind as garbage
end

--- Set one definition of the environment: "Process" or "Module", with its tags.
function door.define(part, id, owner, count, ...)
  environment[part] = { Id = id, Owner = owner, count = count, ... }
  if environment.Process and environment.Module then
    facts = own.readFacts(makeEnvironment())
  end
end

--- Set the shape `number`: how many root keys, whether those are all the network's own, and the
--- names of keys and tags.
function door.learn(number, count, isForeseen, ...)
  local names = { ... }
  local shape = { fields = {}, names = {}, isForeseen = isForeseen and #names <= VALUE_LIMIT }
  for index = 1, #names do
    if index <= count then
      shape.fields[index] = names[index]
    else
      shape.names[index - count] = names[index]
    end
  end
  shapes[number] = shape
end

--- Forget every shape.
function door.unlearn()
  shapes = {}
end

--- The whole of one evaluation. It runs in a counted thread, reading the result included: what a
--- process leaves in its outbox may run its code when looked at.
local function respond(number, ...)
  local shape = shapes[number]
  local construct = findConstructor(shape)
  if construct and own.isForeseen() then
    return answerParts(own.evaluate(construct(...), readEnvironment, facts))
  end
  return answerParts(own.evaluateAny(readMessage(shape, ...), makeEnvironment()))
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
  clearNotes(fine)
  guard.reset(fine)
  return conclude(guard.run(respond, ...))
end

--- Remember the present state. Returns whether it can be gone back to, and its size.
function door.checkpoint()
  own.forget()
  return checkpoint.take()
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
  clearNotes(false)
  guard.reset(false)
  -- The outbox is read although nobody wants it: looking at it may run the process's code.
  local ok, kind = guard.run(respond, ...)
  return ok and (kind == "row" or kind == "json")
end

return door
