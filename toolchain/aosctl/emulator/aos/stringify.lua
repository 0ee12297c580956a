--- Tables as coloured text, for the console.

local stringify = { _version = "0.0.1" }

local colors = {
  red = "\27[31m",
  green = "\27[32m",
  blue = "\27[34m",
  reset = "\27[0m",
}

--- Whether `tbl` holds nothing but numbers and strings in a row.
function stringify.isSimpleArray(tbl)
  local count = 1
  for key, value in pairs(tbl) do
    if key ~= count or (type(value) ~= "number" and type(value) ~= "string") then
      return false
    end
    count = count + 1
  end
  return true
end

local function formatScalar(value)
  if type(value) == "string" then
    return colors.green .. '"' .. value .. '"' .. colors.reset
  end
  return colors.blue .. tostring(value) .. colors.reset
end

local function formatSimple(tbl)
  local items = {}
  for index, value in ipairs(tbl) do
    items[index] = formatScalar(value)
  end
  return "{ " .. table.concat(items, ", ") .. " }"
end

local function formatValue(value, indent, visited)
  if type(value) == "table" then
    return stringify.format(value, indent, visited)
  end
  return formatScalar(value)
end

--- One line for a simple list; else a list, or from the first other key on a map.
function stringify.format(tbl, indent, visited)
  indent, visited = indent or 2, visited or {}
  if visited[tbl] then
    return "<circular reference>"
  end
  visited[tbl] = true
  if stringify.isSimpleArray(tbl) then
    return formatSimple(tbl)
  end
  local margin = string.rep(" ", indent)
  local lines, isList = {}, true
  for key, value in pairs(tbl) do
    if isList and key ~= #lines + 1 then
      -- What was gathered as a list is dropped: a table with holes shows only its other keys.
      lines, isList = {}, false
    end
    local text = formatValue(value, indent + 2, visited)
    if not isList then
      text = " " .. colors.red .. tostring(key) .. colors.reset .. " = " .. text
    end
    lines[#lines + 1] = margin .. text
  end
  local closing = string.rep(" ", indent - 2) .. (isList and " }" or "}")
  return "{\n" .. table.concat(lines, ",\n") .. "\n" .. closing
end

return stringify
