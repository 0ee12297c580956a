--- SHA-3 (FIPS 202), and Keccak as it was before it became a standard.
--
-- Both are the same sponge; they differ in the bits that follow the message.

local output = require(".crypto.util.output")

local STATE, LANES, ROUNDS = 200, 25, 24
local KECCAK_SUFFIX, SHA3_SUFFIX = 0x01, 0x06

local function rotate(word, by)
  return word << by | word >> 64 - by
end

-- One bit at each power of two less one, from a shift register of eight bits.
local ROUND_CONSTANTS = {}
do
  local register = 1
  for round = 1, ROUNDS do
    local constant = 0
    for power = 0, 6 do
      constant = constant | (register & 1) << (1 << power) - 1
      register = register << 1 ~ (register >> 7) * 0x171
    end
    ROUND_CONSTANTS[round] = constant
  end
end

-- Where the lane at 5y + x goes, and by how much it turns on the way.
local TARGETS, TURNS = { [0] = 0 }, { [0] = 0 }
do
  local x, y = 1, 0
  for step = 1, LANES - 1 do
    TURNS[5 * y + x] = step * (step + 1) // 2 % 64
    TARGETS[5 * y + x] = 5 * ((2 * x + 3 * y) % 5) + y
    x, y = y, (2 * x + 3 * y) % 5
  end
end

--- Add to each lane the parity of two columns beside it.
local function addParity(lanes)
  local parity = {}
  for x = 0, 4 do
    parity[x] = lanes[x] ~ lanes[x + 5] ~ lanes[x + 10] ~ lanes[x + 15] ~ lanes[x + 20]
  end
  for index = 0, LANES - 1 do
    local x = index % 5
    lanes[index] = lanes[index] ~ parity[(x + 4) % 5] ~ rotate(parity[(x + 1) % 5], 1)
  end
end

local function turnAndMove(lanes)
  local moved = {}
  for index = 0, LANES - 1 do
    moved[TARGETS[index]] = rotate(lanes[index], TURNS[index])
  end
  return moved
end

--- Mix each row, the only step that is not linear.
local function mixRows(lanes)
  local mixed = {}
  for index = 0, LANES - 1 do
    local row, x = index - index % 5, index % 5
    mixed[index] = lanes[index] ~ ~lanes[row + (x + 1) % 5] & lanes[row + (x + 2) % 5]
  end
  return mixed
end

local function permute(lanes)
  for round = 1, ROUNDS do
    addParity(lanes)
    lanes = mixRows(turnAndMove(lanes))
    lanes[0] = lanes[0] ~ ROUND_CONSTANTS[round]
  end
  return lanes
end

local function pad(message, rate, suffix)
  local missing = rate - #message % rate
  if missing == 1 then
    return message .. string.char(suffix | 0x80)
  end
  return message .. string.char(suffix) .. string.rep("\0", missing - 2) .. "\128"
end

local function digest(message, size, suffix)
  local rate = STATE - 2 * size
  local padded, lanes = pad(message, rate, suffix), {}
  for index = 0, LANES - 1 do
    lanes[index] = 0
  end
  for start = 1, #padded, rate do
    for index = 0, rate // 8 - 1 do
      lanes[index] = lanes[index] ~ string.unpack("<i8", padded, start + 8 * index)
    end
    lanes = permute(lanes)
  end
  return string.pack("<" .. string.rep("i8", size // 8), table.unpack(lanes, 0, size // 8 - 1))
end

local function makeDigest(size, suffix)
  return function(message)
    local result = output.lower(digest(message, size, suffix))
    result.asBytes = nil -- aos has none here
    return result
  end
end

return {
  keccak256 = makeDigest(32, KECCAK_SUFFIX),
  keccak512 = makeDigest(64, KECCAK_SUFFIX),
  sha3_256 = makeDigest(32, SHA3_SUFFIX),
  sha3_512 = makeDigest(64, SHA3_SUFFIX),
}
