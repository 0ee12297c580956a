--- What the token says about our transfers. A hint, never a trigger to pay again.
--
-- A stock token lets anybody make it send us a genuine Debit-Notice or Transfer-Error with tags of
-- their choice. So a confirmation must be about the operation in every field, and an error counts
-- only where the token is known to speak to the true sender alone.
local answer = require("lib.answer")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local notices = require("lib.notices")
local operations = require("lock_manager.operations")
local payments = require("lock_manager.payments")
local phases = require("lock_manager.phases")
local roles = require("lib.roles")
local state = require("lib.state")
local tags = require("lib.tags")

local transfers = {}

-- What is believed of the token's notices about our transfers: SetProcessConfig.
TokenAuthenticated = state.keep(TokenAuthenticated, false)
TokenIdempotent = state.keep(TokenIdempotent, false)

local MAX_REASON = 80

local function isOfToken(msg, operation)
  return msg.From == (operation.token or roles.peer("mock_usda"))
end

--- Whether the token names us as the sender: it need not where it is not authenticated.
local function namesUs(msg)
  return not TokenAuthenticated or tags.get(msg, "Sender") == ao.id
end

local function isAbout(msg, operation)
  return tags.get(msg, "Recipient") == operation.payee
    and tags.get(msg, "Quantity") == operation.quantity
end

local function debitNotice(msg)
  local operation = operations.find(tags.get(msg, "X-Op-Id"))
  if not operation or not isOfToken(msg, operation) or not isAbout(msg, operation) then
    return answer.ignore(msg, "not a transfer of ours")
  elseif phases.isPaid(operation.phase) then
    return -- said again; a wrong token's refund is closed from the start
  elseif not namesUs(msg) then
    return answer.ignore(msg, "the sender of the transfer is not us")
  end
  if not payments.confirm(operation) then
    answer.ignore(msg, "no transfer of " .. operation.id .. " was sent")
  end
end

--- Whether an error came after the last one: an old one, repeated, must not fail the transfer sent
--- since, or a token that is not idempotent would be asked to pay a third time.
local function isNews(operation, number)
  return number ~= nil and number > (operation.lastError or 0)
end

local function transferError(msg)
  local operation = operations.find(tags.get(msg, "X-Op-Id"))
  local sender, number = tags.get(msg, "Sender"), notices.number(msg)
  if not TokenAuthenticated or not roles.isPeer(msg, "mock_usda") then
    return answer.ignore(msg, "an error of a transfer that anybody can forge")
  elseif not operation or not isNews(operation, number) or (sender and sender ~= ao.id) then
    return answer.ignore(msg, "not an error of a transfer of ours")
  end
  local reason = (tags.get(msg, "Error") or "no reason given"):sub(1, MAX_REASON)
  local text = "the token refused the transfer: " .. reason
  if not payments.fail(operation, text, { lastError = number }) then
    answer.ignore(msg, "no transfer of " .. operation.id .. " is under way")
  end
end

function transfers.install()
  guard.reads({
    ["Debit-Notice"] = { "X-Op-Id", "Recipient", "Quantity", "Sender" },
    ["Transfer-Error"] = { "X-Op-Id", "Sender", "Error" },
  })
  handlers.action("Debit-Notice", debitNotice)
  handlers.action("Transfer-Error", transferError)
end

return transfers
