--- The laws of the shop.
local laws = {}

--- What was sold and what is there are ten, once nothing is under way.
function laws.nothing_is_lost(now)
  local sold, stock = tonumber(now.till.sold or "0"), tonumber(now.shelf.stock)
  if sold + stock == 10 then
    return true
  end
  return false, string.format("sold %d, stock %d", sold, stock)
end

--- The shelf is never filled.
function laws.stock_only_falls(now, before)
  if before and tonumber(now.shelf.stock) > tonumber(before.shelf.stock) then
    return false, now.shelf.stock .. " after " .. before.shelf.stock
  end
  return true
end

return laws
