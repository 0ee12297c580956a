--- AES of texts: a mode, zero padding, hexadecimal cipher texts.
--
-- Not pinned: modes other than CBC and CTR beyond their names, and what is said of a key, initial
-- value, cipher text, mode or key length that does not fit. Here each of these is an error.

local array = require(".crypto.util.array")
local block = require(".crypto.cipher.block")
local output = require(".crypto.util.output")
local padZeros = require(".crypto.padding.zero")

local CIPHERS = {
  [128] = require(".crypto.cipher.aes128"),
  [192] = require(".crypto.cipher.aes192"),
  [256] = require(".crypto.cipher.aes256"),
}
local MODES = {
  CBC = require(".crypto.cipher.mode.cbc"),
  CFB = require(".crypto.cipher.mode.cfb"),
  CTR = require(".crypto.cipher.mode.ctr"),
  ECB = require(".crypto.cipher.mode.ecb"),
  OFB = require(".crypto.cipher.mode.ofb"),
}
local DEFAULT_IV = string.rep("\0", block.SIZE)

local aes = {}

--- Return the mode, a cipher for `key`, and the initial value.
local function prepare(key, iv, modeName, keyLength)
  local mode, makeCipher = MODES[modeName or "CBC"], CIPHERS[keyLength or 128]
  assert(mode, "Unsupported mode: " .. tostring(modeName))
  assert(makeCipher, "Unsupported key length: " .. tostring(keyLength))
  iv = iv or DEFAULT_IV
  assert(#iv == block.SIZE, "the initial value must have 16 bytes")
  return mode, makeCipher(key), iv
end

---@param iv string?
---@param modeName string? "CBC", "CFB", "CTR", "ECB" or "OFB"
---@param keyLength integer? 128, 192 or 256
function aes.encrypt(text, key, iv, modeName, keyLength)
  local mode, cipher, start = prepare(key, iv, modeName, keyLength)
  return output.upper(mode.encrypt(cipher, padZeros(text, block.SIZE), start))
end

--- The plain text keeps the zeros that were added to it.
---@param encrypted string in hexadecimal
function aes.decrypt(encrypted, key, iv, modeName, keyLength)
  local mode, cipher, start = prepare(key, iv, modeName, keyLength)
  local text = array.toString(array.fromHex(encrypted))
  assert(#text % block.SIZE == 0, "the cipher text must be whole blocks of 16 bytes")
  return output.upper(mode.decrypt(cipher, text, start))
end

return aes
