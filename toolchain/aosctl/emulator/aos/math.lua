--- The functions of `math` that Lua 5.3 has only in its compatibility mode, in which aos is built.

function math.pow(x, y)
  return (x + 0.0) ^ y
end

function math.log10(x)
  return math.log(x, 10)
end

function math.cosh(x)
  return (math.exp(x) + math.exp(-x)) / 2
end

function math.sinh(x)
  return (math.exp(x) - math.exp(-x)) / 2
end

function math.tanh(x)
  if x > 20 then
    return 1.0
  elseif x < -20 then
    return -1.0
  end
  local up, down = math.exp(x), math.exp(-x)
  return (up - down) / (up + down)
end

function math.atan2(y, x)
  return math.atan(y, x)
end

--- The fraction in [0.5, 1) and the power of two that make `x`.
function math.frexp(x)
  if x == 0 or x ~= x or x == math.huge or x == -math.huge then
    return x + 0.0, 0
  end
  local fraction, exponent = x + 0.0, 0
  while fraction >= 1 or fraction <= -1 do
    fraction, exponent = fraction / 2, exponent + 1
  end
  while fraction < 0.5 and fraction > -0.5 do
    fraction, exponent = fraction * 2, exponent - 1
  end
  return fraction, exponent
end

function math.ldexp(x, exponent)
  return x * 2.0 ^ exponent
end

return math
