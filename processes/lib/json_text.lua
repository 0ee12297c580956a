--- JSON text with exact integers and a stable order of keys.
--
-- The encoder of aos prints numbers with 14 digits, so that 10^14 comes out as 1e+14. This one is
-- for what leaves a process; reading is left to `require("json")`, in pcall, from trusted peers.
--
--   encode(value)      text, boolean, integer, list or map (keys sorted) as JSON; `{}` is `[]`
--   object(map)        a map that is `{}` when empty
--   integer(text)      amount text as an exact integer literal; null above 2^53 - 1
--   NULL               null
local amount = require("lib.amount")

local jsonText = {}

-- The greatest integer that every JSON reader keeps exact.
local MAX_SAFE = "9007199254740991"

local ESCAPES = {
  ['"'] = '\\"',
  ["\\"] = "\\\\",
  ["\b"] = "\\b",
  ["\f"] = "\\f",
  ["\n"] = "\\n",
  ["\r"] = "\\r",
  ["\t"] = "\\t",
}

-- Marks are told apart by metatable: no key that data could have.
local LITERAL = {}
local OBJECT = {}

jsonText.NULL = setmetatable({ text = "null" }, LITERAL)

function jsonText.integer(text)
  local digits = text:gsub("^%-", "")
  if amount.compare(digits, MAX_SAFE) > 0 then
    return jsonText.NULL
  end
  return setmetatable({ text = text }, LITERAL)
end

function jsonText.object(map)
  return setmetatable({ map = map }, OBJECT)
end

local function escape(character)
  return ESCAPES[character] or string.format("\\u%04x", character:byte())
end

local function encodeString(text)
  return '"' .. text:gsub('[%c"\\]', escape) .. '"'
end

local function encodeNumber(number)
  local integer = math.tointeger(number)
  if not integer then
    error("only integers are written as JSON numbers: " .. tostring(number))
  end
  return string.format("%d", integer)
end

local encode

local function encodeList(list)
  local parts = {}
  for index, value in ipairs(list) do
    parts[index] = encode(value)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function encodeMap(map)
  local keys, parts = {}, {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  for index, key in ipairs(keys) do
    parts[index] = encodeString(key) .. ":" .. encode(map[key])
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

local function encodeTable(value)
  local mark = getmetatable(value)
  if mark == LITERAL then
    return value.text
  elseif mark == OBJECT then
    return encodeMap(value.map)
  elseif value[1] ~= nil or next(value) == nil then
    return encodeList(value)
  end
  return encodeMap(value)
end

local ENCODERS = {
  ["nil"] = function()
    return "null"
  end,
  boolean = tostring,
  number = encodeNumber,
  string = encodeString,
  table = encodeTable,
}

encode = function(value)
  local encoder = ENCODERS[type(value)]
  if not encoder then
    error("JSON has no " .. type(value))
  end
  return encoder(value)
end

jsonText.encode = encode

return jsonText
