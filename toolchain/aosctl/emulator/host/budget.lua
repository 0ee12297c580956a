--- What the functions of the standard library cost: C that runs long is counted as instructions.
--
-- A count hook does not fire inside C, so each function that can run long says beforehand, or from
-- what it returned, how long that is. Arguments that are right go straight to the original; the
-- others go through `raise`, which says what the original says, and of the same place unless a tail
-- call has dropped it. Functions whose recorded errors need that place are not replaced.

local guard = ...

local error, getmetatable, next, type = error, getmetatable, next, type
local globals, math, string, table, utf8 = _G, math, string, table, utf8
local charge, getinfo, protect = guard.charge, guard.debug.getinfo, guard.protect
local find, match = string.find, string.match
local mathType = math.type
local pack, unpack = table.pack, table.unpack

-- Longer lists leave the stack room for little else.
local SHORT_LIST = 8000

-- Errors --------------------------------------------------------------------------------------

-- What the C functions say of themselves; all else comes from functions that they called.
local OWN = {
  "^bad argument #", "^invalid ", "^malformed pattern", "^missing '%[' after", "^pattern too complex",
  "^unfinished capture", "^wrong number of arguments", "^too many ", "^unable to ",
  "^resulting string too large", "^string slice too long", "^object length is not an integer",
  "^variable%-length format", "^integral size", "^cannot change a protected", "^unfinished string", "^format result too large",
}

local function isOwn(problem)
  for _, form in next, OWN do
    if find(problem, form) then
      return true
    end
  end
  return false
end

--- Name the argument as the caller wrote it: a method does not count what it is called on.
local function renumber(problem, called, name)
  local number, rest = match(problem, "^bad argument #(%d+) to '[^']*' (.*)$")
  if not number then
    return problem
  end
  number = number // 1 | 0
  if called.namewhat == "method" then
    number = number - 1
    if number == 0 then
      return "calling '" .. called.name .. "' on bad self"
    end
  end
  local known = called.name or called.istailcall and match(name, "[^.]*$") or name
  return "bad argument #" .. number .. " to '" .. known .. "' " .. rest
end

--- Raise in the caller's caller what the original, called `name`, said.
local function raise(problem, name)
  if type(problem) ~= "string" or not isOwn(problem) then
    return error(problem, 0)
  end
  local text = renumber(problem, getinfo(2, "nt"), name)
  error(text, 3)
end

--- Put `charged(original)` in the place of the function `key` of `library`.
local function replace(library, prefix, key, charged)
  local original = library[key]
  if original then
    library[key] = charged(original, prefix .. key)
  end
end

--- A function that returns one value and runs as long as its first argument is.
local function byLength(shift)
  return function(original, name)
    return function(...)
      local text = ...
      if type(text) == "string" then
        charge(#text >> shift)
        local ok, value = protect(original, ...)
        if ok then
          return value
        end
        raise(value, name)
      end
      local ok, value = protect(original, ...)
      if ok then
        return value
      end
      raise(value, name)
    end
  end
end

--- The same for one that may return several.
local function listByLength(shift)
  return function(original, name)
    return function(...)
      local text = ...
      if type(text) == "string" then
        charge(#text >> shift)
      end
      local returned = pack(protect(original, ...))
      if returned[1] then
        return unpack(returned, 2, returned.n)
      end
      raise(returned[2], name)
    end
  end
end

-- Lists ---------------------------------------------------------------------------------------

--- Count a range that C goes through; beyond all numbers it is as long as can be.
local function chargeRange(first, last)
  if mathType(first) == "integer" and mathType(last) == "integer" and last > first then
    local length = last - first
    charge(length > 0 and length or math.maxinteger >> 1)
  end
end

local function chargedMove(original, name)
  return function(...)
    local _, first, last = ...
    chargeRange(first, last)
    local ok, value = protect(original, ...)
    if not ok then
      raise(value, name)
    end
    return value
  end
end

local function chargedRemove(original, name)
  return function(...)
    local list, place = ...
    if type(list) == "table" and place then
      chargeRange(place, #list)
    end
    local ok, value = protect(original, ...)
    if not ok then
      raise(value, name)
    end
    return value
  end
end

local function chargedUnpack(original, name)
  return function(...)
    local list, first, last = ...
    local isPlain = type(list) == "table" and not getmetatable(list)
    first = first or 1
    last = last or isPlain and #list
    if isPlain and mathType(first) == "integer" and mathType(last) == "integer" then
      local length = last - first
      if length < SHORT_LIST and (length >= 0 or last <= first) then
        charge(length > 0 and length >> 2 or 0)
        return original(...)
      end
    end
    local returned = pack(protect(original, ...))
    if not returned[1] then
      raise(returned[2], name)
    end
    charge(returned.n)
    return unpack(returned, 2, returned.n)
  end
end

-- The rest ------------------------------------------------------------------------------------

--- A collection goes through the whole heap; the figure is rounded, for it differs a little by run.
local function chargedCollector(original)
  return function(option, ...)
    if option ~= "count" then
      local heap, rounded = original("count"), 256
      while rounded < heap do
        rounded = rounded * 2
      end
      charge(rounded * 100)
    end
    return original(option, ...)
  end
end

for key, charged in next, {
  lower = byLength(2), reverse = byLength(2), upper = byLength(2),
} do
  replace(string, "string.", key, charged)
end
for key, charged in next, {
  move = chargedMove, remove = chargedRemove, unpack = chargedUnpack,
} do
  replace(table, "table.", key, charged)
end
for key, charged in next, {
  codepoint = listByLength(2), len = listByLength(2), offset = byLength(2),
} do
  replace(utf8, "utf8.", key, charged)
end
replace(globals, "", "collectgarbage", chargedCollector)
