--- Bytes as text of 64 characters.

local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

local base64 = {}

--- The characters by value; 64 is the padding.
function base64.makeencoder(c62, c63, pad)
  local encoder = {}
  for value = 0, 61 do
    encoder[value] = string.sub(LETTERS, value + 1, value + 1)
  end
  encoder[62], encoder[63], encoder[64] = c62 or "+", c63 or "/", pad or "="
  return encoder
end

--- The values by character code.
function base64.makedecoder(c62, c63, pad)
  local decoder = {}
  for value, char in pairs(base64.makeencoder(c62, c63, pad)) do
    decoder[string.byte(char)] = value
  end
  return decoder
end

local DEFAULT_ENCODER = base64.makeencoder()
local DEFAULT_DECODER = base64.makedecoder()

local function encodeGroup(encoder, a, b, c)
  local value = a << 16 | (b or 0) << 8 | (c or 0)
  return encoder[value >> 18]
    .. encoder[value >> 12 & 63]
    .. (b and encoder[value >> 6 & 63] or encoder[64])
    .. (c and encoder[value & 63] or encoder[64])
end

--- The third argument once asked for a cache; results are the same with and without.
function base64.encode(str, encoder)
  encoder = encoder or DEFAULT_ENCODER
  local groups = {}
  for index = 1, #str, 3 do
    groups[#groups + 1] = encodeGroup(encoder, string.byte(str, index, index + 2))
  end
  return table.concat(groups)
end

--- The padding of `decoder` is worth nothing: it ends the text.
local function valuesOf(text, decoder)
  local values = {}
  for index = 1, #text do
    local value = decoder[string.byte(text, index)]
    if value then
      values[#values + 1] = value
    end
  end
  return values
end

--- Foreign characters are dropped; text without its padding is an error, as in the module.
function base64.decode(text, decoder)
  local values = valuesOf(text, decoder or DEFAULT_DECODER)
  local groups = {}
  for index = 1, #values, 4 do
    local third, fourth = values[index + 2] % 64, values[index + 3] % 64
    local word = values[index] << 18 | values[index + 1] << 12 | third << 6 | fourth
    local length = values[index + 2] == 64 and 1 or values[index + 3] == 64 and 2 or 3
    local bytes = string.char(word >> 16, word >> 8 & 255, word & 255)
    groups[#groups + 1] = string.sub(bytes, 1, length)
  end
  return table.concat(groups)
end

return base64
