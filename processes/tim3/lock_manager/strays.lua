--- What arrived and opens no operation: recorded, and of our collateral counted as surplus.
--
--   record(deposit, reason)   once for each notice, as far as the ring reaches back
--   count()                   how many there ever were
--
-- `deposit` is what deposits.read gives. Only Recover-Surplus may ever give a stray back.
-- State: Strays, a ring of {token, number, gist, sender, quantity, reason, at}; Surplus, what we
-- hold beyond what we owe, as far as we know: strays add to it, our balance sets it.
local amount = require("lib.amount")
local clock = require("lib.clock")
local ring = require("lib.ring")
local publication = require("lock_manager.publication")
local roles = require("lib.roles")
local state = require("lib.state")

local strays = {}

Strays = state.keep(Strays, ring.make())
Surplus = state.keep(Surplus, amount.ZERO)

local MAX_TEXT = 80 -- as much of a stranger's text as an admin needs to see

local function cut(text)
  return text and text:sub(1, MAX_TEXT)
end

--- A notice that is pushed again is the same stray.
local function isKnown(deposit)
  for _, stray in ipairs(ring.each(Strays)) do
    local isSame = stray.token == deposit.token and stray.number == deposit.number
    if deposit.number and isSame and stray.gist == deposit.gist then
      return true
    end
  end
  return false
end

local function addToSurplus(deposit)
  if deposit.token == roles.peer("mock_usda") and amount.is(deposit.quantity) then
    Surplus = amount.add(Surplus, deposit.quantity) or Surplus
  end
end

function strays.record(deposit, reason)
  if isKnown(deposit) then
    return
  end
  ring.push(Strays, {
    token = deposit.token,
    number = deposit.number,
    gist = deposit.gist,
    sender = cut(deposit.sender),
    quantity = cut(deposit.quantity),
    reason = reason,
    at = clock.now(),
  })
  addToSurplus(deposit)
  publication.sums()
end

function strays.count()
  return ring.count(Strays)
end

return strays
