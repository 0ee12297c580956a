--- The random number generator ISAAC (Robert J. Jenkins Jr., 1996): words of 32 bits from a key.

local SIZE, MASK = 256, 0xffffffff
local GOLDEN = 0x9e3779b9 -- the golden ratio
local MIX_SHIFTS = { -11, 2, -8, 16, -10, 4, -8, 9 } -- negative ones go to the left
local STEP_SHIFTS = { [0] = -13, 6, -2, 16 }

--- Stir eight words, so that each depends on all.
local function mix(eight)
  for index, shift in ipairs(MIX_SHIFTS) do
    local second, third, fourth = index % 8 + 1, (index + 1) % 8 + 1, (index + 2) % 8 + 1
    eight[index] = (eight[index] ~ eight[second] >> shift) & MASK
    eight[fourth] = eight[fourth] + eight[index] & MASK
    eight[second] = eight[second] + eight[third] & MASK
  end
end

--- Stir all of `from` into `memory`, eight words at a time.
local function stir(memory, eight, from)
  for start = 0, SIZE - 1, 8 do
    for index = 1, 8 do
      eight[index] = eight[index] + from[start + index - 1] & MASK
    end
    mix(eight)
    table.move(eight, 1, 8, start, memory)
  end
end

local function makeMemory(key)
  local words, memory, eight = {}, {}, {}
  for index = 0, SIZE - 1 do
    words[index] = string.byte(key, index + 1) or 0
  end
  for index = 1, 8 do
    eight[index] = GOLDEN
  end
  for _ = 1, 4 do
    mix(eight)
  end
  stir(memory, eight, words)
  stir(memory, eight, memory)
  return memory
end

--- Renew `memory` and fill `results`; `state` is a, b and the count of renewals.
local function renew(memory, results, state)
  state.count = state.count + 1 & MASK
  local a, b = state.a, state.b + state.count & MASK
  for index = 0, SIZE - 1 do
    local x = memory[index]
    a = (a ~ a >> STEP_SHIFTS[index % 4]) + memory[(index + SIZE // 2) % SIZE] & MASK
    local y = memory[x >> 2 & 255] + a + b & MASK
    b = memory[y >> 10 & 255] + x & MASK
    memory[index], results[index] = y, b
  end
  state.a, state.b = a, b
end

--- Return a function that gives the next word at each call.
---@param key string up to 256 bytes count
return function(key)
  local memory, results = makeMemory(key), {}
  local state, place = { a = 0, b = 0, count = 0 }, SIZE
  return function()
    if place == SIZE then
      renew(memory, results, state)
      place = 0
    end
    place = place + 1
    return results[place - 1]
  end
end
