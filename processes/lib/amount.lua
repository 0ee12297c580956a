--- Amounts as canonical decimal text: exact, whatever their size, and never a float.
--
-- A quantity is `^[1-9]%d*$`, at most 77 digits and at most 2^255 - 1; a balance may also be "0";
-- a position may also be negative ("-5"). Bint is not used: it takes "0x10" and "+5", and wraps.
--
--   is(text)            whether text is a quantity (greater than zero)
--   isZeroOr(text)      whether text is a quantity or "0"
--   isSigned(text)      whether text is "0", a quantity, or "-" and a quantity
--   add(a, b)           a + b, or nil beyond 2^255 - 1
--   sub(a, b)           a - b, or nil below zero
--   signedAdd(a, b)     for positions; nil beyond +-(2^255 - 1)
--   signedSub(a, b)     likewise
--   compare(a, b)       -1, 0 or 1; signed amounts too
--   lt le eq            by compare;  min max  the smaller, the greater
--   scale(text, n)      text times ten to the n: whole tokens in base units; nil beyond the limit
--   ratio(a, b)         a / b cut to four decimals ("0.9999"), for display only; nil when b is "0"
--   ZERO, MAX           "0" and 2^255 - 1
local amount = {}

amount.ZERO = "0"
amount.MAX = "57896044618658097711785492504343953926634992332820282019728792003956564819967"

-- 15 digits a limb: two of them and a carry stay far inside a 64-bit integer.
local LIMB_DIGITS = 15
local LIMB_BASE = 1000000000000000

--- Compare two unsigned numbers: the longer is the greater, text of equal length orders itself.
local function compareUnsigned(a, b)
  if #a ~= #b then
    return #a < #b and -1 or 1
  end
  if a == b then
    return 0
  end
  return a < b and -1 or 1
end

--- Cut text into limbs, least first.
local function toLimbs(text)
  local limbs = {}
  for last = #text, 1, -LIMB_DIGITS do
    -- Base 10 keeps tonumber with integers: the text is digits already, and few enough.
    limbs[#limbs + 1] = tonumber(text:sub(math.max(1, last - LIMB_DIGITS + 1), last), 10)
  end
  return limbs
end

local function toText(limbs)
  local parts = {}
  for index = #limbs, 1, -1 do
    parts[#parts + 1] = string.format("%015d", limbs[index])
  end
  local text = table.concat(parts):gsub("^0+", "")
  return text == "" and "0" or text
end

--- Add two unsigned numbers of any length.
local function addUnsigned(a, b)
  local left, right, sum, carry = toLimbs(a), toLimbs(b), {}, 0
  for index = 1, math.max(#left, #right) do
    local limb = (left[index] or 0) + (right[index] or 0) + carry
    carry = limb >= LIMB_BASE and 1 or 0
    sum[index] = limb - carry * LIMB_BASE
  end
  if carry > 0 then
    sum[#sum + 1] = carry
  end
  return toText(sum)
end

--- Subtract the smaller unsigned number b from a.
local function subUnsigned(a, b)
  local left, right, difference, borrow = toLimbs(a), toLimbs(b), {}, 0
  for index = 1, #left do
    local limb = left[index] - (right[index] or 0) - borrow
    borrow = limb < 0 and 1 or 0
    difference[index] = limb + borrow * LIMB_BASE
  end
  return toText(difference)
end

local function withinLimit(text)
  return compareUnsigned(text, amount.MAX) <= 0
end

--- Split a signed number into whether it is negative and its digits.
local function split(text)
  if text:sub(1, 1) == "-" then
    return true, text:sub(2)
  end
  return false, text
end

local function join(negative, digits)
  if not withinLimit(digits) then
    return nil
  end
  return (negative and digits ~= "0") and "-" .. digits or digits
end

function amount.is(text)
  return type(text) == "string"
    and #text <= #amount.MAX
    and text:find("^[1-9]%d*$") ~= nil
    and withinLimit(text)
end

function amount.isZeroOr(text)
  return text == "0" or amount.is(text)
end

function amount.isSigned(text)
  return amount.isZeroOr(text)
    or (type(text) == "string" and text:sub(1, 1) == "-" and amount.is(text:sub(2)))
end

function amount.add(a, b)
  local sum = addUnsigned(a, b)
  return withinLimit(sum) and sum or nil
end

function amount.sub(a, b)
  if compareUnsigned(a, b) < 0 then
    return nil
  end
  return subUnsigned(a, b)
end

function amount.signedAdd(a, b)
  local aNegative, left = split(a)
  local bNegative, right = split(b)
  if aNegative == bNegative then
    return join(aNegative, addUnsigned(left, right))
  end
  if compareUnsigned(left, right) >= 0 then
    return join(aNegative, subUnsigned(left, right))
  end
  return join(bNegative, subUnsigned(right, left))
end

function amount.signedSub(a, b)
  local negative, digits = split(b)
  return amount.signedAdd(a, join(not negative, digits))
end

function amount.compare(a, b)
  local aNegative, left = split(a)
  local bNegative, right = split(b)
  if aNegative ~= bNegative then
    return aNegative and -1 or 1
  end
  local order = compareUnsigned(left, right)
  return aNegative and -order or order
end

function amount.lt(a, b)
  return amount.compare(a, b) < 0
end

function amount.le(a, b)
  return amount.compare(a, b) <= 0
end

function amount.eq(a, b)
  return amount.compare(a, b) == 0
end

function amount.min(a, b)
  return amount.le(a, b) and a or b
end

function amount.max(a, b)
  return amount.le(a, b) and b or a
end

function amount.scale(text, places)
  local scaled = text == "0" and "0" or text .. ("0"):rep(places)
  return withinLimit(scaled) and scaled or nil
end

--- Divide by hand, digit by digit: at most nine subtractions for each digit of the quotient.
local function divideUnsigned(a, b)
  local quotient, rest = {}, "0"
  for digit in a:gmatch("%d") do
    rest = rest == "0" and digit or rest .. digit
    local times = 0
    while compareUnsigned(rest, b) >= 0 do
      rest = subUnsigned(rest, b)
      times = times + 1
    end
    quotient[#quotient + 1] = string.format("%d", times)
  end
  return (table.concat(quotient):gsub("^0+(%d)", "%1"))
end

function amount.ratio(a, b)
  if b == "0" then
    return nil
  end
  local scaled = divideUnsigned(a .. "0000", b)
  scaled = ("0"):rep(5 - #scaled) .. scaled
  return scaled:sub(1, -5) .. "." .. scaled:sub(-4)
end

return amount
