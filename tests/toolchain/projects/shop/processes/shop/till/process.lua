--- The till: Buy, Health, and ways to go wrong.
--
--   Buy {Units}      -> Receipt {Units, Sale-Id}, when the shelf has them; else Buy-Error {Error}
--   Health           -> Health-Response JSON {score, sold, open}
--   Crash            an error in a handler
--   Lie {Sold}       publishes what is not so
local json = require("json")

Peers = Peers or {}
Sold = Sold or 0
Sales = Sales or 0

local PRICE = 2500000 -- base units: 2.50

local function publish()
  ao.send({
    device = "patch@1.0",
    sold = tostring(Sold),
    takings = string.format("%d", Sold * PRICE),
  })
end

Handlers.add("Set-Peers", { Action = "Set-Peers" }, function(msg)
  Peers = { shelf = msg.Tags["Shelf-Process"] }
  msg.reply({ Action = "Set-Peers-Response" })
end)

Handlers.add("Buy", { Action = "Buy" }, function(msg)
  if not Peers.shelf then
    return ao.send({ Target = msg.From, Action = "Buy-Error", Error = "NotConfigured" })
  end
  ao.send({ Target = Peers.shelf, Action = "Take", Units = msg.Tags.Units, Buyer = msg.From })
end)

Handlers.add("Taken", { Action = "Taken" }, function(msg)
  if msg.From ~= Peers.shelf then
    return
  end
  Sold, Sales = Sold + math.tointeger(tonumber(msg.Tags.Units)), Sales + 1
  publish()
  ao.send({
    Target = msg.Tags.Buyer,
    Action = "Receipt",
    Units = msg.Tags.Units,
    ["Sale-Id"] = "sale-" .. Sales,
    Data = json.encode({ units = msg.Tags.Units, sales = Sales, left = { msg.Tags.Left } }),
  })
end)

Handlers.add("Take-Error", { Action = "Take-Error" }, function(msg)
  ao.send({ Target = msg.Tags.Buyer, Action = "Buy-Error", Error = msg.Tags.Error })
end)

Handlers.add("Health", { Action = "Health" }, function(msg)
  msg.reply({
    Action = "Health-Response",
    Data = json.encode({ score = Peers.shelf and 100 or 50, sold = Sold, open = true }),
  })
end)

Handlers.add("Crash", { Action = "Crash" }, function()
  error("the till is on fire")
end)

Handlers.add("Lie", { Action = "Lie" }, function(msg)
  ao.send({ device = "patch@1.0", sold = msg.Tags.Sold })
end)
