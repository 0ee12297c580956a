--- Making numbers out of other values, and other values out of numbers.

local toInteger = math.tointeger

local DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
local UNREPRESENTABLE = "value cannot be represented by a bint"

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

--- Fill the class `bint` of `size` words.
return function(bint, size, wordBits)
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
