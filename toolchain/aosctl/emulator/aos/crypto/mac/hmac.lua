--- HMAC as aos has it, which is not the standard one.
--
-- aos takes blocks of 32 bytes, where the standard takes 64 for both digests: results agree with
-- those of no other library.
--
-- Not pinned: that this module is a table, and `asBytes`.

local algorithms = require(".crypto.mac.algorithms")
local array = require(".crypto.util.array")
local makeHmac = require(".crypto.mac.rfc2104")
local output = require(".crypto.util.output")
local streams = require(".crypto.util.stream")

local BLOCK = 32

local hmac = {}

---@param key integer[]
---@param algorithm string? "sha1" or "sha256"
function hmac.createHmac(stream, key, algorithm)
  local authenticate = makeHmac(algorithms(algorithm), BLOCK, array.toString(key))
  return output.lower(authenticate(streams.toString(stream)))
end

return hmac
