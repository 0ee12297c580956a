--- The digests that keyed functions may be built on, each from string to string.

local sha1 = require(".crypto.digest.sha1")
local sha256 = require(".crypto.digest.sha2_256")
local stream = require(".crypto.util.stream")

local DIGESTS = { sha1 = sha1, sha256 = sha256 }

--- The digest called `name`; SHA-1 if none is named.
return function(name)
  local digest = DIGESTS[name or "sha1"]
  if not digest then
    error("Unsupported algorithm: " .. tostring(name))
  end
  return function(text)
    return digest(stream.fromString(text)).asString()
  end
end
