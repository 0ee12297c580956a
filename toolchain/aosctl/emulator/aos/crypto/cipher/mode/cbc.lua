--- Each plain block combined with the cipher block before it (NIST SP 800-38A).

local block = require(".crypto.cipher.block")

local cbc = {}

function cbc.encrypt(cipher, text, iv)
  local last = iv
  return block.map(text, function(plain)
    last = cipher.encrypt(block.xor(plain, last))
    return last
  end)
end

function cbc.decrypt(cipher, text, iv)
  local last = iv
  return block.map(text, function(encrypted)
    local plain = block.xor(cipher.decrypt(encrypted), last)
    last = encrypted
    return plain
  end)
end

return cbc
