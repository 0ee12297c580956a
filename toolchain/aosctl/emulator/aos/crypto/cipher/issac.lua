--- The ISAAC stream cipher, under the name that aos gives it.
--
-- Not pinned: all but the names. Here each byte of a text is combined with one random number,
-- scaled to the printable characters as in the cipher's well-known demonstration (Rosetta Code),
-- and texts come and go as bytes.

local makeIsaac = require(".crypto.isaac")
local output = require(".crypto.util.output")

local FIRST, COUNT = 32, 95 -- of the printable characters

local function cover(text, key)
  local nextWord = makeIsaac(key)
  return output.upper((string.gsub(text, ".", function(char)
    return string.char(string.byte(char) ~ nextWord() % COUNT + FIRST)
  end)))
end

return { encrypt = cover, decrypt = cover }
