--- What an error in the middle of a handler leaves behind, where the runtime keeps it.
--
-- aos takes back a failed message as a whole. Elsewhere what was written stays: the truth is
-- written in one assignment at a time, so it is whole either way, and what is only an index of it
-- is made anew before the next message.
--
--   guarded(handle)   handle, remembering whether it came to its end, and then publication.update
--   isNeeded()        pattern: "continue" after a handler that did not
--   run()             make every index anew
--
-- State: IsMidway.
local operations = require("coordinator.operations")
local publication = require("coordinator.publication")
local state = require("lib.state")
local updates = require("coordinator.updates")
local windows = require("coordinator.windows")

local recovery = {}

IsMidway = state.keep(IsMidway, false)

function recovery.guarded(handle)
  return function(msg)
    IsMidway = true
    handle(msg)
    publication.update()
    IsMidway = false
  end
end

function recovery.isNeeded()
  return IsMidway and "continue" or false
end

function recovery.run()
  operations.rebuild(Operations)
  windows.rebuild(Window)
  updates.rebuild(Updates)
  IsMidway = false
end

return recovery
