--- What digests and ciphers give back: bytes, to be asked for in one of three shapes.

local array = require(".crypto.util.array")
local hex = require(".crypto.util.hex")

local output = {}

--- With hexadecimal digits in lower case, as the digests have them.
function output.lower(text)
  return {
    asBytes = function()
      return array.fromString(text)
    end,
    asHex = function()
      return hex.stringToHex(text)
    end,
    asString = function()
      return text
    end,
  }
end

--- With hexadecimal digits in upper case, as keys and cipher texts have them.
function output.upper(text)
  local result = output.lower(text)
  function result.asHex()
    return string.upper(hex.stringToHex(text))
  end
  return result
end

return output
