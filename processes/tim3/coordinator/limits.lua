--- What a mint may be: the limits, changed together or not at all.
--
-- A set of limits maps the tag names of SetLimits to text. Amounts are base units.
--
--   Min-Mint Max-Mint             of one mint
--   Supply-Cap                    of all TIM3 in existence, mints under way included
--   Window-Cap User-Window-Cap    of what begins within Window-Ms, by all and by one user
--   Large-Threshold Cooldown-Ms   once a user's mints within the window reach the threshold, each
--                                 further one waits Cooldown-Ms after the last; so splitting a
--                                 large mint does not dodge the wait
--   Timeout-Ms                    after which a sweep asks again, or cancels
--   Auto-Pause                    on: a Risk-Alert of the state manager pauses mint
--   Raise-Delay-Ms                0, or how long whatever loosens a limit waits (24 h: 86400000)
--
--   defaults(denomination)        the limits of a new process
--   merge(current, changes)       the whole set with changes, or nil, code, text
--   stage(current, wanted, now)   {limits = what holds from now on, waiting = {limits, at} or nil};
--                                 or nil, code, text
--   effective(current, waiting, now)  what holds at this time; waiting: false when nothing does
--   milliseconds(limits, name)    a time as an integer
--   NAMES                         every name, sorted
local amount = require("lib.amount")
local sorted = require("lib.sorted")

local limits = {}

local DAY = 86400000
-- A month is longer than any wait that makes sense, and short enough to find a typing error.
local LONGEST = 31 * DAY

local function isAmount(text)
  return amount.is(text), "must be a whole number of base units above 0"
end

--- Return a check for whole milliseconds within bounds.
local function time(least, most)
  return function(text)
    local isNumber = amount.isZeroOr(text) and #text <= 10
    local number = isNumber and tonumber(text, 10) or -1
    return number >= least and number <= most,
      string.format("must be milliseconds from %d to %d", least, most)
  end
end

local function isSwitch(text)
  return text == "on" or text == "off", "must be on or off"
end

local CHECKS = {
  ["Min-Mint"] = isAmount,
  ["Max-Mint"] = isAmount,
  ["Supply-Cap"] = isAmount,
  ["Window-Cap"] = isAmount,
  ["User-Window-Cap"] = isAmount,
  ["Large-Threshold"] = isAmount,
  ["Window-Ms"] = time(1, LONGEST),
  ["Cooldown-Ms"] = time(0, LONGEST),
  ["Timeout-Ms"] = time(1, LONGEST),
  ["Raise-Delay-Ms"] = time(0, LONGEST),
  ["Auto-Pause"] = isSwitch,
}

limits.NAMES = sorted.keys(CHECKS)

-- Each is at most the next. A user without counted mints has cooled down: hence the last pair.
local ORDERED = {
  { "Min-Mint", "Max-Mint" },
  { "Max-Mint", "User-Window-Cap" },
  { "User-Window-Cap", "Window-Cap" },
  { "Window-Cap", "Supply-Cap" },
  { "Cooldown-Ms", "Window-Ms" },
}

-- Whether more (1) or less (-1) of it lets more be minted. Timeout-Ms does neither.
local LOOSENS = {
  ["Min-Mint"] = -1,
  ["Max-Mint"] = 1,
  ["Supply-Cap"] = 1,
  ["Window-Cap"] = 1,
  ["User-Window-Cap"] = 1,
  ["Large-Threshold"] = 1,
  ["Window-Ms"] = -1,
  ["Cooldown-Ms"] = -1,
  ["Raise-Delay-Ms"] = -1,
}

function limits.defaults(denomination)
  local function tokens(count)
    return assert(amount.scale(count, denomination))
  end
  return {
    ["Min-Mint"] = "1",
    ["Max-Mint"] = tokens("100000"),
    ["User-Window-Cap"] = tokens("250000"),
    ["Window-Cap"] = tokens("1000000"),
    ["Supply-Cap"] = tokens("10000000"),
    ["Large-Threshold"] = tokens("50000"),
    ["Window-Ms"] = "3600000",
    ["Cooldown-Ms"] = "600000",
    ["Timeout-Ms"] = "300000",
    ["Raise-Delay-Ms"] = "0",
    ["Auto-Pause"] = "off",
  }
end

function limits.milliseconds(self, name)
  return math.tointeger(tonumber(self[name], 10))
end

--- Return the set itself when its members fit one another.
local function consistent(self)
  for _, pair in ipairs(ORDERED) do
    local less, more = pair[1], pair[2]
    if not amount.le(self[less], self[more]) then
      local text = "%s (%s) is above %s (%s)"
      return nil, "InvalidConfig", text:format(less, self[less], more, self[more])
    end
  end
  return self
end

function limits.merge(current, changes)
  local merged = {}
  for _, name in ipairs(limits.NAMES) do
    local value = changes[name] or current[name]
    local isFit, rule = CHECKS[name](value)
    if not isFit then
      return nil, "InvalidConfig", name .. " " .. rule
    end
    merged[name] = value
  end
  return consistent(merged)
end

local function isLooser(name, old, new)
  if name == "Auto-Pause" then
    return old == "on" and new == "off"
  end
  return amount.compare(new, old) == LOOSENS[name]
end

function limits.stage(current, wanted, now)
  local delay = limits.milliseconds(current, "Raise-Delay-Ms")
  local held, isHeld = {}, false
  for _, name in ipairs(limits.NAMES) do
    local waits = delay > 0 and isLooser(name, current[name], wanted[name])
    held[name] = waits and current[name] or wanted[name]
    isHeld = isHeld or waits
  end
  local active, code, text = consistent(held)
  if not active then
    return nil, code, text .. " while what loosens waits for Raise-Delay-Ms"
  end
  return { limits = active, waiting = isHeld and { limits = wanted, at = now + delay } or nil }
end

function limits.effective(current, waiting, now)
  if waiting and now >= waiting.at then
    return waiting.limits
  end
  return current
end

return limits
