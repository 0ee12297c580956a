--- What a process shows without being asked: `patch@1.0` messages, on change only.
--
--   publish(values)   values: key -> text, integer, boolean, or a table of such (nested as needed).
--                     Top-level keys leave in lower case; ids and addresses as keys keep theirs.
--                     A scalar equal to what was published last is left out. Of a table give only
--                     what changed: readers merge, and what is gone is published as "" or "0".
--                     Empty tables are left out: `[]` would not merge. Nothing left, nothing sent.
--
-- State: Published (key -> last text of each scalar).
local sorted = require("lib.sorted")
local state = require("lib.state")

local publish = {}

Published = state.keep(Published, {})

local function toText(value)
  if type(value) == "table" then
    local copy = {}
    for key, item in pairs(value) do
      copy[key] = toText(item)
    end
    return copy
  end
  return tostring(value)
end

local function isNews(key, value)
  if type(value) == "table" then
    return next(value) ~= nil
  end
  return Published[key] ~= value
end

--- Only what was sent is known to readers: remembered last, for a send may fail.
local function remember(tagList)
  for _, tag in ipairs(tagList) do
    Published[tag.name] = type(tag.value) == "string" and tag.value or nil
  end
end

function publish.publish(values)
  local tagList = { { name = "device", value = "patch@1.0" } }
  for _, key in ipairs(sorted.keys(values)) do
    local name, value = key:lower(), toText(values[key])
    if isNews(name, value) then
      tagList[#tagList + 1] = { name = name, value = value }
    end
  end
  if #tagList > 1 then
    ao.send({ Tags = tagList })
    remember(tagList)
  end
end

return publish
