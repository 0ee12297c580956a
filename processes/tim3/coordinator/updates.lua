--- What the state manager has yet to confirm: one position record a user, the newest.
--
-- A record holds absolute values under a Seq of its own, so it may be sent again at any time, and a
-- newer record of the same user makes an older one needless.
--
--   make()                     nothing to confirm; plain tables, for a global
--   nextSeq(updates)           a new Seq
--   record(updates, update)    give it a Seq and keep it; {user, ...} in place of the user's last
--   confirm(updates, seq)      it arrived; whether it was still awaited
--   oldest(updates, limit)     at most limit records; the next call goes on behind them
--   count(updates)             how many are awaited
local queue = require("lib.queue")

local updates = {}

function updates.make()
  return { seq = 0, ofUser = {}, userOf = {}, order = queue.make() }
end

function updates.nextSeq(self)
  self.seq = self.seq + 1
  return self.seq
end

local function remove(self, update)
  self.ofUser[update.user] = nil
  self.userOf[update.seq] = nil
  queue.remove(self.order, update.user)
end

function updates.record(self, update)
  local last = self.ofUser[update.user]
  if last then
    remove(self, last)
  end
  update.seq = updates.nextSeq(self)
  self.ofUser[update.user] = update
  self.userOf[update.seq] = update.user
  queue.push(self.order, update.user)
  return update
end

function updates.confirm(self, seq)
  local user = self.userOf[seq]
  if user then
    remove(self, self.ofUser[user])
  end
  return user ~= nil
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

return updates
