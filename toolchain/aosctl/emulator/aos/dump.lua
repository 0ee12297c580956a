--- Values as Lua text that can be read again.

local function compare(a, b)
  local numeric, otherNumeric = type(a) == "number", type(b) == "number"
  if numeric and otherNumeric then
    return a < b
  elseif numeric ~= otherNumeric then
    return numeric
  end
  return tostring(a) < tostring(b)
end

local function sortedKeys(value)
  local keys = {}
  for key in pairs(value) do
    keys[#keys + 1] = key
  end
  table.sort(keys, compare)
  return keys
end

local function quote(value)
  return string.format("%q", tostring(value))
end

local function formatKey(key)
  return "[" .. (type(key) == "number" and tostring(key) or quote(key)) .. "]"
end

--- `filter(key, value)` chooses entries; numbers come before text, both ascending.
local function dump(value, indent, padding, filter, userdata)
  indent, padding = indent or 4, padding or ""
  if type(value) ~= "table" then
    return quote(value)
  end
  local inner = padding .. string.rep(" ", indent)
  local lines = {}
  for _, key in ipairs(sortedKeys(value)) do
    if not filter or filter(key, value[key], userdata) then
      local text = dump(value[key], indent, inner, filter, userdata)
      lines[#lines + 1] = inner .. formatKey(key) .. " = " .. text
    end
  end
  if #lines == 0 then
    return "{}"
  end
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. padding .. "}"
end

return dump
