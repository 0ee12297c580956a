--- Questions about numbers, and their order.

local mathType, toInteger = math.type, math.tointeger

--- Fill the class `bint` of `size` words.
return function(bint, size)
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
