--- The only door to the tags of a message: one reading, whatever the runtime did to their names.
--
-- aos title-cases names (`VoteID` becomes `Voteid`), the hyper profile lower-cases them, and of two
-- tags with one name `msg.Tags` keeps the first and `msg` the last. So names are compared without
-- case, dashes and underscores, and values are read from `msg.TagArray` alone.
--
--   get(msg, name)         value of the first such tag, or nil; "" stays ""
--   repeated(msg, names)   the first of names that occurs twice, or nil; "X-*": any X- tag
--   xTags(msg)             list of {name, value} of the X- tags, in order, names in Train-Case;
--                          X-Reference is left out: it belongs to whoever answers
--   count(msg)             how many tags there are
--   list(msg)              the tags themselves, {name, value} each
--   trainCase(name)        `x_op-id` as `X-Op-Id`
--   plain(name)            `X-Op-Id` as `xopid`: what names are compared by
--   isTrue(text)           whether text is "true" or "on", in any case
--   ofProcess(name)        a tag of this process's own spawn message, or nil
local tags = {}

-- The index of the message in hand. One entry, so that nothing a stranger sends can pile up.
local indexed, index = nil, nil

function tags.plain(name)
  return (name:gsub("[-_]", ""):lower())
end

function tags.trainCase(name)
  local text = name:gsub("_", "-"):lower()
  return (text:gsub("^%l", string.upper):gsub("%-%l", string.upper))
end

function tags.list(msg)
  return type(msg.TagArray) == "table" and msg.TagArray or {}
end

--- Return plain name -> { value = of the first, times = how often }.
local function indexOf(list)
  if indexed == list then
    return index
  end
  local entries = {}
  for _, tag in ipairs(list) do
    local name = tags.plain(tag.name)
    local entry = entries[name]
    if entry then
      entry.times = entry.times + 1
    else
      entries[name] = { value = tag.value, times = 1 }
    end
  end
  indexed, index = list, entries
  return entries
end

function tags.get(msg, name)
  local entry = indexOf(tags.list(msg))[tags.plain(name)]
  if entry and type(entry.value) == "string" then
    return entry.value
  end
  return nil
end

local function isX(name)
  return name:find("^[Xx][-_]") ~= nil
end

local function repeatedX(msg, entries)
  for _, tag in ipairs(tags.list(msg)) do
    if isX(tag.name) and entries[tags.plain(tag.name)].times > 1 then
      return tags.trainCase(tag.name)
    end
  end
  return nil
end

function tags.repeated(msg, names)
  local entries = indexOf(tags.list(msg))
  for _, name in ipairs(names) do
    local entry = entries[tags.plain(name)]
    if name == "X-*" then
      local found = repeatedX(msg, entries)
      if found then
        return found
      end
    elseif entry and entry.times > 1 then
      return name
    end
  end
  return nil
end

function tags.xTags(msg)
  local found = {}
  for _, tag in ipairs(tags.list(msg)) do
    if isX(tag.name) and tags.plain(tag.name) ~= "xreference" and type(tag.value) == "string" then
      found[#found + 1] = { name = tags.trainCase(tag.name), value = tag.value }
    end
  end
  return found
end

function tags.count(msg)
  return #tags.list(msg)
end

function tags.isTrue(text)
  if type(text) ~= "string" then
    return false
  end
  local lower = text:lower()
  return lower == "true" or lower == "on"
end

function tags.ofProcess(name)
  local wanted = tags.plain(name)
  for _, tag in ipairs(ao.env.Process.TagArray or {}) do
    if tags.plain(tag.name) == wanted then
      return tag.value
    end
  end
  return nil
end

return tags
