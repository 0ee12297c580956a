--- MD4 (RFC 1320).

local output = require(".crypto.util.output")
local pad = require(".crypto.digest.padding")

local BLOCK, MASK = 64, 0xffffffff

local ROUNDS = {
  {
    constant = 0,
    shifts = { 3, 7, 11, 19 },
    words = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 },
    mix = function(x, y, z)
      return x & y | ~x & z
    end,
  },
  {
    constant = 0x5a827999,
    shifts = { 3, 5, 9, 13 },
    words = { 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15, 4, 8, 12, 16 },
    mix = function(x, y, z)
      return x & y | x & z | y & z
    end,
  },
  {
    constant = 0x6ed9eba1,
    shifts = { 3, 9, 11, 15 },
    words = { 1, 9, 5, 13, 3, 11, 7, 15, 2, 10, 6, 14, 4, 12, 8, 16 },
    mix = function(x, y, z)
      return x ~ y ~ z
    end,
  },
}

local function runRound(round, block, a, b, c, d)
  for step, word in ipairs(round.words) do
    local sum = (a + round.mix(b, c, d) + block[word] + round.constant) & MASK
    local shift = round.shifts[(step - 1) % 4 + 1]
    a, b, c, d = d, (sum << shift | sum >> 32 - shift) & MASK, b, c
  end
  return a, b, c, d
end

local function digest(message)
  local padded = pad(message, BLOCK, "<I8")
  local a, b, c, d = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
  for start = 1, #padded, BLOCK do
    local block = { string.unpack("<" .. string.rep("I4", 16), padded, start) }
    local a1, b1, c1, d1 = a, b, c, d
    for _, round in ipairs(ROUNDS) do
      a1, b1, c1, d1 = runRound(round, block, a1, b1, c1, d1)
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
