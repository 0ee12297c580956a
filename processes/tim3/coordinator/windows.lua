--- How much began to be minted within the last Window-Ms, by all and by each user.
--
-- The window slides: whatever span of Window-Ms one looks at, no more than the cap began in it. A
-- mint counts from its own millisecond on and falls out exactly Window-Ms later. `mints` is the
-- truth, the rest is an index of it.
--
--   make()                          nothing minted yet; plain tables, for a global
--   usage(window, user, now, span)  {used, usedByUser, largeAt}: amounts, and when the user's last
--                                   large mint began (nil: none that matters). Changes nothing
--   reserved(window, mint)          index a mint that has gone into mints: {id, user, quantity, at,
--                                   isLarge, largeBefore}, the last being the user's largeAt before
--   released(window, mint)          likewise after it was taken out of mints
--   expire(window, now, span)       forget the mints that have fallen out
--   rebuild(window)                 the index anew, after an error in between
local amount = require("lib.amount")
local queue = require("lib.queue")

local windows = {}

function windows.make()
  return { used = amount.ZERO, mints = {}, order = queue.make(), users = {} }
end

function windows.usage(self, user, now, span)
  local record = self.users[user] or { used = amount.ZERO }
  local used, usedByUser = self.used, record.used
  local id = queue.first(self.order)
  while id and now - self.mints[id].at >= span do
    local mint = self.mints[id]
    used = amount.sub(used, mint.quantity)
    usedByUser = mint.user == user and amount.sub(usedByUser, mint.quantity) or usedByUser
    id = queue.after(self.order, id)
  end
  return { used = used, usedByUser = usedByUser, largeAt = record.largeAt }
end

function windows.reserved(self, mint)
  local record = self.users[mint.user] or { used = amount.ZERO }
  queue.push(self.order, mint.id)
  -- Neither sum can overflow: the gate has compared both with caps that are amounts.
  self.used = amount.add(self.used, mint.quantity)
  record.used = amount.add(record.used, mint.quantity)
  record.largeAt = mint.isLarge and mint.at or record.largeAt
  self.users[mint.user] = record
end

--- Take a mint out of every sum.
local function drop(self, mint)
  local record = self.users[mint.user]
  queue.remove(self.order, mint.id)
  self.used = amount.sub(self.used, mint.quantity)
  record.used = amount.sub(record.used, mint.quantity)
  if record.used == amount.ZERO then
    -- Cooldown-Ms is at most Window-Ms, so a user without counted mints has cooled down.
    self.users[mint.user] = nil
  end
end

function windows.released(self, mint)
  local record = self.users[mint.user]
  if mint.isLarge and record.largeAt == mint.at then
    record.largeAt = mint.largeBefore
  end
  drop(self, mint)
end

function windows.expire(self, now, span)
  local id = queue.first(self.order)
  while id and now - self.mints[id].at >= span do
    local mint = self.mints[id]
    self.mints[id] = nil
    drop(self, mint)
    id = queue.first(self.order)
  end
end

function windows.rebuild(self)
  local list = {}
  for _, mint in pairs(self.mints) do
    list[#list + 1] = mint
  end
  table.sort(list, function(a, b)
    if a.at ~= b.at then
      return a.at < b.at
    end
    return a.id < b.id
  end)
  local fresh = windows.make()
  for _, mint in ipairs(list) do
    windows.reserved(fresh, mint)
  end
  self.used, self.order, self.users = fresh.used, fresh.order, fresh.users
end

return windows
