--- Division and powers.

local BY_ZERO = "attempt to divide by zero"

--- Fill the class `bint` of `size` words.
return function(bint, size, wordBits)
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
