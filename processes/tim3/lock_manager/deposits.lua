--- What a Credit-Notice says, and whether it can open anything at all. Pure.
--
--   read(msg)                 the deposit: {token, number, gist, sender, quantity, action,
--                             recipient, memo}; number is nil where the notice has none
--   fault(deposit, isOurs)    why it is a stray: recorded, and never given back by itself; or nil
--   memo(text)                a memo fit to be repeated, else nil: it is the depositor's own word
local address = require("lib.address")
local amount = require("lib.amount")
local notices = require("lib.notices")
local tags = require("lib.tags")

local deposits = {}

local MEMO_PATTERN = "^[%w%._:%-]+$"
local MAX_MEMO = 128

function deposits.memo(text)
  if text and #text <= MAX_MEMO and text:find(MEMO_PATTERN) then
    return text
  end
  return nil
end

function deposits.read(msg)
  return {
    token = msg.From,
    number = notices.number(msg),
    gist = notices.fingerprint(msg),
    sender = tags.get(msg, "Sender"),
    quantity = tags.get(msg, "Quantity"),
    action = tags.get(msg, "X-Action"),
    recipient = tags.get(msg, "X-Recipient"),
    memo = deposits.memo(tags.get(msg, "X-Op-Ref")),
  }
end

function deposits.fault(deposit, isOurs)
  if not deposit.number then
    return "the notice has no number"
  elseif not amount.is(deposit.quantity) then
    return "Quantity is not canonical"
  elseif not address.is(deposit.sender) then
    return "Sender is no address"
  elseif isOurs(deposit.sender) then
    return "Sender is one of ours"
  end
  return nil
end

return deposits
