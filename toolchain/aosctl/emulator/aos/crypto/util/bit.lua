--- The operations of `bit32`, on words of 32 bits.
--
-- Not pinned: the names, which are those of `bit32`.

local bit = {}

for name, operation in pairs(bit32) do
  bit[name] = operation
end

return bit
