--- Random numbers that everybody can repeat: the 32-bit Mersenne Twister (MT19937).

local N, M = 624, 397
local MATRIX, UPPER, LOWER, MASK = 0x9908b0df, 0x80000000, 0x7fffffff, 0xffffffff

-- In a table, not in locals: the emulator restores what is in tables.
local state = { words = {}, index = N + 1 }

local chance = {}

--- Begin the stream of the number `seed`; its low 32 bits count.
function chance.seed(seed)
  local words = state.words
  words[0] = seed & MASK
  for i = 1, N - 1 do
    words[i] = (1812433253 * (words[i - 1] ~ (words[i - 1] >> 30)) + i) & MASK
  end
  state.index = N
end

local function renew()
  local words = state.words
  for i = 0, N - 1 do
    local y = (words[i] & UPPER) | (words[(i + 1) % N] & LOWER)
    words[i] = words[(i + M) % N] ~ (y >> 1) ~ ((y & 1) * MATRIX)
  end
  state.index = 0
end

local function nextWord()
  if state.index >= N then
    renew()
  end
  local y = state.words[state.index]
  state.index = state.index + 1
  y = y ~ (y >> 11)
  y = y ~ ((y << 7) & 0x9d2c5680)
  y = y ~ ((y << 15) & 0xefc60000)
  return y ~ (y >> 18)
end

--- A float in [0, 1).
function chance.random()
  if state.index > N then
    chance.seed(5489) -- the generator's own default
  end
  return nextWord() / 4294967296
end

--- A whole number from `min` to `max`.
function chance.integer(min, max)
  assert(max >= min, "max must bigger than min")
  return math.floor(chance.random() * (max - min + 1) + min)
end

return chance
