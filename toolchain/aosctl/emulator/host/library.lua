--- The standard library as the aos module offers it, made safe: no files, no clock, no way out.
--
-- Runs after the guard and before any Lua of a process.

local guard, source, pure = ...

local assert, error, ipairs, load = assert, error, ipairs, load
local pcall, tostring, type = pcall, tostring, type
local debug, io, math, os, package, string = debug, io, math, os, package, string
local getinfo = debug.getinfo
local byte, dump, sub = string.byte, string.dump, string.sub
local concat = table.concat
local globals = _G

local ESCAPE = 27 -- the first byte of a binary chunk

-- Chunks --------------------------------------------------------------------------------------

-- Malformed bytecode can crash Lua, so only what this state dumped itself may be loaded again.
local dumped = {}

string.dump = function(fn, strip)
  local code = dump(fn, strip)
  guard.charge(#code)
  dumped[code] = true
  return code
end

--- Join what a reader function gives, as `load` does.
local function readAll(reader)
  local pieces = {}
  while true do
    local piece = reader()
    if piece == nil or piece == "" then
      return concat(pieces)
    end
    if type(piece) ~= "string" then
      error("reader function must return a string", 0)
    end
    pieces[#pieces + 1] = piece
  end
end

globals.load = function(chunk, name, mode, ...)
  if type(chunk) == "function" then
    local ok, text = pcall(readAll, chunk)
    if not ok then
      return nil, text
    end
    chunk, name = text, name or "=(load)"
  end
  if type(chunk) == "string" and byte(chunk) == ESCAPE and not dumped[chunk] then
    mode = "t"
  end
  if type(chunk) == "string" then
    guard.charge(#chunk)
  end
  return load(chunk, name, mode, ...)
end

globals.loadfile = function(path)
  return nil, "cannot open " .. tostring(path)
end

globals.dofile = function(path)
  return error("cannot open " .. tostring(path), 0)
end

-- Modules -------------------------------------------------------------------------------------

-- `source` hands over a module's code when it is first required: text kept in each state would
-- cost more memory than everything else in it. Our modules alone are given `guard.notes`: the
-- process can call a loader, but not see what lies behind it.
local function searchBuiltIn(name)
  for _, candidate in ipairs({ name, name .. ".init" }) do
    local code = source(candidate)
    if code then
      local chunk = assert(load(code, candidate, "b"))
      return function(asked)
        return chunk(asked, guard.notes)
      end
    end
  end
  return "\n\tno built-in module '" .. name .. "'"
end

local function searchNothing()
  return "\n\tno file system"
end

local function installPackage()
  package.loaded.python, globals.python = nil, nil
  package.searchers[2] = searchBuiltIn
  for index = 3, 5 do
    package.searchers[index] = searchNothing
  end
  package.loadlib = function()
    return nil, "dynamic libraries not enabled; check your Lua installation", "absent"
  end
  package.searchpath = function(name)
    return nil, "\n\tno file '" .. tostring(name) .. "'"
  end
end

-- Introspection -------------------------------------------------------------------------------

local function nothing() end

local function absent()
  return nil
end

--- Whether `fn` was loaded by the process: our own functions keep their upvalues to themselves.
local function isTheirs(fn)
  if type(fn) ~= "function" then
    return false
  end
  local chunk = getinfo(fn, "S").source
  return chunk ~= "=[C]" and chunk ~= "json" and sub(chunk, 1, 1) ~= "."
end

local function onlyTheirs(original)
  return function(fn, ...)
    if isTheirs(fn) then
      return original(fn, ...)
    end
  end
end

local function installDebug()
  local join = debug.upvaluejoin
  debug.upvaluejoin = function(fn, n, other, m)
    if isTheirs(fn) and isTheirs(other) then
      guard.breakWatch() -- assignment cannot undo which closures share what
      join(fn, n, other, m)
    end
  end
  for _, name in ipairs({ "getupvalue", "setupvalue", "upvalueid" }) do
    debug[name] = onlyTheirs(debug[name])
  end
  for _, name in ipairs({ "debug", "gethook", "sethook", "getlocal", "setlocal" }) do
    debug[name] = nothing
  end
  debug.getuservalue, debug.setuservalue = nothing, nothing
  debug.getregistry = function()
    return {}
  end
end

-- Files, clock, system ------------------------------------------------------------------------

local function noFile(path)
  return nil, tostring(path) .. ": No error information", 0
end

local function notFound(path)
  return nil, tostring(path) .. ": No such file or directory", 44
end

local function installIo()
  local file = debug.getmetatable(io.stdout)
  local function itself(handle)
    return handle
  end
  -- The three standard files stay what they are by type, but nothing goes in or out.
  file.__index = {
    close = nothing, flush = itself, lines = nothing, read = nothing,
    seek = nothing, setvbuf = nothing, write = itself,
  }
  io.open, io.tmpfile, io.read, io.close, io.lines = noFile, noFile, nothing, nothing, noFile
  io.popen = function()
    return error("'popen' not supported")
  end
  io.write = function()
    return io.stdout
  end
  io.input = function()
    return io.stdin
  end
  io.output = function()
    return io.stdout
  end
end

local function installOs()
  local date = os.date
  -- The module has no clock and no time zone: UTC, and 1970 unless a time is given.
  os.date = function(format, time)
    format = format or "%c"
    if byte(format) ~= 33 then
      format = "!" .. format
    end
    guard.charge(#format)
    return date(format, time or 0)
  end
  os.clock = function()
    return guard.used() / 1e9
  end
  os.time = function()
    return 0
  end
  os.execute = function()
    return false
  end
  os.exit = function()
    return error("os.exit is not available to a process", 2)
  end
  os.rename = function()
    return nil, "No such file or directory", 44
  end
  os.setlocale = function(locale)
    return (locale == nil or locale == "" or locale == "C") and "C" or nil
  end
  os.tmpname = function()
    return "/tmp/lua_000000"
  end
  os.getenv, os.remove = absent, notFound
end

local function installCollector()
  local collect = collectgarbage
  local kept = { collect = true, count = true, step = true, isrunning = true }
  -- Pausing the collector would only turn garbage into an error sooner.
  globals.collectgarbage = function(option, ...)
    if option == nil or kept[option] then
      return collect(option, ...)
    end
    return 0
  end
end

local IMPURE = {
  "collectgarbage", "debug", "dofile", "io", "loadfile", "os", "package", "print", "require",
}

--- Take away what a pure chunk has no use for: it can neither see the outside nor differ by run.
local function purify()
  for _, name in ipairs(IMPURE) do
    globals[name] = nil
  end
  math.random, math.randomseed = nil, nil
end

installPackage()
installIo()
installOs()
installCollector()
installDebug()
if pure then
  purify()
end
