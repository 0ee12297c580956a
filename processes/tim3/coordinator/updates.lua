--- What the state manager has yet to confirm: one position record a user, the newest.
--
-- A record holds absolute values under a Seq of its own, so it may be sent again at any time, and a
-- newer record of the same user makes an older one needless. `seq` and `ofUser` are the truth, the
-- rest is an index of them.
--
--   make()                       nothing to confirm; plain tables, for a global
--   recorded(updates, update, last)  index a record {user, seq, ...} that has gone into ofUser, and
--                                its seq into seq; last: the record that was there before, if any
--   confirm(updates, seq)        it arrived; whether it was still awaited
--   oldest(updates, limit)       at most limit records; the next call goes on behind them
--   count(updates)               how many are awaited
--   rebuild(updates)             the index anew, after an error in between
local queue = require("lib.queue")

local updates = {}

function updates.make()
  return { seq = 0, ofUser = {}, userOf = {}, order = queue.make() }
end

function updates.recorded(self, update, last)
  if last then
    self.userOf[last.seq] = nil
  end
  self.userOf[update.seq] = update.user
  queue.push(self.order, update.user)
end

function updates.confirm(self, seq)
  local user = self.userOf[seq]
  if not user then
    return false
  end
  self.ofUser[user], self.userOf[seq] = nil, nil
  queue.remove(self.order, user)
  return true
end

function updates.oldest(self, limit)
  local list = {}
  for index = 1, math.min(limit, updates.count(self)) do
    local user = queue.first(self.order)
    queue.push(self.order, user)
    list[index] = self.ofUser[user]
  end
  return list
end

function updates.count(self)
  return queue.size(self.order)
end

function updates.rebuild(self)
  local list = {}
  for _, update in pairs(self.ofUser) do
    list[#list + 1] = update
  end
  table.sort(list, function(a, b)
    return a.seq < b.seq
  end)
  local fresh = updates.make()
  for _, update in ipairs(list) do
    updates.recorded(fresh, update)
  end
  self.userOf, self.order = fresh.userOf, fresh.order
end

return updates
