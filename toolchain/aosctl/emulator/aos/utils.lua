--- Small functional tools, and the two functions that decide whether a message fits a pattern.

local _, notes = ...
local profile, ACTION = notes.profile, notes.spell("Action")

local utils = { _version = "0.0.5" }

-- Characters that make a text pattern a Lua pattern; a dash alone is taken literally.
local SPECIAL = "[%^%$%(%)%%%.%[%]%*%+%?]"

local BAD_REDUCER = "first argument should be a function that accepts (result, value, key)"
local BAD_LIST = "third argument should be a table that is an array"

local function fold(text)
  return profile.ignoresCase and string.lower(text) or text
end

local function isArray(value)
  if type(value) ~= "table" then
    return false
  end
  local max = 0
  for key in pairs(value) do
    if type(key) ~= "number" or key < 1 or key ~= math.floor(key) then
      return false
    end
    max = math.max(max, key)
  end
  return max == #value
end

--- Whether `value` fits one pattern; `msg` is handed to function patterns.
function utils.matchesPattern(pattern, value, msg)
  if not pattern then
    return false
  end
  if pattern == "_" then
    return true
  end
  local kind = type(pattern)
  if kind == "function" then
    return pattern(value, msg) and true or false
  elseif kind == "string" then
    if value == nil then
      return false
    end
    local text = fold(value)
    if string.find(pattern, SPECIAL) then
      return string.match(text, fold(pattern)) ~= nil
    end
    return text == fold(pattern)
  elseif kind == "table" then
    for _, option in ipairs(pattern) do
      if utils.matchesPattern(option, value, msg) then
        return true
      end
    end
  end
  return false
end

local function matchesTable(msg, spec)
  local tags = msg.Tags
  for key, pattern in pairs(spec) do
    local value, tagged = msg[key], profile.matchesTags and tags[key]
    if not value and not tagged then
      return false
    end
    -- Both sides are tried even if the first one fits: the module runs function patterns twice.
    local fitsRoot = utils.matchesPattern(pattern, value, msg)
    local fitsTag = profile.matchesTags and utils.matchesPattern(pattern, tagged, msg)
    if not fitsRoot and not fitsTag then
      return false
    end
  end
  return true
end

--- Whether `msg` fits `spec`: a function's own answer, every key of a table, or the exact Action.
function utils.matchesSpec(msg, spec)
  local kind = type(spec)
  if kind == "function" then
    return spec(msg)
  elseif kind == "table" then
    return matchesTable(msg, spec)
  elseif kind == "string" then
    return msg[ACTION] == spec
  end
  return false
end

--- Collect arguments one by one. Of a partial call only the first argument is kept, as in aos.
function utils.curry(fn, arity)
  assert(type(fn) == "function", "function is required as first argument")
  arity = arity or debug.getinfo(fn, "u").nparams
  if arity < 2 then
    return fn
  end
  return function(...)
    local count = select("#", ...)
    if count >= arity then
      return fn(...)
    end
    local first = ...
    return utils.curry(function(...)
      return fn(first, ...)
    end, arity - count)
  end
end

utils.concat = utils.curry(function(a, b)
  assert(type(a) == "table" and isArray(a), "first argument should be a table")
  assert(type(b) == "table" and isArray(b), "second argument should be a table")
  local joined = {}
  for _, list in ipairs({ a, b }) do
    for _, value in ipairs(list) do
      joined[#joined + 1] = value
    end
  end
  return joined
end, 2)

utils.reduce = utils.curry(function(fn, initial, list)
  assert(type(fn) == "function", BAD_REDUCER)
  assert(type(list) == "table" and isArray(list), BAD_LIST)
  local result = initial
  for index, value in ipairs(list) do
    if index == 1 and initial == nil then
      result = value
    else
      result = fn(result, value, index)
    end
  end
  return result
end, 3)

utils.map = utils.curry(function(fn, list)
  assert(type(fn) == "function", "first argument should be a unary function")
  assert(type(list) == "table" and isArray(list), "second argument should be an Array")
  local mapped = {}
  for index, value in ipairs(list) do
    mapped[index] = fn(value, index)
  end
  return mapped
end, 2)

utils.filter = utils.curry(function(fn, list)
  assert(type(fn) == "function", "first argument should be a unary function")
  assert(type(list) == "table" and isArray(list), "second argument should be an Array")
  local kept = {}
  for index, value in ipairs(list) do
    if fn(value, index) then
      kept[#kept + 1] = value
    end
  end
  return kept
end, 2)

utils.find = utils.curry(function(fn, list)
  assert(type(fn) == "function", "first argument should be a unary function")
  assert(type(list) == "table", "second argument should be a table that is an array")
  for _, value in pairs(list) do
    if fn(value) then
      return value
    end
  end
end, 2)

utils.propEq = utils.curry(function(name, value, object)
  assert(type(name) == "string", "first argument should be a string")
  assert(type(value) == "string", "second argument should be a string")
  assert(type(object) == "table", "third argument should be a table<object>")
  return object[name] == value
end, 3)

function utils.reverse(list)
  assert(type(list) == "table" and isArray(list), "argument needs to be a table that is an array")
  local reversed = {}
  for index = #list, 1, -1 do
    reversed[#reversed + 1] = list[index]
  end
  return reversed
end

--- Compose unary functions, right to left.
function utils.compose(...)
  local functions = table.pack(...)
  return function(value)
    for index = functions.n, 1, -1 do
      value = functions[index](value)
    end
    return value
  end
end

utils.prop = utils.curry(function(name, object)
  return object[name]
end, 2)

utils.includes = utils.curry(function(wanted, list)
  assert(type(list) == "table", "argument needs to be a table")
  for _, value in pairs(list) do
    if value == wanted then
      return true
    end
  end
  return false
end, 2)

function utils.keys(object)
  assert(type(object) == "table", "argument needs to be a table")
  local keys = {}
  for key in pairs(object) do
    keys[#keys + 1] = key
  end
  return keys
end

function utils.values(object)
  assert(type(object) == "table", "argument needs to be a table")
  local values = {}
  for _, value in pairs(object) do
    values[#values + 1] = value
  end
  return values
end

if not profile.hasNormalize then
  return utils
end

--- First letter upper case, the others lower case; ASCII only.
function utils.capitalize(text)
  return (string.gsub(string.lower(text), "^%l", string.upper))
end

--- Title-Case a tag name: `some_tag-nAME` becomes `Some-Tag-Name`. Only text is changed.
function utils.normalize(name)
  if type(name) ~= "string" then
    return name
  end
  local dashed = string.gsub(string.lower(name), "_", "-")
  return (string.gsub(string.gsub(dashed, "^%l", string.upper), "%-%l", string.upper))
end

return utils
