--- PBKDF2 (RFC 8018) with the standard HMAC, unlike `.crypto.mac`.
--
-- Not pinned: the default algorithm (SHA-1, as for HMAC), and results with SHA-256 (here the
-- standard's).

local algorithms = require(".crypto.mac.algorithms")
local array = require(".crypto.util.array")
local makeHmac = require(".crypto.mac.rfc2104")
local output = require(".crypto.util.output")

local BLOCK = 64

--- Block number `index` of the key.
local function makeBlock(authenticate, salt, iterations, index)
  local last = authenticate(salt .. string.pack(">I4", index))
  local sum = array.fromString(last)
  for _ = 2, iterations do
    last = authenticate(last)
    sum = array.XOR(sum, array.fromString(last))
  end
  return array.toString(sum)
end

---@param password integer[]
---@param salt integer[]
---@param size integer of the key, in bytes
---@param algorithm string? "sha1" or "sha256"
return function(password, salt, iterations, size, algorithm)
  local authenticate = makeHmac(algorithms(algorithm), BLOCK, array.toString(password))
  local key, index = "", 1
  while #key < size do
    key = key .. makeBlock(authenticate, array.toString(salt), iterations, index)
    index = index + 1
  end
  return output.upper(string.sub(key, 1, size))
end
