--- Holds: amounts that stay a holder's but that only a locker, or time, lets go. Pure.
-- Each change is one assignment: an error on any line leaves all of it or nothing.
--
--   make()                      no holds {byId, held, open}; keep it in a global
--   held(holds, holder)         amount text of all holds on holder
--   mayAdd(holds, holder)       whether one more is allowed: fewer than MAX_OPEN are open on holder
--   add(holds, id, hold)        hold = {holder, locker, quantity, expires (ms or nil)}
--   find(holds, id)             the hold or nil
--   mayRelease(hold, who, now)  the locker at any time, the holder once it has expired
--   release(holds, id)          end it; returns the hold
local amount = require("lib.amount")

local holds = {}

-- A hold of one unit costs its holder nothing, but us memory.
holds.MAX_OPEN = 100

function holds.make()
  return { byId = {}, held = {}, open = {} }
end

function holds.held(self, holder)
  return self.held[holder] or amount.ZERO
end

function holds.find(self, id)
  return self.byId[id]
end

function holds.mayAdd(self, holder)
  return (self.open[holder] or 0) < holds.MAX_OPEN
end

function holds.add(self, id, hold)
  local open = (self.open[hold.holder] or 0) + 1
  local held = amount.add(holds.held(self, hold.holder), hold.quantity)
  self.byId[id], self.open[hold.holder], self.held[hold.holder] = hold, open, held
end

function holds.mayRelease(hold, who, now)
  if who == hold.locker then
    return true
  end
  return who == hold.holder and hold.expires ~= nil and hold.expires <= now
end

function holds.release(self, id)
  local hold = self.byId[id]
  local open, held = nil, nil
  if self.open[hold.holder] > 1 then
    open = self.open[hold.holder] - 1
    held = amount.sub(self.held[hold.holder], hold.quantity)
  end
  self.byId[id], self.open[hold.holder], self.held[hold.holder] = nil, open, held
  return hold
end

return holds
