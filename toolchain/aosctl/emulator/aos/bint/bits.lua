--- The operators on bits.

--- Fill the class `bint` of `size` words.
return function(bint, size, wordBits)
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
