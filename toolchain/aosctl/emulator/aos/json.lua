--- JSON text, as the aos module reads and writes it.

local json = { _version = "0.2.0" }

-- Writing -------------------------------------------------------------------------------------

local ESCAPES = {
  ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b", ["\f"] = "\\f",
  ["\n"] = "\\n", ["\r"] = "\\r", ["\t"] = "\\t",
}

local encode

local function escape(char)
  return ESCAPES[char] or string.format("\\u%04x", string.byte(char))
end

local function encodeString(value)
  return '"' .. string.gsub(value, '[%c"\\]', function(char)
    -- DEL counts as a control character for patterns, not for JSON.
    return char ~= "\127" and escape(char) or nil
  end) .. '"'
end

local function encodeNumber(value)
  if value ~= value or value <= -math.huge or value >= math.huge then
    error("unexpected number value '" .. tostring(value) .. "'")
  end
  return string.format("%.14g", value)
end

local function encodeArray(value, stack)
  local count = 0
  for key in pairs(value) do
    if type(key) ~= "number" then
      error("invalid table: mixed or invalid key types")
    end
    count = count + 1
  end
  if count ~= #value then
    error("invalid table: sparse array")
  end
  local items = {}
  for index, item in ipairs(value) do
    items[index] = encode(item, stack)
  end
  return "[" .. table.concat(items, ",") .. "]"
end

local function encodeObject(value, stack)
  local fields = {}
  for key, item in pairs(value) do
    if type(key) ~= "string" then
      error("invalid table: mixed or invalid key types")
    end
    -- A function in an object is left out; in an array it is an error.
    if type(item) ~= "function" then
      fields[#fields + 1] = encode(key, stack) .. ":" .. encode(item, stack)
    end
  end
  return "{" .. table.concat(fields, ",") .. "}"
end

local function encodeTable(value, stack)
  if stack[value] then
    error("circular reference")
  end
  stack[value] = true
  local isArray = rawget(value, 1) ~= nil or next(value) == nil
  local text = isArray and encodeArray(value, stack) or encodeObject(value, stack)
  stack[value] = nil
  return text
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

function encode(value, stack)
  local encoder = ENCODERS[type(value)]
  if not encoder then
    error("unexpected type '" .. type(value) .. "'")
  end
  return encoder(value, stack)
end

--- An empty table becomes `[]`; numbers keep 14 significant digits.
function json.encode(value)
  return encode(value, {})
end

-- Reading -------------------------------------------------------------------------------------

local UNESCAPES = {
  ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}
local LITERALS = { ["true"] = true, ["false"] = false, ["null"] = nil }
local IS_LITERAL = { ["true"] = true, ["false"] = true, ["null"] = true }

local parse

local function fail(text, position, message)
  local line, column = 1, 1
  for index = 1, position - 1 do
    column = column + 1
    if string.sub(text, index, index) == "\n" then
      line, column = line + 1, 1
    end
  end
  return error(string.format("%s at line %d col %d", message, line, column))
end

local function skipBlanks(text, position)
  return string.find(text, "[^ \t\r\n]", position) or #text + 1
end

--- Read what follows `\u` at `position`; returns the text and the position behind it.
local function parseUnicode(text, position, start)
  local digits = string.match(text, "^%x%x%x%x", position)
  if not digits then
    fail(text, start, "invalid unicode escape in string")
  end
  local code, behind = tonumber(digits, 16), position + 4
  local low = string.match(text, "^\\u([dD][c-fC-F]%x%x)", behind)
  if code >= 0xd800 and code <= 0xdbff and low then
    return utf8.char((code - 0xd800 << 10) + (tonumber(low, 16) - 0xdc00) + 0x10000), behind + 6
  end
  return utf8.char(code), behind -- a lone surrogate becomes three bytes
end

local function parseString(text, start)
  local pieces, position = {}, start + 1
  while true do
    local stop = string.find(text, '[%c"\\]', position)
    if not stop then
      fail(text, start, "expected closing quote for string")
    end
    local char = string.sub(text, stop, stop)
    pieces[#pieces + 1] = string.sub(text, position, stop - 1)
    position = stop + 1
    if char == '"' then
      return table.concat(pieces), position
    elseif char == "\127" then
      pieces[#pieces + 1] = char
    elseif char ~= "\\" then
      fail(text, stop, "control character in string")
    else
      local escaped = string.sub(text, position, position)
      if escaped == "u" then
        pieces[#pieces + 1], position = parseUnicode(text, position + 1, stop)
      elseif UNESCAPES[escaped] then
        pieces[#pieces + 1], position = UNESCAPES[escaped], position + 1
      else
        fail(text, stop, "invalid escape char '" .. escaped .. "' in string")
      end
    end
  end
end

--- The word at `start` and the position behind it: words end at blanks, brackets and commas.
local function readWord(text, start)
  local behind = string.find(text, "[ \t\r\n%]},]", start) or #text + 1
  return string.sub(text, start, behind - 1), behind
end

local function parseNumber(text, start)
  local word, behind = readWord(text, start)
  local number = tonumber(word)
  if not number then
    fail(text, start, "invalid number '" .. word .. "'")
  end
  return number, behind
end

local function parseLiteral(text, start)
  local word, behind = readWord(text, start)
  if not IS_LITERAL[word] then
    fail(text, start, "invalid literal '" .. word .. "'")
  end
  return LITERALS[word], behind
end

local function parseArray(text, start)
  local array, index, position = {}, 1, start + 1
  while true do
    position = skipBlanks(text, position)
    if string.sub(text, position, position) == "]" then
      return array, position + 1
    end
    array[index], position = parse(text, position)
    index = index + 1
    position = skipBlanks(text, position)
    local char = string.sub(text, position, position)
    position = position + 1
    if char == "]" then
      return array, position
    elseif char ~= "," then
      fail(text, position, "expected ']' or ','")
    end
  end
end

local function parseKey(text, position)
  if string.sub(text, position, position) ~= '"' then
    fail(text, position, "expected string for key")
  end
  local key
  key, position = parseString(text, position)
  position = skipBlanks(text, position)
  if string.sub(text, position, position) ~= ":" then
    fail(text, position, "expected ':' after key")
  end
  return key, skipBlanks(text, position + 1)
end

local function parseObject(text, start)
  local object, position = {}, start + 1
  while true do
    position = skipBlanks(text, position)
    if string.sub(text, position, position) == "}" then
      return object, position + 1
    end
    local key
    key, position = parseKey(text, position)
    object[key], position = parse(text, position)
    position = skipBlanks(text, position)
    local char = string.sub(text, position, position)
    position = position + 1
    if char == "}" then
      return object, position
    elseif char ~= "," then
      fail(text, position, "expected '}' or ','")
    end
  end
end

local PARSERS = {
  ['"'] = parseString, ["["] = parseArray, ["{"] = parseObject, ["-"] = parseNumber,
  t = parseLiteral, f = parseLiteral, n = parseLiteral,
}
for digit = 0, 9 do
  PARSERS[tostring(digit)] = parseNumber
end

function parse(text, position)
  local char = string.sub(text, position, position)
  local parser = PARSERS[char]
  if not parser then
    fail(text, position, "unexpected character '" .. char .. "'")
  end
  return parser(text, position)
end

--- `null` becomes nil; a comma behind the last entry is forgiven, as the module does.
function json.decode(text)
  if type(text) ~= "string" then
    error("expected argument of type string, got " .. type(text))
  end
  local value, position = parse(text, skipBlanks(text, 1))
  position = skipBlanks(text, position)
  if position <= #text then
    fail(text, position, "trailing garbage")
  end
  return value
end

return json
