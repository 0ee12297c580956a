--- MD5 (RFC 1321).

local output = require(".crypto.util.output")
local pad = require(".crypto.digest.padding")

local BLOCK, MASK = 64, 0xffffffff

-- Step i of a round, counted from 0 through all rounds, takes word `factor * i + offset`.
local ROUNDS = {
  {
    shifts = { 7, 12, 17, 22 }, factor = 1, offset = 0,
    mix = function(x, y, z)
      return x & y | ~x & z
    end,
  },
  {
    shifts = { 5, 9, 14, 20 }, factor = 5, offset = 1,
    mix = function(x, y, z)
      return x & z | y & ~z
    end,
  },
  {
    shifts = { 4, 11, 16, 23 }, factor = 3, offset = 5,
    mix = function(x, y, z)
      return x ~ y ~ z
    end,
  },
  {
    shifts = { 6, 10, 15, 21 }, factor = 7, offset = 0,
    mix = function(x, y, z)
      return y ~ (x | ~z)
    end,
  },
}

local SINES = {}
for step = 0, 63 do
  SINES[step] = math.floor(math.abs(math.sin(step + 1)) * 4294967296)
end

local function runRound(round, first, block, a, b, c, d)
  for step = first, first + 15 do
    local word = block[(round.factor * step + round.offset) % 16 + 1]
    local sum = (a + round.mix(b, c, d) + word + SINES[step]) & MASK
    local shift = round.shifts[step % 4 + 1]
    a, b, c, d = d, b + (sum << shift | sum >> 32 - shift) & MASK, b, c
  end
  return a, b, c, d
end

local function digest(message)
  local padded = pad(message, BLOCK, "<I8")
  local a, b, c, d = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
  for start = 1, #padded, BLOCK do
    local block = { string.unpack("<" .. string.rep("I4", 16), padded, start) }
    local a1, b1, c1, d1 = a, b, c, d
    for index, round in ipairs(ROUNDS) do
      a1, b1, c1, d1 = runRound(round, 16 * (index - 1), block, a1, b1, c1, d1)
    end
    a, b, c, d = a + a1 & MASK, b + b1 & MASK, c + c1 & MASK, d + d1 & MASK
  end
  return string.pack("<I4I4I4I4", a, b, c, d)
end

return function(stream)
  local chars = {}
  for byte in stream do
    chars[#chars + 1] = string.char(byte)
  end
  return output.lower(digest(table.concat(chars)))
end
