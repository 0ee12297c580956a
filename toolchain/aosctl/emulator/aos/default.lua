--- What happens to a message that no handler wanted: it lies in the Inbox.

local json = require("json")

local _, notes = ...

local INBOX_SIZE = 10000
local PREVIEW = 20

local function describe(msg)
  if msg.Action then
    return "Action = " .. Colors.blue .. string.sub(msg.Action, 1, PREVIEW)
  end
  local data = msg.Data
  if type(data) == "table" then
    data = json.encode(data)
  end
  return "Data = " .. Colors.blue .. string.sub(data or "", 1, PREVIEW)
end

--- The handle of `_default`.
return function(msg)
  table.insert(Inbox, msg)
  while #Inbox > INBOX_SIZE do
    table.remove(Inbox, 1)
  end
  msg = notes.view(msg)
  local from = string.sub(msg.From, 1, 3) .. "..." .. string.sub(msg.From, -3)
  local heading = Colors.gray .. "New Message From " .. Colors.green .. from .. Colors.gray .. ": "
  print(heading .. Colors.gray .. describe(msg) .. Colors.reset)
end
