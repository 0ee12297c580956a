--- MD2 (RFC 1319).

local hex = require(".crypto.util.hex")
local output = require(".crypto.util.output")

local BLOCK, STATE, ROUNDS = 16, 48, 18

-- The numbers from 0 to 255, shuffled by the digits of pi.
local SUBSTITUTE = { string.byte(hex.hexToString(
  "292e43c9a2d87c013d3654a1ecf0061362a705f3c0c7738c98932bd9bc4c82ca"
    .. "1e9b573cfdd4e01667426f188a17e512be4ec4d6da9ede49a0fbf58ebb2fee7a"
    .. "a968799115b2073f94c210890b225f21807f5d9a5a903227353ecce7bff79703"
    .. "ff1930b348a5b5d1d75e922aac56aac64fb838d296a47db676fc6be29c7404f1"
    .. "459d705964718720865bcf65e62da8021b6025adaeb0b9f61c46616934407e0f"
    .. "5547a323dd51af3ac35cf9cebac5ea262c530d6e85288409d3dfcdf441814d52"
    .. "6adc37c86cc1abfa24e17b080cbdb14a7888958be363e86de9cbd5fe3b001d39"
    .. "f2efb70e6658d0e4a67772f8eb754b0a314450b48fed1f1adb998d339f118314"
), 1, 256) }

local function pad(message)
  local missing = BLOCK - #message % BLOCK
  return message .. string.rep(string.char(missing), missing)
end

--- The checksum of whole blocks, which is hashed as their last.
local function checksum(message)
  local sum, last = {}, 0
  for index = 1, BLOCK do
    sum[index] = 0
  end
  for index = 1, #message do
    local place = (index - 1) % BLOCK + 1
    last = sum[place] ~ SUBSTITUTE[(string.byte(message, index) ~ last) + 1]
    sum[place] = last
  end
  return string.char(table.unpack(sum))
end

local function absorb(state, block)
  for index = 1, BLOCK do
    local byte = string.byte(block, index)
    state[BLOCK + index], state[2 * BLOCK + index] = byte, byte ~ state[index]
  end
  local last = 0
  for round = 0, ROUNDS - 1 do
    for index = 1, STATE do
      last = state[index] ~ SUBSTITUTE[last + 1]
      state[index] = last
    end
    last = (last + round) & 255
  end
end

local function digest(message)
  local padded = pad(message)
  padded = padded .. checksum(padded)
  local state = {}
  for index = 1, STATE do
    state[index] = 0
  end
  for start = 1, #padded, BLOCK do
    absorb(state, string.sub(padded, start, start + BLOCK - 1))
  end
  return string.char(table.unpack(state, 1, BLOCK))
end

return function(stream)
  local chars = {}
  for byte in stream do
    chars[#chars + 1] = string.char(byte)
  end
  return output.lower(digest(table.concat(chars)))
end
