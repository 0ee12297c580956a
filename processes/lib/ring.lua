--- A list that forgets its oldest entries: 1,000 stay, the count runs on.
--
--   make()              an empty ring {count, items}; keep it in a global
--   push(ring, item)    count + 1; returns the item's number, counted from 1
--   each(ring)          list of what is still there, oldest first
--   count(ring)         how many were ever pushed
local ring = {}

ring.SIZE = 1000

function ring.make()
  return { count = 0, items = {} }
end

function ring.push(self, item)
  self.count = self.count + 1
  self.items[(self.count - 1) % ring.SIZE + 1] = item
  return self.count
end

function ring.each(self)
  local list = {}
  for number = math.max(1, self.count - ring.SIZE + 1), self.count do
    list[#list + 1] = self.items[(number - 1) % ring.SIZE + 1]
  end
  return list
end

function ring.count(self)
  return self.count
end

return ring
