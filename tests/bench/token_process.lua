--- The token behind aos: `token` and `NAMES` are local to the text that is evaluated.

Balances = {}
token.fill(Balances, NAMES)

local function says(action)
  return Handlers.utils.hasMatchingTag("Action", action)
end

Handlers.add("info", says("Info"), function(msg)
  msg.reply({ Name = Name, Ticker = "BENCH", Denomination = "0" })
end)

Handlers.add("balance", says("Balance"), function(msg)
  local account = msg.Tags.Recipient or msg.From
  msg.reply({ Account = account, Data = tostring(Balances[account] or 0) })
end)

Handlers.add("balances", says("Balances"), function(msg)
  msg.reply({ Data = require("json").encode(Balances) })
end)

Handlers.add("transfer", says("Transfer"), function(msg)
  local debit, credit = token.transfer(Balances, msg)
  msg.reply(debit)
  Send(credit)
end)
