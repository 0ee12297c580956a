--- Lists of bytes: numbers from 0 to 255, the first at 1.
--
-- Not pinned: `slice` counts from 1 and includes both ends, like `string.sub`; `XOR` ends with the
-- shorter list.

local hex = require(".crypto.util.hex")

local array = {}

function array.fromString(text)
  local bytes = {}
  for index = 1, #text do
    bytes[index] = string.byte(text, index)
  end
  return bytes
end

function array.toString(bytes)
  local chars = {}
  for index, byte in ipairs(bytes) do
    chars[index] = string.char(byte)
  end
  return table.concat(chars)
end

function array.fromHex(text)
  return array.fromString(hex.hexToString(text))
end

--- In upper case, unlike the digests.
function array.toHex(bytes)
  return string.upper(hex.stringToHex(array.toString(bytes)))
end

function array.concat(first, second)
  local bytes = array.copy(first)
  return table.move(second, 1, #second, #bytes + 1, bytes)
end

function array.slice(bytes, start, stop)
  return table.move(bytes, start, stop or #bytes, 1, {})
end

function array.truncate(bytes, size)
  return array.slice(bytes, 1, math.min(size, #bytes))
end

function array.copy(bytes)
  return array.slice(bytes, 1)
end

function array.XOR(first, second)
  local bytes = {}
  for index = 1, math.min(#first, #second) do
    bytes[index] = first[index] ~ second[index]
  end
  return bytes
end

return array
