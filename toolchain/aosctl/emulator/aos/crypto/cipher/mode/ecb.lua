--- Each block for itself (NIST SP 800-38A).

local block = require(".crypto.cipher.block")

local ecb = {}

function ecb.encrypt(cipher, text)
  return block.map(text, cipher.encrypt)
end

function ecb.decrypt(cipher, text)
  return block.map(text, cipher.decrypt)
end

return ecb
