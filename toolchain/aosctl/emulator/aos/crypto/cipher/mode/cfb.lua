--- The last cipher block, encrypted once more, covers the next block (NIST SP 800-38A).
--
-- Not pinned: that a segment is a whole block.

local block = require(".crypto.cipher.block")

local cfb = {}

function cfb.encrypt(cipher, text, iv)
  local last = iv
  return block.map(text, function(plain)
    last = block.xor(plain, cipher.encrypt(last))
    return last
  end)
end

function cfb.decrypt(cipher, text, iv)
  local last = iv
  return block.map(text, function(encrypted)
    local plain = block.xor(encrypted, cipher.encrypt(last))
    last = encrypted
    return plain
  end)
end

return cfb
