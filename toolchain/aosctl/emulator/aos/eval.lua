--- Run the text that the owner sent.

local stringify = require(".stringify")

local _, notes = ...

--- The handle of `_eval`: first as an expression, then as a chunk.
return function(ao)
  return function(msg)
    msg = notes.view(msg)
    local chunk, problem = load("return " .. msg.Data, "aos", "t", _G)
    if not chunk then
      chunk, problem = load(msg.Data, "aos", "t", _G)
    end
    if not chunk then
      ao.outbox.Error = problem
      return
    end
    local output, failure = chunk()
    if failure then
      ao.outbox.Error = failure
      return
    end
    if output then
      local text = type(output) == "table" and stringify.format(output) or tostring(output)
      table.insert(HANDLER_PRINT_LOGS, text)
    end
  end
end
