--- The library `bit32` of Lua 5.2: whole numbers of 32 bits without sign.

local MASK = 0xffffffff

bit32 = {}

local function toWord(x)
  return math.tointeger(x) and math.tointeger(x) & MASK or math.floor(x % 4294967296) & MASK
end

--- The mask of `width` bits; both ends must lie within the word.
local function fieldMask(field, width)
  width = width or 1
  assert(field >= 0, "field cannot be negative")
  assert(width > 0, "width must be positive")
  assert(field + width <= 32, "trying to access non-existent bits")
  return ~(MASK << width) & MASK
end

function bit32.band(...)
  local result = MASK
  for _, x in ipairs({ ... }) do
    result = result & toWord(x)
  end
  return result
end

function bit32.bor(...)
  local result = 0
  for _, x in ipairs({ ... }) do
    result = result | toWord(x)
  end
  return result
end

function bit32.bxor(...)
  local result = 0
  for _, x in ipairs({ ... }) do
    result = result ~ toWord(x)
  end
  return result
end

function bit32.bnot(x)
  return ~toWord(x) & MASK
end

function bit32.btest(...)
  return bit32.band(...) ~= 0
end

function bit32.lshift(x, by)
  return toWord(x) << by & MASK
end

function bit32.rshift(x, by)
  return toWord(x) >> by & MASK
end

function bit32.arshift(x, by)
  local word = toWord(x)
  if by <= 0 or word < 0x80000000 then
    return bit32.rshift(word, by)
  end
  return (word >> by | ~(MASK >> by)) & MASK
end

function bit32.lrotate(x, by)
  local word, turn = toWord(x), by % 32
  return (word << turn | word >> 32 - turn) & MASK
end

function bit32.rrotate(x, by)
  return bit32.lrotate(x, -by)
end

function bit32.extract(x, field, width)
  return toWord(x) >> field & fieldMask(field, width)
end

function bit32.replace(x, value, field, width)
  local mask = fieldMask(field, width)
  return toWord(x) & ~(mask << field) | (toWord(value) & mask) << field
end

return bit32
