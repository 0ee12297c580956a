--- Which notice of a token this is: the same one may come twice, each time with a new message id.
--
--   number(msg)        first `Reference` tag, else `Ref_`, else Anchor, as an integer; nil when
--                      there is none or it is no decimal number below 10^15: then it has no key
--   key(msg)           From and number as text, nil without a number; `number` also orders the
--                      notices of one token for lib.book (stream = From)
--   fingerprint(msg)   text equal for equal content (Sender, Quantity, X- tags); the same key with
--                      another fingerprint is a stray and an anomaly, not a repetition
local ids = require("lib.ids")
local tags = require("lib.tags")

local notices = {}

-- Longer content is kept as its beginning, its length and a hash: a depositor chooses up to 64 kB.
local MAX_TEXT = 256
local FNV_OFFSET = -3750763034362895579 -- 14695981039346656037 as a signed integer
local FNV_PRIME = 1099511628211

function notices.number(msg)
  local text = tags.get(msg, "Reference") or tags.get(msg, "Ref_") or msg.Anchor or msg.anchor
  -- An Anchor is the same count, padded with zeros to 32 digits.
  return ids.number(type(text) == "string" and text:gsub("^0+", "") or nil)
end

function notices.key(msg)
  local number = notices.number(msg)
  return number and string.format("%s/%d", msg.From, number) or nil
end

local function hash(text)
  local value = FNV_OFFSET
  for index = 1, #text do
    value = (value ~ text:byte(index)) * FNV_PRIME
  end
  return string.format("%016x", value)
end

--- Text with its length in front, so that no two lists of texts are joined alike.
local function measured(text)
  return string.format("%d:%s", #text, text)
end

function notices.fingerprint(msg)
  local parts = {}
  for _, tag in ipairs(tags.xTags(msg)) do
    parts[#parts + 1] = measured(tag.name) .. measured(tag.value)
  end
  table.sort(parts)
  table.insert(parts, 1, measured(tags.get(msg, "Sender") or ""))
  table.insert(parts, 2, measured(tags.get(msg, "Quantity") or ""))
  local text = table.concat(parts)
  if #text <= MAX_TEXT then
    return text
  end
  return text:sub(1, MAX_TEXT) .. measured(hash(text))
end

return notices
