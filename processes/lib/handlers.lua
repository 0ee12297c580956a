--- Handlers in a stated order that survives every Eval.
--
-- Handlers.add replaces by name in place, so a handler that a later bundle adds would land behind
-- the drop handler and never run. Hence `clear` first: the list is always exactly the bundle's.
--
--   clear()                    forget every handler but those of aos (their names begin with "_")
--   action(name, handle)       run handle for messages whose Action is exactly name
--   match(name, pattern, handle)   run handle where pattern(msg) is true
--   names()                    names of all handlers in order
local tags = require("lib.tags")

local handlers = {}

function handlers.names()
  local names = {}
  for index, handler in ipairs(Handlers.list) do
    names[index] = handler.name
  end
  return names
end

function handlers.clear()
  for _, name in ipairs(handlers.names()) do
    if name:sub(1, 1) ~= "_" then
      Handlers.remove(name)
    end
  end
end

function handlers.match(name, pattern, handle)
  Handlers.add(name, pattern, handle)
end

function handlers.action(name, handle)
  handlers.match(name, function(msg)
    return tags.get(msg, "Action") == name
  end, handle)
end

return handlers
