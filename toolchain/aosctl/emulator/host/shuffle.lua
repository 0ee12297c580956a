--- Another order for `pairs` and `next`, which follows from a seed and from nothing else.
--
-- Lua leaves the order open, for numbers too. Here each key has a rank made of the seed and itself,
-- so an order is the same on every machine, and the same for one table from one walk to the next.
-- Tables and functions as keys have no name to make a rank of: they rank as they are first met.

local veil, seed = ...

local byte, mathType, pack, ult = string.byte, math.type, string.pack, math.ult
-- Of the standard library as the process has it, which sees through veils.
local getmetatable, setmetatable, sort = debug.getmetatable, setmetatable, table.sort
local next, rawget, tostring, type = next, rawget, tostring, type

-- FNV-1a of 64 bits, and the last step of splitmix64, which spreads what differs in a few bits.
local OFFSET, PRIME = -3750763034362895579, 1099511628211
local MIX_ONE, MIX_TWO = -4658895280553007687, -7723592293110705685

local met, count = setmetatable({}, { __mode = "k" }), 0

local function mix(value)
  value = (value ~ (value >> 30)) * MIX_ONE
  value = (value ~ (value >> 27)) * MIX_TWO
  return value ~ (value >> 31)
end

local function rankText(text)
  local value = OFFSET ~ seed
  for index = 1, #text do
    value = (value ~ byte(text, index)) * PRIME
  end
  return mix(value)
end

local function rankMet(object)
  if not met[object] then
    count = count + 1
    met[object] = count
  end
  return mix(seed ~ -met[object])
end

local function rank(key)
  local kind = type(key)
  if kind == "string" then
    return rankText(key)
  elseif mathType(key) == "integer" then
    return mix(seed + key)
  elseif kind == "number" then
    return rankText(pack("n", key))
  elseif kind == "boolean" then
    return rankText(tostring(key))
  end
  return rankMet(key)
end

--- The key of `tbl` with the lowest rank above `floor` (nil: of all), and its value.
local function lowest(tbl, floor)
  local found, foundRank, foundValue
  for key, value in next, tbl do
    local own = rank(key)
    if (not floor or ult(floor, own)) and (not foundRank or ult(own, foundRank)) then
      found, foundRank, foundValue = key, own, value
    end
  end
  return found, foundValue
end

local function nextKey(tbl, key)
  if type(tbl) ~= "table" then
    return next(tbl, key) -- which says what is wrong
  end
  return lowest(tbl, key ~= nil and rank(key) or nil)
end

--- The keys of `tbl` by rank.
local function ranked(tbl)
  local keys, ranks = {}, {}
  for key in next, tbl do
    keys[#keys + 1], ranks[key] = key, rank(key)
  end
  sort(keys, function(a, b)
    return ult(ranks[a], ranks[b])
  end)
  return keys
end

--- A walk through `tbl`; what is set to nil on the way is passed by, as Lua does.
local function walk(tbl)
  local keys, index = ranked(tbl), 0
  return function()
    while index < #keys do
      index = index + 1
      local value = rawget(tbl, keys[index])
      if value ~= nil then
        return keys[index], value
      end
    end
  end
end

_G.next = nextKey
_G.pairs = function(tbl)
  local meta = getmetatable(tbl)
  local own = type(meta) == "table" and rawget(meta, "__pairs")
  if own then
    local step, state, first = own(tbl)
    return step, state, first
  elseif type(tbl) ~= "table" then
    return veil.raw.next, tbl, nil -- the loop will say what is wrong
  end
  return walk(tbl), tbl, nil
end
