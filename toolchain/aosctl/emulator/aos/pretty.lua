--- Tables as indented `key: value` lines.

local pretty = { _version = "0.0.1" }

--- Nested tables are indented by one blank more.
function pretty.tprint(tbl, indent)
  indent = indent or 0
  local output = ""
  for key, value in pairs(tbl) do
    local margin = string.rep(" ", indent) .. key .. ": "
    if type(value) == "table" then
      output = output .. margin .. "\n" .. pretty.tprint(value, indent + 1)
    else
      output = output .. margin .. tostring(value) .. "\n"
    end
  end
  return output
end

return pretty
