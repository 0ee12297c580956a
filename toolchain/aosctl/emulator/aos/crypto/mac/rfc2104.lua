--- The construction HMAC (RFC 2104), of any digest and any block size.

local INNER, OUTER = 0x36, 0x5c

--- Every byte of `text` combined with `value`.
local function combine(text, value)
  return (string.gsub(text, ".", function(char)
    return string.char(string.byte(char) ~ value)
  end))
end

--- Return the function that authenticates messages with `key`; all are strings.
return function(digest, blockSize, key)
  if #key > blockSize then
    key = digest(key)
  end
  key = key .. string.rep("\0", blockSize - #key)
  local inner, outer = combine(key, INNER), combine(key, OUTER)
  return function(message)
    return digest(outer .. digest(inner .. message))
  end
end
