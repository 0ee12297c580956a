--- Blocks of 16 bytes, as strings.

local block = { SIZE = 16 }

function block.xor(first, second)
  local a, b = string.unpack("<i8i8", first)
  local c, d = string.unpack("<i8i8", second)
  return string.pack("<i8i8", a ~ c, b ~ d)
end

--- What `change` makes of each block of `text`, in order.
function block.map(text, change)
  local changed = {}
  for start = 1, #text, block.SIZE do
    changed[#changed + 1] = change(string.sub(text, start, start + block.SIZE - 1))
  end
  return table.concat(changed)
end

return block
