--- How much was minted within the last Window-Ms, by all and by each user; and each user's cooldown.
--
-- The window slides: whatever span of Window-Ms one looks at, no more than the cap began in it. Every
-- mint is counted from its own millisecond on and falls out exactly Window-Ms later.
--
--   make()                                  nothing minted yet; plain tables, for a global
--   expire(window, now, span)               forget the mints that began span or more ago
--   used(window) usedBy(window, user)       what is counted, amount text
--   cooledAt(window, user, cooldown)        when the user may mint again after a large mint, or nil
--   reserve(window, mint)                   count a mint {id, user, quantity, at, large}
--   release(window, id)                     a mint was refunded: it counts no more
--
-- Call expire first: the others speak of what is still counted.
local amount = require("lib.amount")
local queue = require("lib.queue")

local windows = {}

function windows.make()
  return { used = amount.ZERO, mints = {}, order = queue.make(), users = {} }
end

function windows.used(self)
  return self.used
end

function windows.usedBy(self, user)
  local record = self.users[user]
  return record and record.used or amount.ZERO
end

function windows.cooledAt(self, user, cooldown)
  local record = self.users[user]
  return record and record.largeAt and record.largeAt + cooldown or nil
end

function windows.reserve(self, mint)
  local record = self.users[mint.user] or { used = amount.ZERO }
  self.mints[mint.id] = {
    user = mint.user,
    quantity = mint.quantity,
    at = mint.at,
    large = mint.large,
    before = record.largeAt,
  }
  queue.push(self.order, mint.id)
  self.used = assert(amount.add(self.used, mint.quantity))
  record.used = assert(amount.add(record.used, mint.quantity))
  record.largeAt = mint.large and mint.at or record.largeAt
  self.users[mint.user] = record
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

function windows.release(self, id)
  local mint = self.mints[id]
  if not mint then
    return
  end
  local record = self.users[mint.user]
  if mint.large and record.largeAt == mint.at then
    record.largeAt = mint.before
  end
  drop(self, id)
end

function windows.expire(self, now, span)
  local id = queue.first(self.order)
  while id and now - self.mints[id].at >= span do
    drop(self, id)
    id = queue.first(self.order)
  end
end

return windows
