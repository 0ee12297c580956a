--- Whole numbers of a fixed number of bits, in two's complement.
--
-- `require(".bint")(bits, wordbits)` returns the class of that size. A number is a list of words,
-- least significant first, whose metatable is its class. Every result wraps silently.

local WORD_BITS = 32
local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
local UNREPRESENTABLE = "value cannot be represented by a bint"
local BY_ZERO = "attempt to divide by zero"

local mathType, toInteger, floor = math.type, math.tointeger, math.floor

--- Sign, digits and base of a number in text; nil if it is none.
local function readText(text)
  local sign, digits = string.match(text, "^([+-]?)0[xX](%x+)$")
  if digits then
    return sign == "-", string.lower(digits), 16
  end
  sign, digits = string.match(text, "^([+-]?)0[bB]([01]+)$")
  if digits then
    return sign == "-", digits, 2
  end
  sign, digits = string.match(text, "^([+-]?)(%d+)$")
  if digits then
    return sign == "-", digits, 10
  end
end

--- Fill `bint` with what makes numbers out of other values, and other values out of numbers.
local function addConversions(bint, size, wordBits)
  local mask = (1 << wordBits) - 1

  local function blank()
    local x = {}
    for i = 1, size do
      x[i] = 0
    end
    return setmetatable(x, bint)
  end

  --- x = x * factor + summand, for small ones.
  local function scale(x, factor, summand)
    for i = 1, size do
      local product = x[i] * factor + summand
      x[i], summand = product & mask, product >> wordBits
    end
  end

  --- Divide `x` by a small divisor in place; returns the remainder.
  local function divideSmall(x, divisor)
    local remainder = 0
    for i = size, 1, -1 do
      local value = remainder << wordBits | x[i]
      -- Below 2^63 as the divisor has fewer than 31 bits, so the signs of Lua do no harm.
      x[i], remainder = value // divisor, value % divisor
    end
    return remainder
  end

  local function signWord(x)
    return x[size] >> wordBits - 1 ~= 0
  end

  bint._blank, bint._signWord = blank, signWord

  function bint.zero()
    return blank()
  end

  function bint.one()
    local x = blank()
    x[1] = 1
    return x
  end

  function bint.mininteger()
    local x = blank()
    x[size] = 1 << wordBits - 1
    return x
  end

  function bint.maxinteger()
    return ~bint.mininteger()
  end

  --- A number from a Lua integer read as unsigned.
  function bint.fromuinteger(value)
    value = toInteger(value)
    if not value then
      return nil
    end
    local x = blank()
    for i = 1, size do
      x[i], value = value & mask, value >> wordBits
    end
    return x
  end

  function bint.frominteger(value)
    value = toInteger(value)
    if not value then
      return nil
    elseif value >= 0 then
      return bint.fromuinteger(value)
    end
    -- The negation of the smallest integer is itself, which unsigned is the right magnitude.
    return -bint.fromuinteger(-value)
  end

  --- A number from digits in any base up to 36, with an optional sign; nil if they are none.
  function bint.frombase(text, base)
    base = base or 10
    if type(text) ~= "string" or base < 2 or base > 36 then
      return nil
    end
    local sign, digits = string.match(string.lower(text), "^([+-]?)(%w+)$")
    if not digits then
      return nil
    end
    local x = blank()
    for digit in string.gmatch(digits, ".") do
      local value = tonumber(digit, base)
      if not value then
        return nil
      end
      scale(x, base, value)
    end
    return sign == "-" and -x or x
  end

  function bint.fromstring(text)
    if type(text) ~= "string" then
      return nil
    end
    local negative, digits, base = readText(text)
    if not digits then
      return nil
    elseif base ~= 10 then
      local x = bint.frombase(digits, base)
      return negative and -x or x
    end
    local x = blank()
    -- Nine digits at a time: a thousand million still fits a word.
    local head = (#digits - 1) % 9 + 1
    scale(x, 1, tonumber(string.sub(digits, 1, head)))
    for start = head + 1, #digits, 9 do
      scale(x, 1000000000, tonumber(string.sub(digits, start, start + 8)))
    end
    return negative and -x or x
  end

  --- A number from bytes, least significant first.
  function bint.fromle(buffer)
    assert(type(buffer) == "string", "buffer is not a string")
    local x, bytes = blank(), wordBits // 8
    buffer = buffer .. string.rep("\0", size * bytes - #buffer)
    for i = 1, size do
      x[i] = string.unpack("<I" .. bytes, buffer, (i - 1) * bytes + 1)
    end
    return x
  end

  function bint.frombe(buffer)
    assert(type(buffer) == "string", "buffer is not a string")
    return bint.fromle(string.reverse(buffer))
  end

  --- Bytes, least significant first; `trim` drops the zeros behind the last other one.
  function bint.tole(x, trim)
    x = bint._assert(x)
    local parts = {}
    for i = 1, size do
      parts[i] = string.pack("<I" .. wordBits // 8, x[i])
    end
    local text = table.concat(parts)
    if trim then
      text = string.gsub(text, "\0+$", "")
      return text == "" and "\0" or text
    end
    return text
  end

  function bint.tobe(x, trim)
    return string.reverse(bint.tole(x, trim))
  end

  --- A copy of a number, or a number from an integer, an integral float or text; nil for others.
  function bint.tobint(x, clone)
    local kind = type(x)
    if kind == "number" then
      return bint.frominteger(x)
    elseif kind == "string" then
      return bint.fromstring(x)
    elseif getmetatable(x) ~= bint then
      return nil
    elseif not clone then
      return x
    end
    local copy = {}
    for i = 1, size do
      copy[i] = x[i]
    end
    return setmetatable(copy, bint)
  end

  function bint._assert(x)
    local number = bint.tobint(x)
    assert(number, UNREPRESENTABLE)
    return number
  end

  function bint.new(x)
    local number = bint.tobint(x, true)
    assert(number, UNREPRESENTABLE)
    return number
  end

  --- A number if possible, else a Lua number, else nil.
  function bint.parse(x, clone)
    return bint.tobint(x, clone) or tonumber(x)
  end

  --- The low 64 bits as a Lua integer.
  function bint.touinteger(x)
    if getmetatable(x) ~= bint then
      return toInteger(x)
    end
    local value = 0
    for i = 1, size do
      value = value | x[i] << wordBits * (i - 1)
    end
    return value
  end

  function bint.tointeger(x)
    if getmetatable(x) ~= bint then
      return toInteger(tonumber(x))
    elseif not signWord(x) then
      return bint.touinteger(x)
    end
    return -bint.touinteger(-x)
  end

  local smallest, largest

  --- A Lua integer where it fits, else a float.
  function bint.tonumber(x)
    if getmetatable(x) ~= bint then
      return tonumber(x)
    end
    smallest = smallest or bint.frominteger(math.mininteger)
    largest = largest or bint.frominteger(math.maxinteger)
    if smallest <= x and x <= largest then
      return bint.tointeger(x)
    end
    return tonumber(bint.tobase(x, 10) .. ".0")
  end

  local function digitsOf(x, base)
    local digits = {}
    while not bint.iszero(x) do
      local digit = divideSmall(x, base)
      table.insert(digits, string.sub(DIGITS, digit + 1, digit + 1))
    end
    return string.reverse(table.concat(digits))
  end

  --- Decimal digits nine at a time, for the base that everybody asks for.
  local function decimalsOf(x)
    local groups = {}
    while not bint.iszero(x) do
      table.insert(groups, 1, string.format("%09d", divideSmall(x, 1000000000)))
    end
    return (string.gsub(table.concat(groups), "^0+", ""))
  end

  --- Digits in a base up to 36; signed in base 10 unless told otherwise.
  function bint.tobase(x, base, unsigned)
    x, base = bint.tobint(x), base or 10
    if not x or base < 2 or base > 36 then
      return nil
    end
    if unsigned == nil then
      unsigned = base ~= 10
    end
    local negative = not unsigned and signWord(x)
    local rest = negative and -x or bint.tobint(x, true)
    local digits = base == 10 and decimalsOf(rest) or digitsOf(rest, base)
    if digits == "" then
      return "0"
    end
    return (negative and "-" or "") .. digits
  end

  function bint.__tostring(x)
    return bint.tobase(x, 10)
  end
end

--- Fill `bint` with questions about numbers.
local function addPredicates(bint, size)
  local function isWord(x, first, others)
    if getmetatable(x) ~= bint then
      return false
    end
    for i = 2, size do
      if x[i] ~= others then
        return false
      end
    end
    return x[1] == first
  end

  function bint.isbint(x)
    return getmetatable(x) == bint
  end

  function bint.isintegral(x)
    return getmetatable(x) == bint or toInteger(x) ~= nil and mathType(x) ~= nil
  end

  function bint.isnumeric(x)
    return getmetatable(x) == bint or type(x) == "number"
  end

  function bint.type(x)
    return getmetatable(x) == bint and "bint" or mathType(x)
  end

  function bint.iszero(x)
    return isWord(x, 0, 0) or x == 0
  end

  function bint.isone(x)
    return isWord(x, 1, 0) or x == 1
  end

  function bint.isminusone(x)
    return getmetatable(x) == bint and bint.iszero(~x) or x == -1
  end

  function bint.isneg(x)
    if getmetatable(x) == bint then
      return bint._signWord(x)
    end
    return x < 0
  end

  function bint.ispos(x)
    if getmetatable(x) == bint then
      return not bint._signWord(x) and not bint.iszero(x)
    end
    return x > 0
  end

  function bint.iseven(x)
    return bint._assert(x)[1] & 1 == 0
  end

  function bint.isodd(x)
    return not bint.iseven(x)
  end

  --- Below zero, zero or above: `a` against `b` as unsigned numbers.
  local function compare(a, b)
    for i = size, 1, -1 do
      if a[i] ~= b[i] then
        return a[i] - b[i]
      end
    end
    return 0
  end

  function bint.ult(x, y)
    return compare(bint._assert(x), bint._assert(y)) < 0
  end

  function bint.ule(x, y)
    return compare(bint._assert(x), bint._assert(y)) <= 0
  end

  local function compareSigned(a, b)
    local negative = bint._signWord(a)
    if negative ~= bint._signWord(b) then
      return negative and -1 or 1
    end
    return compare(a, b)
  end

  --- Order two values: as numbers of this size if both are, else as Lua numbers.
  local function order(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if a and b then
      return compareSigned(a, b)
    end
    a, b = bint.tonumber(x), bint.tonumber(y)
    return a < b and -1 or a > b and 1 or 0
  end

  function bint.__eq(x, y)
    return compare(x, y) == 0
  end

  function bint.eq(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if a and b then
      return a == b
    end
    return x == y
  end

  function bint.__lt(x, y)
    return order(x, y) < 0
  end

  function bint.__le(x, y)
    return order(x, y) <= 0
  end

  function bint.max(x, y)
    return bint.new(order(x, y) > 0 and x or y)
  end

  function bint.min(x, y)
    return bint.new(order(x, y) < 0 and x or y)
  end
end

--- Fill `bint` with addition, multiplication and their relatives.
local function addArithmetic(bint, size, wordBits)
  local mask = (1 << wordBits) - 1

  local function add(a, b)
    local sum, carry = bint._blank(), 0
    for i = 1, size do
      local word = a[i] + b[i] + carry
      sum[i], carry = word & mask, word >> wordBits
    end
    return sum
  end

  local function subtract(a, b)
    local difference, borrow = bint._blank(), 0
    for i = 1, size do
      local word = a[i] - b[i] - borrow
      difference[i], borrow = word & mask, word < 0 and 1 or 0
    end
    return difference
  end

  local function multiply(a, b)
    local product = bint._blank()
    for i = 1, size do
      local carry, factor = 0, a[i]
      if factor ~= 0 then
        for j = 1, size - i + 1 do
          local k = i + j - 1
          local word = factor * b[j] + product[k] + carry
          product[k], carry = word & mask, word >> wordBits
        end
      end
    end
    return product
  end

  --- Work on two numbers of this size if both values are, else on Lua numbers.
  local function either(exact, rough)
    return function(x, y)
      local a, b = bint.tobint(x), bint.tobint(y)
      if a and b then
        return exact(a, b)
      end
      return rough(bint.tonumber(x), bint.tonumber(y))
    end
  end

  bint.__add = either(add, function(a, b)
    return a + b
  end)
  bint.__sub = either(subtract, function(a, b)
    return a - b
  end)
  bint.__mul = either(multiply, function(a, b)
    return a * b
  end)

  function bint.__unm(x)
    return subtract(bint._blank(), bint._assert(x))
  end

  function bint.inc(x)
    return bint.new(x) + 1
  end

  function bint.dec(x)
    return bint.new(x) - 1
  end

  function bint.abs(x)
    local number = bint.tobint(x, true)
    if not number then
      return math.abs(x)
    end
    return bint.isneg(number) and -number or number
  end

  local function rounded(round)
    return function(x)
      if getmetatable(x) == bint then
        return bint.new(x)
      end
      return bint.new(round(tonumber(x)))
    end
  end

  bint.floor = rounded(floor)
  bint.ceil = rounded(math.ceil)
  bint.trunc = rounded(function(x)
    return x < 0 and math.ceil(x) or floor(x)
  end)

  --- `x` with its words replaced by those of `y`: the in-place forms are built on this.
  local function assign(x, y)
    for i = 1, size do
      x[i] = y[i]
    end
    return x
  end

  function bint._add(x, y)
    return assign(x, add(x, bint._assert(y)))
  end

  function bint._sub(x, y)
    return assign(x, subtract(x, bint._assert(y)))
  end

  function bint._inc(x)
    return assign(x, add(x, bint.one()))
  end

  function bint._dec(x)
    return assign(x, subtract(x, bint.one()))
  end

  function bint._unm(x)
    return assign(x, -x)
  end

  function bint._abs(x)
    return assign(x, bint.abs(x))
  end
end

--- Fill `bint` with division and powers.
local function addDivision(bint, size, wordBits)
  local half = wordBits // 2
  local base, halfMask = 1 << half, (1 << half) - 1

  --- Half words, least significant first, without leading zeros: their products fit an integer.
  local function split(x)
    local digits = {}
    for i = 1, size do
      digits[2 * i - 1], digits[2 * i] = x[i] & halfMask, x[i] >> half
    end
    local count = 2 * size
    while count > 0 and digits[count] == 0 do
      digits[count], count = nil, count - 1
    end
    return digits, count
  end

  local function join(digits)
    local x = bint._blank()
    for i = 1, size do
      x[i] = (digits[2 * i - 1] or 0) | (digits[2 * i] or 0) << half
    end
    return x
  end

  local function divideByDigit(digits, count, divisor)
    local quotient, remainder = {}, 0
    for i = count, 1, -1 do
      local value = remainder * base + digits[i]
      quotient[i], remainder = value // divisor, value % divisor
    end
    return join(quotient), join({ remainder })
  end

  --- Subtract factor * v, shifted by `offset` digits, from u; whether that went below zero.
  local function subtractProduct(u, v, count, offset, factor)
    local borrow = 0
    for i = 1, count do
      local value = u[i + offset] - factor * v[i] - borrow
      u[i + offset] = value & halfMask
      borrow = (u[i + offset] - value) >> half
    end
    local top = u[count + offset + 1] - borrow
    u[count + offset + 1] = top & halfMask
    return top < 0
  end

  local function addBack(u, v, count, offset)
    local carry = 0
    for i = 1, count do
      local value = u[i + offset] + v[i] + carry
      u[i + offset], carry = value & halfMask, value >> half
    end
    u[count + offset + 1] = u[count + offset + 1] + carry & halfMask
  end

  local function shiftDigits(digits, count, by)
    local carry = 0
    for i = 1, count do
      local value = digits[i] << by | carry
      digits[i], carry = value & halfMask, value >> half
    end
    digits[count + 1] = carry
  end

  --- Schoolbook long division (Knuth's algorithm D).
  local function divideLong(x, y, u, uCount, v, vCount)
    local shift = 0
    while v[vCount] << shift & base >> 1 == 0 do
      shift = shift + 1
    end
    shiftDigits(u, uCount, shift)
    shiftDigits(v, vCount, shift)
    local quotient, top = {}, v[vCount]
    for offset = uCount - vCount, 0, -1 do
      local head = u[offset + vCount + 1] * base + u[offset + vCount]
      local guess, rest = head // top, head % top
      while guess >= base or guess * v[vCount - 1] > rest * base + u[offset + vCount - 1] do
        guess, rest = guess - 1, rest + top
        if rest >= base then
          break
        end
      end
      if subtractProduct(u, v, vCount, offset, guess) then
        guess = guess - 1
        addBack(u, v, vCount, offset)
      end
      quotient[offset + 1] = guess
    end
    local result = join(quotient)
    return result, x - result * y
  end

  --- Quotient and remainder of unsigned numbers.
  function bint.udivmod(x, y)
    x, y = bint._assert(x), bint._assert(y)
    local u, uCount = split(x)
    local v, vCount = split(y)
    assert(vCount > 0, BY_ZERO)
    if bint.ult(x, y) then
      return bint.zero(), bint.new(x)
    elseif vCount == 1 then
      return divideByDigit(u, uCount, v[1])
    end
    return divideLong(x, y, u, uCount, v, vCount)
  end

  function bint.udiv(x, y)
    return (bint.udivmod(x, y))
  end

  function bint.umod(x, y)
    local _, remainder = bint.udivmod(x, y)
    return remainder
  end

  --- Quotient towards zero, remainder with the sign of `x`.
  function bint.tdivmod(x, y)
    x, y = bint._assert(x), bint._assert(y)
    local quotient, remainder = bint.udivmod(bint.abs(x), bint.abs(y))
    if bint.isneg(x) ~= bint.isneg(y) then
      quotient = -quotient
    end
    return quotient, bint.isneg(x) and -remainder or remainder
  end

  function bint.tdiv(x, y)
    return (bint.tdivmod(x, y))
  end

  function bint.tmod(x, y)
    local _, remainder = bint.tdivmod(x, y)
    return remainder
  end

  --- Quotient towards minus infinity, remainder with the sign of `y`, as Lua's own.
  function bint.idivmod(x, y)
    local a, b = bint.tobint(x), bint.tobint(y)
    if not a or not b then
      a, b = bint.tonumber(x), bint.tonumber(y)
      return a // b, a % b
    end
    local quotient, remainder = bint.tdivmod(a, b)
    if not bint.iszero(remainder) and bint.isneg(a) ~= bint.isneg(b) then
      return quotient - 1, remainder + b
    end
    return quotient, remainder
  end

  function bint.__idiv(x, y)
    return (bint.idivmod(x, y))
  end

  function bint.__mod(x, y)
    local _, remainder = bint.idivmod(x, y)
    return remainder
  end

  --- Always a float; `//` divides whole numbers.
  function bint.__div(x, y)
    return bint.tonumber(x) / bint.tonumber(y)
  end

  --- Always a float; `ipow` multiplies whole numbers.
  function bint.__pow(x, y)
    return bint.tonumber(x) ^ bint.tonumber(y)
  end

  local function negativePower(x, y)
    if bint.isone(x) or bint.isminusone(x) then
      return bint.iseven(y) and bint.one() or x
    end
    return bint.zero()
  end

  function bint.ipow(x, y)
    x, y = bint.new(x), bint.new(y)
    if bint.isneg(y) then
      return negativePower(x, y)
    end
    local result = bint.one()
    while not bint.iszero(y) do
      if bint.isodd(y) then
        result = result * x
      end
      x, y = x * x, y >> 1
    end
    return result
  end

  --- x to the y, modulo m, all unsigned.
  function bint.upowmod(x, y, m)
    m = bint._assert(m)
    if bint.isone(m) then
      return bint.zero()
    end
    x, y = bint.umod(x, m), bint.new(y)
    local result = bint.one()
    while not bint.iszero(y) do
      if bint.isodd(y) then
        result = bint.umod(result * x, m)
      end
      x, y = bint.umod(x * x, m), y >> 1
    end
    return result
  end
end

--- Fill `bint` with the operators on bits.
local function addBits(bint, size, wordBits)
  local mask, bits = (1 << wordBits) - 1, size * wordBits

  local function shiftLeft(x, by)
    local result = bint._blank()
    local words, rest = by // wordBits, by % wordBits
    for i = size, words + 1, -1 do
      local below = x[i - words - 1] or 0
      result[i] = (x[i - words] << rest | below >> wordBits - rest) & mask
    end
    return result
  end

  local function shiftRight(x, by)
    local result = bint._blank()
    local words, rest = by // wordBits, by % wordBits
    for i = 1, size - words do
      local above = x[i + words + 1] or 0
      result[i] = (x[i + words] >> rest | above << wordBits - rest) & mask
    end
    return result
  end

  local function shift(x, by)
    x, by = bint._assert(x), bint.tointeger(by)
    if by >= bits or by <= -bits then
      return bint.zero()
    end
    return by >= 0 and shiftLeft(x, by) or shiftRight(x, -by)
  end

  function bint.__shl(x, y)
    return shift(x, y)
  end

  --- Zeros come in from the left, whatever the sign.
  function bint.__shr(x, y)
    return shift(x, -bint.tointeger(y))
  end

  function bint.brol(x, by)
    by = by % bits
    return x << by | x >> bits - by
  end

  function bint.bror(x, by)
    return bint.brol(x, -by)
  end

  --- The low `count` bits of `x`.
  function bint.bwrap(x, count)
    x = bint._assert(x)
    if count <= 0 then
      return bint.zero()
    elseif count >= bits then
      return bint.new(x)
    end
    return x & (bint.one() << count) - 1
  end

  local function wordwise(combine)
    return function(x, y)
      x, y = bint._assert(x), bint._assert(y)
      local result = bint._blank()
      for i = 1, size do
        result[i] = combine(x[i], y[i])
      end
      return result
    end
  end

  bint.__band = wordwise(function(a, b)
    return a & b
  end)
  bint.__bor = wordwise(function(a, b)
    return a | b
  end)
  bint.__bxor = wordwise(function(a, b)
    return a ~ b
  end)

  function bint.__bnot(x)
    local result = bint._blank()
    for i = 1, size do
      result[i] = ~x[i] & mask
    end
    return result
  end
end

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
