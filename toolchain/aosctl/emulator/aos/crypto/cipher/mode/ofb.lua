--- The initial value, encrypted again and again, covers the text (NIST SP 800-38A).

local block = require(".crypto.cipher.block")

local function cover(cipher, text, iv)
  local last = iv
  return block.map(text, function(part)
    last = cipher.encrypt(last)
    return block.xor(part, last)
  end)
end

return { encrypt = cover, decrypt = cover }
