--- Redeeming: the request, and what the token manager answers.
local accounts = require("coordinator.accounts")
local address = require("lib.address")
local amount = require("lib.amount")
local answer = require("lib.answer")
local clock = require("lib.clock")
local commands = require("coordinator.commands")
local config = require("lib.config")
local flags = require("coordinator.flags")
local ids = require("lib.ids")
local limitSettings = require("coordinator.limit_settings")
local operations = require("coordinator.operations")
local outcomes = require("coordinator.outcomes")
local positions = require("coordinator.positions")
local roles = require("lib.roles")
local tags = require("lib.tags")
local updates = require("coordinator.updates")

local redeem = {}

-- Each open redeem is work for four processes until it is closed.
local MAX_OPEN = 5

local function readWish(msg)
  return {
    user = msg.From,
    quantity = tags.get(msg, "Quantity"),
    recipient = tags.get(msg, "Recipient") or msg.From,
    request = tags.get(msg, "Request-Id"),
  }
end

--- Return code and text of why a wish cannot begin, or nil.
local function refusal(wish)
  if not config.isConfigured() then
    return "NotConfigured", "not ready: " .. table.concat(config.missing(), ", ")
  elseif flags.isPaused(PauseNotices, "redeem") then
    return "Paused", "redeem is paused"
  elseif not amount.is(wish.quantity) then
    return "InvalidQuantity", "Quantity must be digits, above zero"
  elseif not address.is(wish.recipient) or roles.isOurs(wish.recipient) then
    return "InvalidAddress", "Recipient is not an address outside TIM3"
  elseif operations.openRedeems(Operations, wish.user) >= MAX_OPEN then
    return "RateLimited", string.format("%d redeems are open; wait for one to close", MAX_OPEN)
  end
  return nil
end

--- Tell what became of a redeem that was asked for before.
local function again(msg, operation, wish)
  if operation.quantity ~= wish.quantity or operation.recipient ~= wish.recipient then
    return answer.fail(msg, "WrongPhase", "this Request-Id was used for another redeem", {
      ["Op-Id"] = operation.id,
    })
  elseif operation.phase == "done" then
    return outcomes.redeemed(operation)
  elseif operation.phase == "rejected" then
    return outcomes.redeemRefused(operation)
  end
  local tagsOf = { ["Op-Id"] = operation.id, Quantity = operation.quantity }
  answer.respond(msg, "BurnTIM3-Pending", tagsOf, outcomes.redeemPending(operation))
end

local function begin(msg, wish)
  local operation = {
    id = ids.next("R"),
    kind = "redeem",
    phase = "burning",
    user = wish.user,
    recipient = wish.recipient,
    quantity = wish.quantity,
    request = wish.request,
  }
  local place, n = operations.prepare(Operations, operation, clock.now())
  place[n] = operation
  operations.opened(Operations, operation, limitSettings.timeout())
  commands.send(operation)
  again(msg, operation, wish)
end

function redeem.request(msg)
  local wish = readWish(msg)
  local known = wish.request and operations.requested(Operations, wish.user, wish.request)
  if known then
    return again(msg, known, wish)
  end
  local code, text = refusal(wish)
  if code then
    return answer.fail(msg, code, text)
  end
  begin(msg, wish)
end

--- The TIM3 is destroyed: its collateral is owed to the recipient.
function redeem.burned(operation)
  local user, from, now = operation.user, operation.phase, clock.now()
  local step = operations.begin(Operations, operation, "burned")
  local after = accounts.redeemed(Accounts, user, operation.quantity)
  -- One assignment: no error can leave half of it.
  operation.phase, operation.closed, operation.since,
    Accounts.minted, Accounts.collateral, Accounts.positions[user] =
    step.phase, step.closed, now,
    after.minted, after.collateral, after.position
  operations.moved(Operations, operation, from)
  commands.send(operation)
end

--- The collateral has reached whom it is for.
function redeem.paid(operation)
  local user, from, now = operation.user, operation.phase, clock.now()
  local step = operations.begin(Operations, operation, "paid")
  local update, last = positions.updateOf(operation)
  -- One assignment: no error can leave half of it.
  operation.phase, operation.closed, operation.since,
    Updates.seq, Updates.ofUser[user] =
    step.phase, step.closed, now,
    update.seq, update
  operations.moved(Operations, operation, from)
  updates.recorded(Updates, update, last)
  positions.send(update)
  outcomes.redeemed(operation)
end

--- Nothing was destroyed and nothing will be.
function redeem.refused(operation, code, text)
  operation.reason, operation.text = code, text
  operations.advance(Operations, operation, "refused", clock.now())
  outcomes.redeemRefused(operation)
end

return redeem
