--- Whole numbers of a fixed number of bits, in two's complement.
--
-- `require(".bint")(bits, wordbits)` returns the class of that size. A number is a list of words,
-- least significant first, whose metatable is its class. Every result wraps silently.

local addArithmetic = require(".bint.arithmetic")
local addBits = require(".bint.bits")
local addConversions = require(".bint.conversions")
local addDivision = require(".bint.division")
local addPredicates = require(".bint.predicates")

local WORD_BITS = 32

local function makeClass(bits, wordBits)
  assert(bits % wordBits == 0, "bitsize is not multiple of word bitsize")
  assert(wordBits % 8 == 0 and wordBits <= WORD_BITS, "word bitsize must be 8, 16, 24 or 32")
  local size = bits // wordBits
  local bint = { bits = bits }
  bint.__index = bint
  addConversions(bint, size, wordBits)
  addPredicates(bint, size)
  addArithmetic(bint, size, wordBits)
  addDivision(bint, size, wordBits)
  addBits(bint, size, wordBits)
  return setmetatable(bint, {
    __call = function(_, x)
      return bint.new(x)
    end,
  })
end

local classes = {}

--- The class of numbers of `bits` bits: the same table each time.
return function(bits, wordBits)
  wordBits = wordBits or WORD_BITS
  local key = bits * 64 + wordBits
  classes[key] = classes[key] or makeClass(bits, wordBits)
  return classes[key]
end
