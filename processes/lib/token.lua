--- The token standard over a ledger: Info, Balance, Balances, Total-Supply, Transfer.
--
-- Unlike the stock blueprint: quantities must be canonical and go out as they are, notices go to
-- the true sender whatever Reply-To says, the Debit-Notice names its Sender, and a Transfer-Error
-- has the X- tags of its Transfer.
--
--   install{                     after guard.install
--     ledger = function() return Ledger end,    a ledger of lib.ledger
--     name, ticker = "Mock USDA", "USDA",       used where the spawn tags Name, Ticker are missing
--     available = function(account) end,        what it may spend; default: its balance
--     balanceView = function(account) end,      further fields of Balance's JSON
--     admit = function(msg, transfer) end,      asked last before a transfer moves: "new" to go on,
--                                               "repeat" to send the Debit-Notice again and move
--                                               nothing, or nil, code, text; default "new"
--     record = function(msg, transfer) end,     what is to be known of a transfer that moves:
--                                               {table, key, value}, lib.ledger's `also`, or nil
--   }                            a transfer is {recipient, quantity, xTags, cast}
--   ticker()  denomination()     of this process
--   credit(account, quantity, sender, tags, xTags)   send a Credit-Notice
--   debit(account, transfer, tags)                   send a Debit-Notice; transfer.text: its Data
--   publishBalances(accounts, more)   publish these balances, the supply and what more holds
local address = require("lib.address")
local amount = require("lib.amount")
local answer = require("lib.answer")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local jsonText = require("lib.json_text")
local ledger = require("lib.ledger")
local publish = require("lib.publish")
local sorted = require("lib.sorted")
local tags = require("lib.tags")

local token = {}

local MAX_PAGE = 500
-- A message carries 4,096 bytes of tags in all. What a sender adds must leave room for ours, or the
-- notice of an executed transfer would be lost on its way.
local MAX_X_BYTES = 2048

local options = {}

local function spawnTag(name, default)
  local value = tags.ofProcess(name)
  return (value and value ~= "") and value or default
end

function token.name()
  return spawnTag("Name", options.name)
end

function token.ticker()
  return spawnTag("Ticker", options.ticker)
end

function token.denomination()
  return spawnTag("Denomination", "12")
end

local function available(account)
  if options.available then
    return options.available(account)
  end
  return ledger.balance(options.ledger(), account)
end

function token.publishBalances(accounts, more)
  local values = { balances = {}, supply = options.ledger().supply }
  for _, account in ipairs(accounts) do
    values.balances[account] = ledger.balance(options.ledger(), account)
  end
  for key, value in pairs(more or {}) do
    values[key] = value
  end
  publish.publish(values)
end

local function info(msg)
  local supply = options.ledger().supply
  answer.respond(msg, "Info-Response", {
    Name = token.name(),
    Ticker = token.ticker(),
    Denomination = token.denomination(),
    Supply = supply,
  }, {
    name = token.name(),
    ticker = token.ticker(),
    denomination = token.denomination(),
    supply = supply,
  })
end

local function balanceJson(account)
  local body = { target = account, balance = ledger.balance(options.ledger(), account) }
  for key, value in pairs(options.balanceView(account)) do
    body[key] = value
  end
  return body
end

local function balance(msg)
  local account = tags.get(msg, "Target") or tags.get(msg, "Recipient") or msg.From
  if not address.is(account) then
    return answer.fail(msg, "InvalidAddress", "the account asked for is not an address")
  end
  local body = balanceJson(account)
  answer.respond(msg, "Balance-Response", {
    Balance = body.balance,
    Account = account,
    Ticker = token.ticker(),
  }, body)
end

local function balances(msg)
  local book = options.ledger()
  local limit = sorted.limitOf(tags.get(msg, "Limit"), MAX_PAGE)
  local accounts, cursor = sorted.page(book.balances, tags.get(msg, "Cursor"), limit)
  local page = {}
  for _, account in ipairs(accounts) do
    page[account] = book.balances[account]
  end
  answer.respond(msg, "Balances-Response", { Ticker = token.ticker() }, {
    balances = jsonText.object(page),
    cursor = cursor,
    holders = book.holders,
  })
end

local function totalSupply(msg)
  local supply = options.ledger().supply
  answer.respond(msg, "Total-Supply-Response", { Supply = supply, Ticker = token.ticker() }, {
    totalSupply = supply,
    ticker = token.ticker(),
  })
end

local function bytesOf(list)
  local bytes = 0
  for _, tag in ipairs(list) do
    bytes = bytes + #tag.name + #tag.value
  end
  return bytes
end

--- Check what a Transfer asks for, whoever asks: the transfer, or nil, code, text.
local function readTransfer(msg, xTags)
  local quantity, recipient = tags.get(msg, "Quantity"), tags.get(msg, "Recipient")
  if not amount.is(quantity) then
    return nil, "InvalidQuantity", "Quantity must be digits without a leading zero, above zero"
  elseif not address.is(recipient) or recipient == ao.id then
    return nil, "InvalidAddress", "Recipient is not an address that can hold this token"
  elseif bytesOf(xTags) > MAX_X_BYTES then
    return nil, "Overflow", "the X- tags take more than 2048 bytes"
  end
  local cast = tags.get(msg, "Cast") ~= nil
  return { recipient = recipient, quantity = quantity, xTags = xTags, cast = cast }
end

function token.credit(account, quantity, sender, map, xTags)
  local all = { Sender = sender, Quantity = quantity }
  for name, value in pairs(map or {}) do
    all[name] = value
  end
  local text = string.format("You received %s %s from %s.", quantity, token.ticker(), sender)
  answer.notify(account, "Credit-Notice", all, text, xTags)
end

function token.debit(account, transfer, map)
  local all = { Recipient = transfer.recipient, Quantity = transfer.quantity, Sender = account }
  for name, value in pairs(map or {}) do
    all[name] = value
  end
  local spent, to = transfer.quantity .. " " .. token.ticker(), transfer.recipient
  local text = transfer.text or string.format("You transferred %s to %s.", spent, to)
  answer.notify(account, "Debit-Notice", all, text, transfer.xTags)
end

--- Check that the sender may; then "new" or "repeat", or nil, code, text.
local function admit(msg, transfer)
  local verdict, code, text = "new", nil, nil
  if options.admit then
    verdict, code, text = options.admit(msg, transfer)
  end
  if verdict == "new" and amount.lt(available(msg.From), transfer.quantity) then
    return nil, "InsufficientBalance", "available: " .. available(msg.From)
  end
  return verdict, code, text
end

local function move(msg, transfer)
  local also = options.record and options.record(msg, transfer)
  ledger.move(options.ledger(), msg.From, transfer.recipient, transfer.quantity, also)
  if transfer.recipient ~= msg.From then
    token.publishBalances({ msg.From, transfer.recipient })
  end
end

local function tellBoth(msg, transfer, verdict)
  if transfer.cast then
    return
  end
  token.debit(msg.From, transfer, { ["X-Reference"] = tags.get(msg, "Reference") })
  if verdict == "new" then
    token.credit(transfer.recipient, transfer.quantity, msg.From, nil, transfer.xTags)
  end
end

local function transfer(msg)
  local xTags = tags.xTags(msg)
  local wanted, code, text = readTransfer(msg, xTags)
  local verdict
  if wanted then
    verdict, code, text = admit(msg, wanted)
  end
  if not verdict then
    local echo = bytesOf(xTags) <= MAX_X_BYTES and xTags or nil
    return answer.fail(msg, code, text, nil, echo)
  end
  if verdict == "new" then
    move(msg, wanted)
  end
  tellBoth(msg, wanted, verdict)
end

function token.install(given)
  options = given
  guard.reads({
    Balance = { "Target", "Recipient" },
    Balances = { "Limit", "Cursor" },
    Transfer = { "Recipient", "Quantity", "Cast", "X-*" },
  })
  handlers.action("Info", info)
  handlers.action("Balance", balance)
  handlers.action("Balances", balances)
  handlers.action("Total-Supply", totalSupply)
  handlers.action("Transfer", transfer)
end

return token
