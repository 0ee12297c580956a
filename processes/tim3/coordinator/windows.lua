--- How much began to be minted within the last Window-Ms, by all and by each user.
--
-- The window slides: whatever span of Window-Ms one looks at, no more than the cap began in it. A
-- mint counts from its own millisecond on and falls out exactly Window-Ms later.
--
--   make()                          nothing minted yet; plain tables, for a global
--   usage(window, user, now, span)  {used, usedByUser, largeAt}: amounts, and when the user's last
--                                   large mint began (nil: none that matters). Changes nothing.
--   expire(window, now, span)       forget the mints that have fallen out
--   reserve(window, mint)           count a mint {id, user, quantity, at, isLarge}
--   release(window, id)             a mint is refunded: it counts no more
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

--- Take a mint out of every sum.
local function drop(self, id)
  local mint = self.mints[id]
  local record = self.users[mint.user]
  self.used = amount.sub(self.used, mint.quantity)
  record.used = amount.sub(record.used, mint.quantity)
  if record.used == amount.ZERO then
    -- Cooldown-Ms is at most Window-Ms, so a user without counted mints has cooled down.
    self.users[mint.user] = nil
  end
  self.mints[id] = nil
  queue.remove(self.order, id)
end

function windows.expire(self, now, span)
  local id = queue.first(self.order)
  while id and now - self.mints[id].at >= span do
    drop(self, id)
    id = queue.first(self.order)
  end
end

function windows.reserve(self, mint)
  local record = self.users[mint.user] or { used = amount.ZERO }
  self.mints[mint.id] = {
    user = mint.user,
    quantity = mint.quantity,
    at = mint.at,
    largeBefore = record.largeAt,
    isLarge = mint.isLarge,
  }
  queue.push(self.order, mint.id)
  -- Neither sum can overflow: the gate has compared both with caps that are amounts.
  self.used = amount.add(self.used, mint.quantity)
  record.used = amount.add(record.used, mint.quantity)
  record.largeAt = mint.isLarge and mint.at or record.largeAt
  self.users[mint.user] = record
end

function windows.release(self, id)
  local mint = self.mints[id]
  if not mint then
    return
  end
  local record = self.users[mint.user]
  if mint.isLarge and record.largeAt == mint.at then
    record.largeAt = mint.largeBefore
  end
  drop(self, id)
end

return windows
