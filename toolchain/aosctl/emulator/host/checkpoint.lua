--- The contents of a process at one moment, and the way back to it.
--
-- A checkpoint lists what every table, upvalue and metatable holds that the process can reach, and
-- restores it in place, so that identities stay: who holds a table holds it afterwards too. Large
-- tables are not listed but put behind a barrier, which remembers what was written to them
-- (`barrier.lua`). Our own host code and its counters are left out. What cannot be put back by
-- assignment (the stack of a thread that waits, the state inside a C iterator) makes a checkpoint
-- refuse, and the process is rebuilt from its messages instead.

local guard, veil, barrier = ...

local getmetatable, setmetatable = guard.debug.getmetatable, guard.debug.setmetatable
local next, pairs, rawequal, type = veil.raw.next, pairs, rawequal, type
local create, status = coroutine.create, coroutine.status
local debug, dump, globals, os, sort = guard.debug, guard.dump, _G, os, table.sort
local getinfo, getlocal, sub = debug.getinfo, debug.getlocal, string.sub
local getupvalue, setupvalue, upvalueid = debug.getupvalue, debug.setupvalue, debug.upvalueid

-- Chunks of the host: what they keep is no part of a process.
local HOST = {
  [".barrier"] = true, [".checkpoint"] = true, [".door"] = true, [".guard"] = true,
  [".library"] = true, [".promise"] = true, [".threads"] = true, [".veil"] = true,
}
-- Tables into which C looks without asking them.
local KEPT_PLAIN = { [globals] = true, [package.searchers] = true }
-- Libraries that are hardly ever read either: a slow reader does for them.
local RARE = { [io] = true, [package] = true, [package.loaded] = true }
-- Tables of aos that every message writes to or reads.
local BUSY = {}
-- Modules of aos that have no state but in the tables that they return: what else they keep never
-- changes, or can be found again.
local CONSTANT = {
  json = true, [".ao"] = true, [".assignment"] = true, [".bit32"] = true, [".boot"] = true,
  [".default"] = true, [".dump"] = true, [".eval"] = true, [".handlers"] = true,
  [".handlers-utils"] = true, [".math"] = true, [".pretty"] = true, [".process"] = true,
  [".stringify"] = true, [".utils"] = true,
}
-- Globals that aos makes after boot and changes by itself.
local OWN = { "Errors", "Inbox", "Seeded" }
-- One value of each type whose values share one metatable, which a process may set.
local SHARED = { "", 0, true, print, create(print) }
-- A table with more entries gets a barrier, one with fewer than the second loses it. Between the
-- two it stays what it is, so that a table that breathes is not moved at every checkpoint.
local LARGE, SMALL = 64, 32
local SWEEP = 16 -- checkpoints after which what is no longer reachable is forgotten

local checkpoint = {}

-- What was remembered. Its tables are used again: most of a process stays as it is.
local contents = {} -- table -> its keys and values in turn, and how many as `n`
local metatables = {} -- table -> its metatable or false
local cells, cellCount = {}, 0 -- upvalues: function, index and value in turn
local shared, sharedNil = {}, nil -- index of SHARED -> the metatable of that type or false
local size, refused = 0, false

-- Walking ---------------------------------------------------------------------------------------

-- The functions of C and of aos do not change: our modules keep what changes in tables. So those
-- that the first walk meets are not walked again; what they alone know are `roots` of later walks.
local roots = {}
local isSettled = false
local libraries = setmetatable({}, { __mode = "k" }) -- tables that have a barrier whatever their size
local entry -- the entry of aos
local FOREVER = math.huge

local marks = {} -- object -> the number of the last walk that met it, or FOREVER
local pass = 0
local queue, queued = {}, 0
local seenCells = {}

local OBJECTS = { table = true, ["function"] = true, thread = true, userdata = true }

--- Put `value` in the queue of what is to be walked, once. A queue, for lists may be long.
local function visit(value)
  local mark = marks[value]
  if mark ~= pass and mark ~= FOREVER and OBJECTS[type(value)] then
    marks[value] = pass
    queued = queued + 1
    queue[queued] = value
  end
end

local function visitMetatable(metatable)
  veil.use(metatable or nil)
  visit(metatable)
end

local function walkTable(tbl)
  local listed = contents[tbl]
  if not listed then
    listed = { n = 0, hasPlainKeys = true }
    contents[tbl] = listed
  end
  local n, hasPlainKeys, hadPlainKeys = 0, true, listed.hasPlainKeys
  for key, value in next, tbl do
    -- Where a key was no object the last time and is still the same, it need not be visited. (To
    -- compare objects might call the process's own code.)
    if not (hadPlainKeys and listed[n + 1] == key) then
      listed[n + 1] = key
      if OBJECTS[type(key)] then
        hasPlainKeys = false
        visit(key)
      end
    end
    listed[n + 2] = value
    n = n + 2
    local mark = marks[value]
    if mark ~= pass and mark ~= FOREVER and OBJECTS[type(value)] then
      visit(value)
    end
  end
  for index = n + 1, listed.n do
    listed[index] = nil
  end
  listed.n, listed.hasPlainKeys = n, hasPlainKeys
  size = size + n // 2 + 1
  local metatable = getmetatable(tbl)
  metatables[tbl] = metatable or false
  if metatable and not veil.isVeil(metatable) then
    visitMetatable(metatable)
  end
end

-- Function -> what kind of code it is: asking Lua makes a table each time.
local codes = setmetatable({}, { __mode = "k" })

local function findCode(fn)
  local info = getinfo(fn, "S")
  local code = "theirs"
  if HOST[info.source] then
    code = "host"
  elseif info.what == "C" then
    code = "C"
  elseif info.source == "json" or sub(info.source, 1, 1) == "." then
    code = "aos"
  end
  codes[fn] = code
  return code
end

--- Walk a function of C or aos once and for all.
local function settle(fn)
  marks[fn] = FOREVER
  local index = 1
  while true do
    local name, value = getupvalue(fn, index)
    if not name then
      break
    end
    local kind = type(value)
    if kind == "function" then
      if (codes[value] or findCode(value)) == "theirs" then
        roots[#roots + 1] = value
      end
      visit(value)
    elseif OBJECTS[kind] and marks[value] ~= FOREVER then
      roots[#roots + 1] = value
      visit(value)
    end
    index = index + 1
  end
end

local function hasHiddenState(fn)
  local index = 1
  while true do
    local name, value = getupvalue(fn, index)
    if not name then
      return false
    elseif type(value) == "thread" or type(value) == "userdata" then
      return true
    end
    index = index + 1
  end
end

local function walkUpvalues(fn)
  local index = 1
  while true do
    local name, value = getupvalue(fn, index)
    if not name then
      return
    end
    local id = upvalueid(fn, index)
    if seenCells[id] ~= pass then
      seenCells[id] = pass
      cells[cellCount + 1], cells[cellCount + 2], cells[cellCount + 3] = fn, index, value
      cellCount = cellCount + 3
      visit(value)
    end
    index = index + 1
  end
end

--- Visit what a waiting thread holds in its stack: its locals stay, the tables in them may change.
local function walkStack(thread)
  local level = 0
  while true do
    local info = getinfo(thread, level, "f")
    if not info then
      break
    end
    visit(info.func)
    for _, step in pairs({ 1, -1 }) do
      local index = step
      while true do
        local name, value = getlocal(thread, level, index)
        if not name then
          break
        end
        visit(value)
        index = index + step
      end
    end
    level = level + 1
  end
  if level == 0 then
    refused = true -- a thread has not begun
  end
end

--- List a table, unless it has a barrier; one that has become small loses it.
local function walkAnyTable(tbl)
  local count = barrier.count(tbl)
  if count and count < SMALL and not libraries[tbl] then
    barrier.lower(tbl)
    count = nil
  end
  if not count then
    walkTable(tbl)
  end
end

local function walk(value)
  local kind = type(value)
  if kind == "table" then
    walkAnyTable(value)
  elseif kind == "function" then
    local code = codes[value] or findCode(value)
    if code == "C" and hasHiddenState(value) then
      -- C changes it as it likes: a wrapped thread, an iterator's place.
      refused = true
    elseif code == "host" then
      marks[value] = FOREVER
    elseif not isSettled and code ~= "theirs" then
      settle(value)
    else
      walkUpvalues(value)
    end
  elseif kind == "thread" then
    if status(value) == "suspended" then
      guard.watch(value)
      walkStack(value)
    end
  else
    visitMetatable(getmetatable(value))
  end
end

local function walkQueue()
  local index = 1
  while index <= queued do
    local value = queue[index]
    queue[index] = false
    walk(value)
    index = index + 1
  end
  queued = 0
  if index > 3000 then
    queue = {}
  end
end

local function visitShared()
  for index, value in pairs(SHARED) do
    local metatable = getmetatable(value)
    shared[index] = metatable or false
    visitMetatable(metatable)
  end
  sharedNil = getmetatable(nil) or false
  visitMetatable(sharedNil)
end

--- Whether the last walk met it: what it listed of others is out of date.
local function isListed(object)
  local mark = marks[object]
  return mark == pass or mark == FOREVER
end

-- Large tables ----------------------------------------------------------------------------------

local function canBeRaised(tbl)
  return metatables[tbl] == false and not KEPT_PLAIN[tbl] and not veil.isInUse(tbl)
end

local function raise(tbl, listed)
  barrier.raise(tbl, listed.n // 2)
  contents[tbl], metatables[tbl] = nil, nil
  size = size - listed.n // 2 - 1
end

local function raiseBarriers()
  for tbl, listed in next, contents do
    if listed.n > 2 * LARGE and isListed(tbl) and canBeRaised(tbl) then
      raise(tbl, listed)
    end
  end
end

local function isWatched(value)
  return OBJECTS[type(value)] ~= nil and marks[value] ~= FOREVER
end

local function hasWatched(listed)
  for index = 1, listed.n do
    if isWatched(listed[index]) then
      return true
    end
  end
  return false
end

--- Libraries are hardly ever written to: a barrier is cheaper than a look at each checkpoint.
local function raiseAroundLibraries()
  local tables = { package.loaded }
  for _, module in next, package.loaded do
    tables[#tables + 1] = module
  end
  for index = 1, #tables do
    local tbl = tables[index]
    local listed = contents[tbl]
    local isQuick = RARE[tbl] or listed and not hasWatched(listed)
    if listed and isQuick and not BUSY[tbl] and canBeRaised(tbl) then
      libraries[tbl] = true
      raise(tbl, listed)
    end
  end
end

local function forgetTheUnreachable()
  for object, mark in next, marks do
    if mark ~= pass and mark ~= FOREVER then
      marks[object] = nil
      contents[object], metatables[object] = nil, nil
    end
  end
end

--- A table, function or thread was taken out of a large table: what it holds now is what it held
--- at the checkpoint, for nobody can have changed it before.
local function touch(object)
  if isListed(object) then
    return
  end
  visit(object)
  walkQueue()
  if refused then
    guard.breakWatch()
  end
end

barrier.onTouch(touch, isWatched)

-- Taking one ------------------------------------------------------------------------------------

--- Mark the tables that a function of aos and those behind it keep to themselves.
local function markConstants(fn, seen)
  if seen[fn] or not CONSTANT[getinfo(fn, "S").source] then
    return
  end
  seen[fn] = true
  local index = 1
  while true do
    local name, value = getupvalue(fn, index)
    if not name then
      return
    elseif type(value) == "function" then
      markConstants(value, seen)
    elseif type(value) == "table" and not seen[value] then
      marks[value] = FOREVER
    end
    index = index + 1
  end
end

--- The same for all that there is at boot; what others can reach is no constant.
local function markAllConstants()
  local seen, functions = {}, {}
  local function look(tbl)
    seen[tbl] = true
    for _, value in next, tbl do
      if type(value) == "function" then
        functions[#functions + 1] = value
      elseif type(value) == "table" and not seen[value] then
        look(value)
      end
    end
  end
  look(globals)
  for _, module in next, package.loaded do
    functions[#functions + 1] = type(module) == "function" and module or nil
  end
  for index = 1, #functions do
    markConstants(functions[index], seen)
  end
end

--- Learn the entry of aos, and what is the emulator's though aos can reach it.
function checkpoint.boot(handle, ours)
  entry = handle
  markAllConstants()
  for _, object in pairs(ours) do
    marks[object] = FOREVER
  end
  local handlers, ao = require(".handlers"), require(".ao")
  for _, tbl in pairs({ os, ao, handlers }) do
    BUSY[tbl] = true
  end
end

--- Leave `tbl` out: what is in it can be found again.
function checkpoint.leaveOut(tbl)
  marks[tbl] = FOREVER
  return tbl
end

--- Remember the present state.
---@return boolean ok, number size
function checkpoint.take()
  if guard.isDisguised() then
    return false, 0
  end
  guard.clearWatch()
  pass, cellCount, size, refused = pass + 1, 0, 0, false
  queued = 0
  visit(globals)
  visit(entry)
  for index = 1, #roots do
    visit(roots[index])
  end
  visitShared()
  walkQueue()
  for index = cellCount + 1, #cells do
    cells[index] = nil
  end
  if pass % SWEEP == 0 then
    forgetTheUnreachable()
  end
  raiseBarriers()
  if not isSettled then
    isSettled = true
    raiseAroundLibraries()
  end
  barrier.begin(not refused)
  return not refused, size
end

-- The way back ----------------------------------------------------------------------------------

local function restoreTable(tbl, listed)
  local n = listed.n
  local metatable = getmetatable(tbl)
  if metatable then
    setmetatable(tbl, nil)
  end
  for index = 1, n, 2 do
    tbl[listed[index]] = listed[index + 1]
  end
  local count = 0
  for _ in next, tbl do
    count = count + 2
  end
  if count > n then
    for key in next, tbl do
      tbl[key] = nil
    end
    for index = 1, n, 2 do
      tbl[listed[index]] = listed[index + 1]
    end
  end
  metatable = metatables[tbl]
  if metatable then
    setmetatable(tbl, metatable)
  end
end

local function restoreMetatable(value, metatable)
  metatable = metatable or nil
  if not rawequal(getmetatable(value), metatable) then
    setmetatable(value, metatable)
  end
end

--- Go back to what was remembered; false if something ran that cannot be undone.
function checkpoint.restore()
  if guard.isWatchBroken() then
    return false
  end
  for tbl, listed in next, contents do
    if isListed(tbl) then
      restoreTable(tbl, listed)
    end
  end
  for index = 1, cellCount, 3 do
    setupvalue(cells[index], cells[index + 1], cells[index + 2])
  end
  for index, value in pairs(SHARED) do
    restoreMetatable(value, shared[index])
  end
  restoreMetatable(nil, sharedNil)
  barrier.undo()
  return true
end

-- What changed ----------------------------------------------------------------------------------

local isSame
local seeThrough = { next = globals.next, rawget = globals.rawget }

--- What a large table held, as a small one is listed.
local function listBefore(tbl)
  local before, n = barrier.before(tbl), 0
  if not before then
    return nil
  end
  local listed = {}
  for key, value in next, before do
    listed[n + 1], listed[n + 2] = key, value
    n = n + 2
  end
  listed.n = n
  return listed
end

local function isSameFunction(old, new)
  if getinfo(old, "S").what == "C" or getinfo(new, "S").what == "C" then
    return false
  end
  return dump(old, true) == dump(new, true)
end

local function isSameTable(old, new, compared)
  if compared[old] then
    return rawequal(compared[old], new)
  end
  local listed = isListed(old) and contents[old] or listBefore(old)
  if not listed then
    return rawequal(old, new)
  end
  compared[old] = new
  for index = 1, listed.n, 2 do
    if not isSame(listed[index + 1], seeThrough.rawget(new, listed[index]), compared) then
      return false
    end
  end
  local count = 0
  for _ in seeThrough.next, new do
    count = count + 2
  end
  return count == listed.n
end

--- Whether `new` holds now what `old` held at the checkpoint: by content, not by identity.
function isSame(old, new, compared)
  local kind = type(old)
  if kind ~= type(new) then
    return false
  elseif kind == "table" then
    return isSameTable(old, new, compared)
  elseif kind == "function" then
    return rawequal(old, new) or isSameFunction(old, new)
  end
  return rawequal(old, new) or (old ~= old and new ~= new)
end

--- The names of the globals of a fresh process: those are aos's own.
function checkpoint.ownNames()
  local own = {}
  for name in next, globals do
    own[name] = true
  end
  for _, name in pairs(OWN) do
    own[name] = true
  end
  return own
end

--- The names of globals, but for `own`, that differ from the checkpoint; sorted.
function checkpoint.changed(own)
  local before, names = {}, {}
  local listed = contents[globals]
  for index = 1, listed.n, 2 do
    before[listed[index]] = listed[index + 1]
  end
  local function compare(name)
    if type(name) == "string" and not own[name] and not names[name] then
      if not isSame(before[name], globals[name], {}) then
        names[name] = true
      end
    end
  end
  for name in next, before do
    compare(name)
  end
  for name in next, globals do
    compare(name)
  end
  local sorted = {}
  for name in next, names do
    sorted[#sorted + 1] = name
  end
  sort(sorted)
  return sorted
end

return checkpoint
