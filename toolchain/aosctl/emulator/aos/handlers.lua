--- The list of handlers: which ones there are, in which order, and how a message runs through it.

-- The emulator's notebook: which handlers ran, and where they are defined.
local _, notes = ...
local utils = require(".utils")

local profile = notes.profile

local BAD_ADD = "Invalid arguments given. Expected: \n"
  .. "\tname : string, "
  .. "\tpattern : Action : string | MsgMatch : table,\n"
  .. "\t\tfunction(msg: Message) : {-1 = break, 0 = skip, 1 = continue},\n"
  .. "\thandle(msg : Message) : void) | Resolver,\n"
  .. '\tMaxRuns? : number | "inf" | nil'
local IS_PATTERN = { ["function"] = true, table = true, string = true }
local BAD_RESULT = "Pattern result is not valid, it MUST be string, number, or boolean"

local BREAK, SKIP, CONTINUE = -1, 0, 1
local WORDS = { ["continue"] = CONTINUE, ["break"] = BREAK }

local handlers = {
  _version = "0.0.5",
  list = {},
  coroutines = {},
  onceNonce = 0,
  utils = require(".handlers-utils"),
}

local function findIndex(name)
  for index, entry in ipairs(handlers.list) do
    if entry.name == name then
      return index
    end
  end
end

--- A handle of one argument: a function, or the first function of a table whose spec fits.
function handlers.generateResolver(spec)
  if type(spec) == "function" then
    return function(msg)
      notes.fn = spec
      return spec(msg)
    end
  end
  return function(msg)
    for pattern, handle in pairs(spec) do
      if utils.matchesSpec(msg, pattern) then
        notes.fn = handle
        return handle(msg)
      end
    end
  end
end

--- Read (name, handle) or (name, pattern, handle, maxRuns?); the handle itself is not checked.
local function readArguments(...)
  local name, pattern, handle, maxRuns = ...
  if select("#", ...) == 2 then
    pattern, handle = name, pattern
  end
  assert(type(name) == "string" and IS_PATTERN[type(pattern)], BAD_ADD)
  return {
    pattern = pattern,
    handle = handlers.generateResolver(handle),
    name = name,
    maxRuns = maxRuns,
  }
end

--- Put `entry` in the place of the handler of the same name; false if there is none.
local function replace(entry)
  local index = findIndex(entry.name)
  if not index then
    return false
  end
  local old = handlers.list[index]
  old.pattern, old.handle, old.maxRuns = entry.pattern, entry.handle, entry.maxRuns
  return true
end

function handlers.add(...)
  local entry = readArguments(...)
  if not replace(entry) then
    table.insert(handlers.list, entry)
  end
  return #handlers.list
end

function handlers.append(...)
  local entry = readArguments(...)
  if not replace(entry) then
    table.insert(handlers.list, entry)
  end
end

function handlers.prepend(...)
  local entry = readArguments(...)
  if not replace(entry) then
    table.insert(handlers.list, 1, entry)
  end
end

--- Run once, before everything else: (pattern, handle) or (name, pattern, handle).
function handlers.once(...)
  local name, pattern, handle = ...
  if select("#", ...) < 3 then
    name, pattern, handle = "_once_" .. tostring(handlers.onceNonce), name, pattern
    handlers.onceNonce = handlers.onceNonce + 1
  end
  handlers.prepend(name, pattern, handle, 1)
end

--- An `add` that inserts next to the handler `name`, and does nothing if there is no such handler.
local function neighbour(name, offset)
  assert(type(name) == "string", "Handler name MUST be a string")
  return {
    add = function(newName, pattern, handle, maxRuns)
      local entry = readArguments(newName, pattern, handle, maxRuns)
      local index = findIndex(name)
      if index then
        table.insert(handlers.list, index + offset, entry)
      end
    end,
  }
end

function handlers.before(name)
  return neighbour(name, 0)
end

function handlers.after(name)
  return neighbour(name, 1)
end

function handlers.remove(name)
  assert(type(name) == "string", "name MUST be string")
  local index = findIndex(name)
  if index then
    table.remove(handlers.list, index)
  end
end

--- Wait for a message: the evaluation ends here, and goes on inside that of the message that fits.
function handlers.receive(pattern)
  if not profile.receives then
    return "not implemented"
  end
  local waiting = coroutine.running()
  handlers.once(pattern, function(msg)
    -- What went wrong after the wait fails the message that ended it.
    local _, ok, reason = coroutine.resume(waiting, msg)
    assert(ok, reason)
  end)
  return coroutine.yield(pattern)
end

--- What a pattern's answer asks for: below 0 run and stop, 0 pass by, above 0 run and go on.
local function readMatch(match)
  local kind = type(match)
  if kind == "number" then
    return match
  elseif kind == "boolean" then
    return match and BREAK or SKIP
  elseif kind == "string" then
    return WORDS[match] or SKIP
  end
  return error(BAD_RESULT)
end

local function countRun(entry)
  if type(entry.maxRuns) == "number" then
    entry.maxRuns = entry.maxRuns - 1
    if entry.maxRuns == 0 then
      handlers.remove(entry.name)
    end
  end
end

local function run(entry, msg, env)
  notes.begin(entry.name)
  local ok, reason = pcall(entry.handle, msg, env)
  notes.finish()
  if not ok then
    error(reason)
  end
  countRun(entry)
end

--- Run `msg` through the list; what nothing handled goes to `_default`.
function handlers.evaluate(msg, env)
  for _, entry in ipairs(handlers.list) do
    if entry.name ~= "_default" then
      local match = utils.matchesSpec(msg, entry.pattern)
      -- Nearly every pattern says false: that is read here, all else in `readMatch`.
      if match then
        match = readMatch(match)
        if match ~= SKIP then
          run(entry, msg, env)
        end
        if match < 0 then
          return true
        end
      elseif match == nil then
        return error(BAD_RESULT)
      end
    end
  end
  local index = findIndex("_default")
  if index then
    notes.begin("_default")
    return handlers.list[index].handle(msg, env)
  end
end

return handlers
