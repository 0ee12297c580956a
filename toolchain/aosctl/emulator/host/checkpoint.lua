--- The contents of a process at one moment, and the way back to it.
--
-- A checkpoint lists what every table, upvalue and metatable holds that the process can reach, and
-- restores it in place, so that identities stay: who holds a table holds it afterwards too. Our own
-- host code and its counters are left out. What cannot be put back by assignment (the stack of a
-- thread that waits, the state inside a C iterator) makes a checkpoint refuse, and the process is
-- rebuilt from its messages instead.

local guard = ...

local next, pairs, rawequal, rawget, rawset, type = next, pairs, rawequal, rawget, rawset, type
local create, status = coroutine.create, coroutine.status
local debug, dump, globals, sort = guard.debug, guard.dump, _G, table.sort
local getinfo, getlocal = debug.getinfo, debug.getlocal
local getmetatable, setmetatable = debug.getmetatable, debug.setmetatable
local getupvalue, setupvalue, upvalueid = debug.getupvalue, debug.setupvalue, debug.upvalueid

-- Chunks of the host: what they keep is no part of a process.
local HOST = {
  [".budget"] = true, [".checkpoint"] = true, [".door"] = true, [".guard"] = true,
  [".library"] = true,
}
-- Globals that aos makes after boot and changes by itself.
local OWN = { "Errors", "Inbox", "Seeded" }
-- One value of each type whose values share one metatable, which a process may set.
local SHARED = { "", 0, true, print, create(print) }

local checkpoint = {}
local current -- the only record there is

-- Walking ---------------------------------------------------------------------------------------

local visit

local function visitTable(record, tbl)
  local contents, n = {}, 0
  record.contents[tbl] = contents
  for key, value in next, tbl do
    contents[n + 1], contents[n + 2] = key, value
    n = n + 2
    visit(record, key)
    visit(record, value)
  end
  contents.n = n
  record.size = record.size + n // 2 + 1
  local meta = getmetatable(tbl)
  record.metatables[tbl] = meta or false
  visit(record, meta)
end

local function visitUpvalues(record, fn)
  local isC, index = getinfo(fn, "S").what == "C", 1
  while true do
    local name, value = getupvalue(fn, index)
    if not name then
      return
    end
    -- A C function changes its upvalues as it likes: a wrapped thread, an iterator's place.
    if isC and (type(value) == "thread" or type(value) == "userdata") then
      record.refusal = "a wrapped thread or an iterator is kept"
    end
    local id = upvalueid(fn, index)
    if not record.seenUpvalues[id] then
      record.seenUpvalues[id] = true
      local upvalues = record.upvalues
      local n = upvalues.n
      upvalues[n + 1], upvalues[n + 2], upvalues[n + 3] = fn, index, value
      upvalues.n = n + 3
      visit(record, value)
    end
    index = index + 1
  end
end

--- Visit what a waiting thread holds in its stack: its locals stay, the tables in them may change.
local function visitStack(record, thread)
  local level = 0
  while true do
    local info = getinfo(thread, level, "f")
    if not info then
      break
    end
    visit(record, info.func)
    for _, step in pairs({ 1, -1 }) do
      local index = step
      while true do
        local name, value = getlocal(thread, level, index)
        if not name then
          break
        end
        visit(record, value)
        index = index + step
      end
    end
    level = level + 1
  end
  if level == 0 then
    record.refusal = "a thread has not begun"
  end
end

local function visitThread(record, thread)
  if status(thread) == "suspended" then
    guard.watch(thread)
    visitStack(record, thread)
  end
end

--- Put `value` in the queue of what is to be walked, once. A queue, for lists may be long.
function visit(record, value)
  local kind = type(value)
  if kind ~= "table" and kind ~= "function" and kind ~= "thread" and kind ~= "userdata" then
    return
  elseif record.seen[value] then
    return
  end
  local n = record.queued + 1
  record.seen[value], record.queue[n], record.queued = true, value, n
end

local function walk(record, value)
  local kind = type(value)
  if kind == "table" then
    visitTable(record, value)
  elseif kind == "function" then
    if not HOST[getinfo(value, "S").source] then
      visitUpvalues(record, value)
    end
  elseif kind == "thread" then
    visitThread(record, value)
  else
    visit(record, getmetatable(value))
  end
end

local function visitShared(record)
  for index, value in pairs(SHARED) do
    local meta = getmetatable(value)
    record.shared[index] = meta or false
    visit(record, meta)
  end
  record.sharedNil = getmetatable(nil) or false
  visit(record, record.sharedNil)
end

--- Remember the present state; `handle` is the entry of aos, behind which the rest lies.
---@return boolean ok, number size
function checkpoint.take(handle)
  guard.clearWatch()
  local record = {
    contents = {}, -- table -> its keys and values in turn
    metatables = {}, -- table -> its metatable or false
    shared = {}, -- index of SHARED -> the metatable of that type or false
    upvalues = { n = 0 }, -- function, index and value in turn
    size = 0, -- entries of tables
    queue = {}, queued = 0, seen = {}, seenUpvalues = {}, -- of use only while walking
  }
  visit(record, globals)
  visit(record, handle)
  visitShared(record)
  local index = 1
  while index <= record.queued do
    walk(record, record.queue[index])
    record.queue[index] = false
    index = index + 1
  end
  record.queue, record.seen, record.seenUpvalues = nil, nil, nil
  current = record
  return record.refusal == nil, record.size
end

-- The way back ----------------------------------------------------------------------------------

local function isAsRecorded(tbl, contents)
  for index = 1, contents.n, 2 do
    if not rawequal(rawget(tbl, contents[index]), contents[index + 1]) then
      return false
    end
  end
  local count = 0
  for _ in next, tbl do
    count = count + 2
  end
  return count == contents.n
end

local function restoreTable(tbl, contents)
  if isAsRecorded(tbl, contents) then
    return
  end
  for key in next, tbl do
    rawset(tbl, key, nil)
  end
  for index = 1, contents.n, 2 do
    rawset(tbl, contents[index], contents[index + 1])
  end
end

local function restoreMetatable(value, meta)
  meta = meta or nil
  if not rawequal(getmetatable(value), meta) then
    setmetatable(value, meta)
  end
end

--- Go back to what was remembered; false if something ran that cannot be undone.
function checkpoint.restore()
  if guard.isWatchBroken() then
    return false
  end
  for tbl, contents in next, current.contents do
    restoreTable(tbl, contents)
  end
  for tbl, meta in next, current.metatables do
    restoreMetatable(tbl, meta)
  end
  local upvalues = current.upvalues
  for index = 1, upvalues.n, 3 do
    setupvalue(upvalues[index], upvalues[index + 1], upvalues[index + 2])
  end
  for index, value in pairs(SHARED) do
    restoreMetatable(value, current.shared[index])
  end
  restoreMetatable(nil, current.sharedNil)
  return true
end

--- Forget what was remembered.
function checkpoint.drop()
  current = nil
  guard.clearWatch()
end

-- What changed ----------------------------------------------------------------------------------

local isSame

local function isSameFunction(old, new)
  if getinfo(old, "S").what == "C" or getinfo(new, "S").what == "C" then
    return false
  end
  return dump(old, true) == dump(new, true)
end

local function isSameTable(old, new, compared)
  local contents = current.contents[old]
  if compared[old] then
    return rawequal(compared[old], new)
  elseif not contents then
    return rawequal(old, new)
  end
  compared[old] = new
  for index = 1, contents.n, 2 do
    if not isSame(contents[index + 1], rawget(new, contents[index]), compared) then
      return false
    end
  end
  local count = 0
  for _ in next, new do
    count = count + 2
  end
  return count == contents.n
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
  local contents = current.contents[globals]
  for index = 1, contents.n, 2 do
    before[contents[index]] = contents[index + 1]
  end
  local function compare(name)
    if type(name) == "string" and not own[name] and not names[name] then
      if not isSame(before[name], rawget(globals, name), {}) then
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
