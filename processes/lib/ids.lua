--- Ids of operations: `M-<first 8 characters of the issuing process>-<n>`, n counted from 1.
--
-- A replaced process has another id, so its operations can never be taken for the old one's.
-- What is kept and forgotten about operations is lib.book's.
--
--   next(kind)     a new id of this process; kind is one capital letter
--   issued(kind)   the n of the newest one; 0 when there is none
--   parse(id)      kind, prefix, n (an integer); nil when id is no such id
--   number(text)   text as a counting number (1, 2, ... below 10^15), else nil: n, Seq, Low-Water
--
-- State: IssuedIds (kind -> n).
local state = require("lib.state")

local ids = {}

IssuedIds = state.keep(IssuedIds, {})

function ids.number(text)
  if type(text) ~= "string" or #text > 15 or not text:find("^[1-9]%d*$") then
    return nil
  end
  return math.tointeger(tonumber(text, 10))
end

function ids.issued(kind)
  return IssuedIds[kind] or 0
end

function ids.next(kind)
  IssuedIds[kind] = ids.issued(kind) + 1
  return string.format("%s-%s-%d", kind, ao.id:sub(1, 8), IssuedIds[kind])
end

function ids.parse(id)
  if type(id) ~= "string" then
    return nil
  end
  local kind, prefix, digits = id:match("^(%u)%-([%w_-]+)%-(%d+)$")
  local n = ids.number(digits)
  if not n or #prefix ~= 8 then
    return nil
  end
  return kind, prefix, n
end

return ids
