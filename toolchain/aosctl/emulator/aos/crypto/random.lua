--- A random whole number from `min` to `max`.
--
-- Each call begins a generator of its own. Without a seed it takes one from `math.random`, so that
-- the process's stream moves on by one.
-- Not pinned: the numbers, the default bounds, how a seed becomes a key (here its text), and bounds
-- further apart than one word of 32 bits reaches.

local makeIsaac = require(".crypto.isaac")

local HIGHEST = 2147483647

---@param min integer? 0 if absent
---@param max integer? 2^31 - 1 if absent
---@param seed integer|string?
return function(min, max, seed)
  min, max = math.floor(min or 0), math.floor(max or HIGHEST)
  assert(max >= min, "max must bigger than min")
  seed = seed or math.random(HIGHEST)
  local nextWord = makeIsaac(tostring(seed))
  return min + nextWord() % (max - min + 1)
end
