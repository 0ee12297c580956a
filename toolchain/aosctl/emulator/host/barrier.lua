--- Large tables that remember what was written to them since the checkpoint.
--
-- To copy a large table for each checkpoint, or to compare it for each way back, would cost more
-- than everything else. So at a checkpoint its content moves into a hidden table, and a veil takes
-- its place: reading goes through, writing is noted in a journal. The table stays the table it was.
--
-- What lies in a large table is no part of the checkpoint's walk either. The first time that a
-- table, function or thread is taken out, `touch` is told: up to then nobody can have changed it.

local guard, veil = ...

local error, next, rawequal = error, veil.raw.next, rawequal
local rawget = veil.raw.rawget
local getmetatable, setmetatable = guard.debug.getmetatable, guard.debug.setmetatable

-- Keys of a barrier's metatable: the content, the number of its entries, and whether a reader has
-- to look for objects.
local CONTENT, COUNT, HAS_OBJECTS = {}, {}, {}
-- In the journal in the place of a key: the table became plain.
local LIFTED = {}

-- Three values an event: barrier, key, old value; or table, LIFTED, the barrier it had.
local journal, length, isKept = {}, 0, true

local barrier = {}

local touch, isObject

--- Have `fn` told of each object that is taken out of a large table; `isWatched` says of which.
function barrier.onTouch(fn, isWatched)
  touch, isObject = fn, isWatched
end

local function note(where, key, old)
  if not isKept then
    return
  end
  journal[length + 1], journal[length + 2], journal[length + 3] = where, key, old
  length = length + 3
end

-- Through the barrier ---------------------------------------------------------------------------

local function readAndTouch(tbl, key)
  local value = getmetatable(tbl)[CONTENT][key]
  if isObject(value) then
    touch(value)
  end
  return value
end

local function expectObjects(metatable)
  metatable[HAS_OBJECTS] = true
  metatable.__index = readAndTouch
end

local function put(metatable, content, key, value)
  if content[key] == nil then
    metatable[COUNT] = metatable[COUNT] + 1
  end
  if value == nil then
    metatable[COUNT] = metatable[COUNT] - 1
  end
  content[key] = value
end

local function write(tbl, key, value)
  local metatable = getmetatable(tbl)
  local content = metatable[CONTENT]
  if key == nil or key ~= key then
    error("table index is " .. (key == nil and "nil" or "NaN"), 2)
  end
  note(metatable, key, content[key])
  put(metatable, content, key, value)
  if not metatable[HAS_OBJECTS] and (isObject(value) or isObject(key)) then
    expectObjects(metatable)
  end
end

local function measure(tbl)
  return #getmetatable(tbl)[CONTENT]
end

local function nextThrough(tbl, key)
  local metatable = getmetatable(tbl)
  local content = metatable and rawget(metatable, CONTENT)
  if not content then
    return next(tbl, key) -- it became plain in the middle of a loop, or the loop is about another
  end
  local following, value = next(content, key)
  if metatable[HAS_OBJECTS] then
    if isObject(following) then
      touch(following)
    end
    if isObject(value) then
      touch(value)
    end
  end
  return following, value
end

local function pairsThrough(tbl)
  return nextThrough, tbl, nil
end

-- Plain, large, and back ------------------------------------------------------------------------

--- Take the barrier away for good: at a checkpoint, where nothing can have to be undone.
function barrier.lower(tbl)
  local metatable = getmetatable(tbl)
  setmetatable(tbl, nil)
  for key, value in next, metatable[CONTENT] do
    tbl[key] = value
  end
  return metatable
end

--- Take the barrier away in the middle of a message.
local function lift(tbl)
  local metatable = barrier.lower(tbl)
  note(tbl, LIFTED, metatable)
  if metatable[HAS_OBJECTS] then
    -- From here on it is read without anybody being told.
    for key, value in next, metatable[CONTENT] do
      if isObject(key) then
        touch(key)
      end
      if isObject(value) then
        touch(value)
      end
    end
  end
end

local FUNCTIONS = {
  lift = lift,
  next = nextThrough,
  get = function(tbl, key)
    return tbl[key]
  end,
  set = write,
  len = measure,
}

--- Put a barrier before a table of `count` entries that has no metatable.
function barrier.raise(tbl, count)
  local content, hasObjects = {}, false
  for key, value in next, tbl do
    content[key] = value
    hasObjects = hasObjects or isObject(key) or isObject(value)
  end
  for key in next, content do
    tbl[key] = nil
  end
  local metatable = {
    __index = content, __newindex = write, __len = measure, __pairs = pairsThrough,
    [CONTENT] = content, [COUNT] = count, [HAS_OBJECTS] = false,
  }
  if hasObjects then
    expectObjects(metatable)
  end
  veil.add(metatable, FUNCTIONS)
  setmetatable(tbl, metatable)
end

--- The number of entries of a table behind a barrier; nil for any other.
function barrier.count(tbl)
  local metatable = getmetatable(tbl)
  return metatable and rawget(metatable, COUNT)
end

-- The journal -----------------------------------------------------------------------------------

local function forget()
  if length > 3000 then
    journal = {}
  else
    for index = 1, length do
      journal[index] = nil
    end
  end
  length = 0
end

--- What is there now is where the way back leads; `isPossible` says whether there is one.
function barrier.begin(isPossible)
  forget()
  isKept = isPossible
end

--- Undo what was written since, the last first.
function barrier.undo()
  for index = length - 2, 1, -3 do
    local where, key, old = journal[index], journal[index + 1], journal[index + 2]
    if rawequal(key, LIFTED) then
      for present in next, where do
        where[present] = nil
      end
      setmetatable(where, old)
    else
      put(where, where[CONTENT], key, old)
    end
  end
  forget()
end

--- The content of a table at the checkpoint, as a new table; nil if it had no barrier then.
function barrier.before(tbl)
  local metatable = getmetatable(tbl)
  for index = 1, length, 3 do
    if rawequal(journal[index], tbl) and rawequal(journal[index + 1], LIFTED) then
      metatable = journal[index + 2]
    end
  end
  if not metatable or not rawget(metatable, CONTENT) then
    return nil
  end
  local copy = {}
  for key, value in next, metatable[CONTENT] do
    copy[key] = value
  end
  for index = length - 2, 1, -3 do
    if rawequal(journal[index], metatable) and not rawequal(journal[index + 1], LIFTED) then
      copy[journal[index + 1]] = journal[index + 2]
    end
  end
  return copy
end

return barrier
