--- The field of 256 elements that AES calculates in (FIPS 197): tables made once.

local galois = {}

--- Twice the element `x` of the field of 256 elements.
function galois.double(x)
  return x << 1 ~ (x >> 7) * 0x11b
end

local function multiply(x, y)
  local product = 0
  while y > 0 do
    product, x, y = product ~ (y & 1) * x, galois.double(x), y >> 1
  end
  return product
end

local SUBSTITUTE, ORIGINAL, PRODUCTS = {}, {}, {}

--- The inverse in the field, then an affine map: x runs through the powers of 3, y through those
--- of its inverse 0xf6.
local function fillSubstitutes()
  local x, y = 1, 1
  repeat
    local twice = y << 8 | y
    local mixed = twice ~ twice >> 4 ~ twice >> 5 ~ twice >> 6 ~ twice >> 7
    SUBSTITUTE[x] = mixed & 255 ~ 0x63
    x, y = x ~ galois.double(x), multiply(y, 0xf6)
  until x == 1
  SUBSTITUTE[0] = 0x63
  for byte = 0, 255 do
    ORIGINAL[SUBSTITUTE[byte]] = byte
  end
end

fillSubstitutes()

-- Products with the coefficients that columns are mixed with: a block has 16 of them each round.
for _, factor in ipairs({ 1, 2, 3, 9, 11, 13, 14 }) do
  PRODUCTS[factor] = {}
  for byte = 0, 255 do
    PRODUCTS[factor][byte] = multiply(byte, factor)
  end
end

-- SUBSTITUTE and ORIGINAL undo each other; PRODUCTS is by factor, then by byte.
galois.SUBSTITUTE, galois.ORIGINAL, galois.PRODUCTS = SUBSTITUTE, ORIGINAL, PRODUCTS

return galois
