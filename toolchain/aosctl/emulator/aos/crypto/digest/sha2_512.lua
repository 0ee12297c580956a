--- SHA-512 (FIPS 180-4).

local output = require(".crypto.util.output")
local pad = require(".crypto.digest.padding")
local roots = require(".crypto.digest.roots")

local BLOCK, ROUNDS = 128, 80

local function rotate(word, by)
  return word >> by | word << 64 - by
end

--- The sixteen words of a block, and the 64 made from them.
local function expand(padded, start)
  local words = { string.unpack(">" .. string.rep("i8", 16), padded, start) }
  for index = 17, ROUNDS do
    local near, far = words[index - 2], words[index - 15]
    local farMix = rotate(far, 1) ~ rotate(far, 8) ~ far >> 7
    local nearMix = rotate(near, 19) ~ rotate(near, 61) ~ near >> 6
    words[index] = words[index - 16] + farMix + words[index - 7] + nearMix
  end
  return words
end

local function compress(words, a, b, c, d, e, f, g, h)
  for index = 1, ROUNDS do
    local choice, majority = e & f ~ ~e & g, a & b ~ a & c ~ b & c
    local eMix, aMix = rotate(e, 14) ~ rotate(e, 18) ~ rotate(e, 41), rotate(a, 28)
    aMix = aMix ~ rotate(a, 34) ~ rotate(a, 39)
    local sum = h + eMix + choice + roots.cube[index] + words[index]
    a, b, c, d, e, f, g, h = sum + aMix + majority, a, b, c, d + sum, e, f, g
  end
  return { a, b, c, d, e, f, g, h }
end

local function digest(message)
  local padded = pad(message, BLOCK, ">I16")
  local state = roots.square
  for start = 1, #padded, BLOCK do
    local mixed = compress(expand(padded, start), table.unpack(state))
    for index = 1, 8 do
      mixed[index] = mixed[index] + state[index]
    end
    state = mixed
  end
  return string.pack(">" .. string.rep("i8", 8), table.unpack(state))
end

return function(message)
  return output.lower(digest(message))
end
