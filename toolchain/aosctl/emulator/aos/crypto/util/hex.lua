--- Bytes as pairs of hexadecimal digits.
--
-- Not pinned: the case of `stringToHex` (lower here).

local hex = {}

function hex.stringToHex(text)
  return (string.gsub(text, ".", function(char)
    return string.format("%02x", string.byte(char))
  end))
end

--- Whatever is no pair of digits stays as it is, as in aos.
function hex.hexToString(text)
  return (string.gsub(text, "%x%x", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

return hex
