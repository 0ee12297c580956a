--- Asking again: nothing is ever decided by the clock, which only says when to repeat or to cancel.
local answer = require("lib.answer")
local clock = require("lib.clock")
local commands = require("coordinator.commands")
local handshake = require("coordinator.handshake")
local limitSettings = require("coordinator.limit_settings")
local operations = require("coordinator.operations")
local pause = require("coordinator.pause")
local phases = require("coordinator.phases")
local positions = require("coordinator.positions")
local sorted = require("lib.sorted")
local tags = require("lib.tags")
local windows = require("coordinator.windows")

local sweep = {}

local MAX_OPERATIONS = 25

--- A mint or burn that was not answered is cancelled; everything else is asked for again.
local function revive(operation)
  if phases.after(operation, "expired") then
    operations.advance(Operations, operation, "expired", clock.now())
  end
  commands.send(operation)
end

function sweep.run(msg)
  local limit = sorted.limitOf(tags.get(msg, "Limit"), MAX_OPERATIONS)
  local timeout = limitSettings.timeout()
  local due, remaining = operations.due(Operations, clock.now(), timeout, limit)
  for _, operation in ipairs(due) do
    revive(operation)
  end
  handshake.repeatQuestions()
  positions.repeatUpdates()
  pause.repeatNotices()
  limitSettings.repeatCap()
  limitSettings.settle()
  windows.expire(Window, clock.now(), limitSettings.window())
  answer.respond(msg, "CleanupExpired-Response", nil, {
    cleanedOperations = #due,
    remaining = remaining,
  })
end

return sweep
