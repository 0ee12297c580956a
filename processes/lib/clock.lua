--- Time in milliseconds that only moves forward.
--
-- Legacynet counts milliseconds, the hyper profile seconds. The guard observes each message that it
-- lets pass; by then a message with a forged `Timestamp` tag has been dropped.
--
--   observe(msg)   LastNow = max(LastNow, time of msg)
--   now()          LastNow: milliseconds, an integer
--   text()         now() as digits
--
-- State: LastNow.
local clock = {}

-- Below this a number is seconds: 10^11 seconds are the year 5138, 10^11 milliseconds are 1973.
local FIRST_MILLISECOND = 100000000000

LastNow = math.type(LastNow) == "integer" and LastNow or 0

--- Return a time as whole milliseconds, or nil when it is none.
local function milliseconds(time)
  local number = math.tointeger(tonumber(time))
  if not number or number < 0 then
    return nil
  end
  return number < FIRST_MILLISECOND and number * 1000 or number
end

function clock.observe(msg)
  local time = milliseconds(msg.Timestamp)
  if time and time > LastNow then
    LastNow = time
  end
end

function clock.now()
  return LastNow
end

function clock.text()
  return string.format("%d", LastNow)
end

return clock
