--- A token of whole numbers, without aos: what the floor calls, and what a process puts behind aos.

local token = {}

--- Give every account of `names` the same balance.
function token.fill(balances, names)
  for index = 1, #names do
    balances[names[index]] = 1000000000
  end
end

--- Move an amount; returns the two notices for the sender and the recipient, or raises the reason.
function token.transfer(balances, msg)
  local recipient, text = msg.Tags.Recipient, msg.Tags.Quantity
  assert(type(recipient) == "string", "Recipient is required!")
  local quantity = math.tointeger(tonumber(text))
  assert(quantity and quantity > 0, "Quantity must be greater than 0")
  local sender = msg.From
  local held = balances[sender] or 0
  -- Written before the amount is known to be there: what fails must be put back.
  balances[sender] = held - quantity
  balances[recipient] = (balances[recipient] or 0) + quantity
  assert(held >= quantity, "Insufficient Balance!")
  return {
    Target = sender,
    Data = "You transferred " .. text .. " to " .. recipient,
    Tags = { Action = "Debit-Notice", Recipient = recipient, Quantity = text },
  }, {
    Target = recipient,
    Data = "You received " .. text .. " from " .. sender,
    Tags = { Action = "Credit-Notice", Sender = sender, Quantity = text },
  }
end

return token
