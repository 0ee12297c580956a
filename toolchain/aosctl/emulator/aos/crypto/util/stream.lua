--- Streams: functions that give the next byte at each call, and nil at the end.
--
-- Not pinned: everything but `fromString`.

local array = require(".crypto.util.array")

local stream = {}

function stream.fromArray(bytes)
  local index = 0
  return function()
    index = index + 1
    return bytes[index]
  end
end

function stream.fromString(text)
  local index = 0
  return function()
    index = index + 1
    return (string.byte(text, index)) -- behind the end there would be no value at all
  end
end

function stream.fromHex(text)
  return stream.fromArray(array.fromHex(text))
end

--- This and what is built on it uses the stream up.
function stream.toArray(source)
  local bytes = {}
  for byte in source do
    bytes[#bytes + 1] = byte
  end
  return bytes
end

function stream.toString(source)
  return array.toString(stream.toArray(source))
end

function stream.toHex(source)
  return array.toHex(stream.toArray(source))
end

return stream
