--- Tables that are not what they seem, and a standard library that does not let on.
--
-- A veil is a metatable of ours on a table of the process's. It stands in for what the table would
-- hold: fields that nobody has looked at yet (`promise.lua`), or a large content that lies
-- elsewhere (`barrier.lua`). Lua's own operators go through its metamethods; the functions here are
-- those that would look behind it. C's own `next`, which `pairs` of a plain table returns, is not
-- replaced, for that would make every loop slower: a process that keeps it can look behind a veil.

local guard = ...

local error, format, select, type = error, string.format, select, type
local getmetatable, next, rawget, rawlen, rawset, setmetatable =
  getmetatable, next, rawget, rawlen, rawset, setmetatable
local debug, globals = debug, _G
local rawGetmetatable, setupvalue = guard.debug.getmetatable, guard.debug.setupvalue
local create, wrap, yield = coroutine.create, guard.wrap, coroutine.yield
local debugGet, debugSet = debug.getmetatable, debug.setmetatable

-- Metatable -> the functions that see through it: `lift` makes the table plain for good, `next`,
-- `get`, `set` and `len` do as the raw functions would.
local veils = setmetatable({}, { __mode = "k" })

-- Tables that are metatables of something. Lua looks into a metatable without asking it, so it
-- must never be veiled itself.
local inUse = setmetatable({}, { __mode = "k" })

-- The functions that look behind.
local veil = {
  raw = { next = next, rawget = rawget, rawlen = rawlen, rawset = rawset, setmetatable = setmetatable },
}

--- Make `metatable` a veil.
function veil.add(metatable, functions)
  veils[metatable] = functions
end

local function find(value)
  local metatable = rawGetmetatable(value)
  return metatable and veils[metatable]
end

veil.find = find

--- Whether `metatable` is a veil.
function veil.isVeil(metatable)
  return veils[metatable] ~= nil
end

--- Make `value` plain if it is veiled.
function veil.lift(value)
  local functions = find(value)
  if functions then
    functions.lift(value)
  end
end

--- Note that `metatable` is one, and so has to be plain from here on.
function veil.use(metatable)
  if metatable ~= nil and not inUse[metatable] then
    inUse[metatable] = true
    veil.lift(metatable)
  end
end

--- Whether `tbl` is the metatable of something.
function veil.isInUse(tbl)
  return inUse[tbl] == true
end

local function typeName(count, ...)
  return count == 0 and "no value" or type((...))
end

local function checkTable(name, ...)
  if type((...)) ~= "table" then
    local got = typeName(select("#", ...), ...)
    error(format("bad argument #1 to '%s' (table expected, got %s)", name, got), 3)
  end
end

globals.next = function(...)
  local tbl, key = ...
  if type(tbl) ~= "table" then
    checkTable("next", ...)
  end
  local functions = find(tbl)
  if functions then
    return functions.next(tbl, key)
  end
  return next(tbl, key)
end

globals.rawget = function(...)
  local tbl, key = ...
  checkTable("rawget", ...)
  if select("#", ...) < 2 then
    error("bad argument #2 to 'rawget' (value expected)", 2)
  end
  local functions = find(tbl)
  if functions then
    return functions.get(tbl, key)
  end
  return rawget(tbl, key)
end

globals.rawset = function(...)
  local tbl, key, value = ...
  checkTable("rawset", ...)
  if select("#", ...) < 3 then
    error(format("bad argument #%d to 'rawset' (value expected)", select("#", ...) + 1), 2)
  end
  local functions = find(tbl)
  if functions then
    functions.set(tbl, key, value)
    return tbl
  end
  return rawset(tbl, key, value)
end

globals.rawlen = function(...)
  local value = ...
  if type(value) == "table" then
    local functions = find(value)
    if functions then
      return functions.len(value)
    end
  elseif type(value) ~= "string" then
    error("bad argument #1 to 'rawlen' (table or string expected)", 2)
  end
  return rawlen(value)
end

globals.getmetatable = function(...)
  if select("#", ...) == 0 then
    error("bad argument #1 to 'getmetatable' (value expected)", 2)
  end
  if find((...)) then
    return nil
  end
  return getmetatable((...))
end

-- `return setmetatable({}, Class)` is how objects are made, and a Lua function called so would not
-- know its caller's line. A wrapped thread is a C function: it adds the line to an error. The error
-- ends the thread, so the function is given a new one first.
local served, serve

-- The arguments of the call. Not in locals: what a waiting thread holds is never collected.
local count, tbl, metatable

local function take(...)
  count = select("#", ...)
  tbl, metatable = ...
end

local function release()
  local given = tbl
  tbl, metatable = nil, nil
  return given
end

local function findProblem()
  if type(tbl) ~= "table" then
    local got = typeName(count, tbl)
    return "bad argument #1 to 'setmetatable' (table expected, got " .. got .. ")"
  elseif count < 2 or (metatable ~= nil and type(metatable) ~= "table") then
    return "bad argument #2 to 'setmetatable' (nil or table expected)"
  end
  local functions, old = find(tbl), rawGetmetatable(tbl)
  if functions then
    functions.lift(tbl)
  elseif old and rawget(old, "__metatable") ~= nil then
    return "cannot change a protected metatable"
  end
end

local function serveOn()
  while true do
    local problem = findProblem()
    if problem then
      setupvalue(served, 1, create(serve))
      error(problem, 0)
    end
    veil.use(metatable)
    setmetatable(tbl, metatable)
    take(yield(release()))
  end
end

function serve(...)
  take(...)
  return serveOn()
end

served = wrap(serve)
globals.setmetatable, guard.served = served, served

debug.getmetatable = function(...)
  if select("#", ...) == 0 then
    error("bad argument #1 to 'getmetatable' (value expected)", 2)
  end
  if find((...)) then
    return nil
  end
  return debugGet((...))
end

debug.setmetatable = function(...)
  local value, metatable = ...
  if select("#", ...) < 2 or (metatable ~= nil and type(metatable) ~= "table") then
    error("bad argument #2 to 'setmetatable' (nil or table expected)", 2)
  end
  veil.lift(value)
  veil.use(metatable)
  return debugSet(value, metatable)
end

return veil
