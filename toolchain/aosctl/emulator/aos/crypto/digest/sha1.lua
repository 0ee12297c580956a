--- SHA-1 (FIPS 180-4).

local output = require(".crypto.util.output")
local pad = require(".crypto.digest.padding")

local BLOCK, MASK = 64, 0xffffffff

local ROUNDS = {
  {
    constant = 0x5a827999,
    mix = function(x, y, z)
      return x & y | ~x & z
    end,
  },
  {
    constant = 0x6ed9eba1,
    mix = function(x, y, z)
      return x ~ y ~ z
    end,
  },
  {
    constant = 0x8f1bbcdc,
    mix = function(x, y, z)
      return x & y | x & z | y & z
    end,
  },
  {
    constant = 0xca62c1d6,
    mix = function(x, y, z)
      return x ~ y ~ z
    end,
  },
}

--- The sixteen words of a block, and the 64 made from them.
local function expand(padded, start)
  local words = { string.unpack(">" .. string.rep("I4", 16), padded, start) }
  for index = 17, 80 do
    local x = words[index - 3] ~ words[index - 8] ~ words[index - 14] ~ words[index - 16]
    words[index] = (x << 1 | x >> 31) & MASK
  end
  return words
end

local function compress(words, a, b, c, d, e)
  for index = 1, 80 do
    local round = ROUNDS[(index - 1) // 20 + 1]
    local sum = (a << 5 | a >> 27) + round.mix(b, c, d) + e + round.constant + words[index]
    a, b, c, d, e = sum & MASK, a, (b << 30 | b >> 2) & MASK, c, d
  end
  return a, b, c, d, e
end

local function digest(message)
  local padded = pad(message, BLOCK, ">I8")
  local a, b, c, d, e = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0
  for start = 1, #padded, BLOCK do
    local a1, b1, c1, d1, e1 = compress(expand(padded, start), a, b, c, d, e)
    a, b, c, d, e = a + a1 & MASK, b + b1 & MASK, c + c1 & MASK, d + d1 & MASK, e + e1 & MASK
  end
  return string.pack(">I4I4I4I4I4", a, b, c, d, e)
end

return function(stream)
  local chars = {}
  for byte in stream do
    chars[#chars + 1] = string.char(byte)
  end
  return output.lower(digest(table.concat(chars)))
end
