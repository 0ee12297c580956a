--- Addition, multiplication and their relatives.

--- Fill the class `bint` of `size` words.
return function(bint, size, wordBits)
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

  bint.floor = rounded(math.floor)
  bint.ceil = rounded(math.ceil)
  bint.trunc = rounded(function(x)
    return x < 0 and math.ceil(x) or math.floor(x)
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
