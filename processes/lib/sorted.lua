--- Tables in an order of our own: `pairs` order differs between runs and must not leave a process.
--
--   keys(map)                    the keys, ascending
--   page(map, cursor, limit)     the keys after cursor (nil or "": from the start), at most limit,
--                                and the cursor of the next page ("" when there is none)
--   limitOf(text, most)          text as a page size from 1 to most; most when absent or no number
local sorted = {}

function sorted.keys(map)
  local keys = {}
  for key in pairs(map) do
    keys[#keys + 1] = key
  end
  table.sort(keys)
  return keys
end

function sorted.page(map, cursor, limit)
  local after, page = cursor or "", {}
  for key in pairs(map) do
    if key > after then
      page[#page + 1] = key
    end
  end
  table.sort(page)
  local more = #page > limit
  page = table.move(page, 1, math.min(limit, #page), 1, {})
  return page, more and page[#page] or ""
end

function sorted.limitOf(text, most)
  if type(text) ~= "string" or not text:find("^[1-9]%d?%d?%d?$") then
    return most
  end
  return math.min(math.tointeger(tonumber(text, 10)), most)
end

return sorted
