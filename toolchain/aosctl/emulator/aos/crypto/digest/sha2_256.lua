--- SHA-256 (FIPS 180-4).

local output = require(".crypto.util.output")
local pad = require(".crypto.digest.padding")
local roots = require(".crypto.digest.roots")

local BLOCK, MASK, ROUNDS = 64, 0xffffffff, 64

local START, CONSTANTS = {}, {}
for index = 1, 8 do
  START[index] = roots.square[index] >> 32
end
for index = 1, ROUNDS do
  CONSTANTS[index] = roots.cube[index] >> 32
end

--- The word twice in 64 bits: its low half rotates when the whole is shifted right.
local function double(word)
  return word << 32 | word
end

--- The sixteen words of a block, and the 48 made from them.
local function expand(padded, start)
  local words = { string.unpack(">" .. string.rep("I4", 16), padded, start) }
  for index = 17, ROUNDS do
    local near, far = words[index - 2], words[index - 15]
    local near2, far2 = double(near), double(far)
    local farMix = far2 >> 7 ~ far2 >> 18 ~ far >> 3
    local nearMix = near2 >> 17 ~ near2 >> 19 ~ near >> 10
    words[index] = words[index - 16] + farMix + words[index - 7] + nearMix & MASK
  end
  return words
end

local function compress(words, a, b, c, d, e, f, g, h)
  for index = 1, ROUNDS do
    local a2, e2 = double(a), double(e)
    local choice, majority = e & f ~ ~e & g, a & b ~ a & c ~ b & c
    local upper = h + (e2 >> 6 ~ e2 >> 11 ~ e2 >> 25) + choice + CONSTANTS[index] + words[index]
    local lower = (a2 >> 2 ~ a2 >> 13 ~ a2 >> 22) + majority
    a, b, c, d, e, f, g, h = upper + lower & MASK, a, b, c, d + upper & MASK, e, f, g
  end
  return { a, b, c, d, e, f, g, h }
end

local function digest(message)
  local padded = pad(message, BLOCK, ">I8")
  local state = START
  for start = 1, #padded, BLOCK do
    local mixed = compress(expand(padded, start), table.unpack(state))
    for index = 1, 8 do
      mixed[index] = mixed[index] + state[index] & MASK
    end
    state = mixed
  end
  return string.pack(">" .. string.rep("I4", 8), table.unpack(state))
end

return function(stream)
  local chars = {}
  for byte in stream do
    chars[#chars + 1] = string.char(byte)
  end
  return output.lower(digest(table.concat(chars)))
end
