--- The shelf: Take, by the till only.
--
--   Take {Units, Buyer}  -> Taken {Units, Buyer, Left}, or Take-Error {Error, Buyer}
Peers = Peers or {}
Stock = Stock or 10

local function publish()
  ao.send({ device = "patch@1.0", stock = tostring(Stock) })
end

publish()

Handlers.add("Set-Peers", { Action = "Set-Peers" }, function(msg)
  Peers = { till = msg.Tags["Till-Process"] }
  msg.reply({ Action = "Set-Peers-Response" })
end)

Handlers.add("Health", { Action = "Health" }, function(msg)
  msg.reply({ Action = "Health-Response", Data = '{"stock":' .. Stock .. "}" })
end)

Handlers.add("Take", { Action = "Take" }, function(msg)
  local units = math.tointeger(tonumber(msg.Tags.Units))
  local fault = msg.From ~= Peers.till and "Unauthorized"
    or (not units or units < 1) and "InvalidQuantity"
    or units > Stock and "SoldOut"
  if fault then
    return ao.send({
      Target = msg.From,
      Action = "Take-Error",
      Error = fault,
      Buyer = msg.Tags.Buyer or msg.From,
    })
  end
  Stock = Stock - units
  publish()
  ao.send({
    Target = Peers.till,
    Action = "Taken",
    Units = tostring(units),
    Buyer = msg.Tags.Buyer,
    Left = tostring(Stock),
  })
end)
