--- Run what a process was spawned with.

local eval = require(".eval")

local _, notes = ...
local DATA, ON_BOOT = notes.spell("Data"), notes.spell("On-Boot")

local function readTransaction(id)
  local file = io.open("/data/" .. id)
  return file and file:read("a")
end

--- The handle of `_boot`: keeps the spawn message and runs its data if the tag On-Boot asks for it.
return function(ao)
  return function(msg)
    if #Inbox == 0 then
      table.insert(Inbox, msg)
    end
    local source = msg.Tags[ON_BOOT]
    if source == nil then
      return
    end
    if source == "Data" then
      eval(ao)(msg)
      return
    end
    eval(ao)({ [DATA] = readTransaction(source) })
  end
end
