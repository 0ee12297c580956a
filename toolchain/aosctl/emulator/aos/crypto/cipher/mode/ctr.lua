--- An encrypted counter covers the text (NIST SP 800-38A).
--
-- Not pinned: that the counter is the whole block, most significant byte first.

local block = require(".crypto.cipher.block")

local function cover(cipher, text, iv)
  local high, low = string.unpack(">i8i8", iv)
  return block.map(text, function(part)
    local covered = block.xor(part, cipher.encrypt(string.pack(">i8i8", high, low)))
    low = low + 1
    high = low == 0 and high + 1 or high
    return covered
  end)
end

return { encrypt = cover, decrypt = cover }
