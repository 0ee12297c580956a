--- The admin's word, with evidence, on a payment of which a token that cannot be asked again said
--- nothing.
local answer = require("lib.answer")
local clock = require("lib.clock")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local operations = require("lock_manager.operations")
local payments = require("lock_manager.payments")
local phases = require("lock_manager.phases")
local roles = require("lib.roles")
local system = require("system")
local tags = require("lib.tags")

local resolution = {}

local RESOLVE_AFTER = 10 * system.TIMEOUT_MS

local OUTCOMES = {
  ["done"] = function(operation, evidence)
    return payments.confirm(operation, { evidence = evidence })
  end,
  ["not-done"] = function(operation, evidence)
    local text = "the admin has evidence that the transfer moved nothing"
    return payments.fail(operation, text, { evidence = evidence })
  end,
}

--- Return why the admin may not resolve an operation now, as code and text; nil when they may.
local function refusal(operation)
  if TokenIdempotent then
    return "WrongPhase", "this token repeats its notice: retry instead"
  elseif not phases.isInFlight(operation.phase) then
    return "WrongPhase", operation.id .. " is " .. operation.phase
  elseif clock.now() - operation.since <= RESOLVE_AFTER then
    return "WrongPhase", "the token may still answer"
  end
  return nil
end

local function resolve(msg)
  local evidence, act = tags.get(msg, "Evidence"), OUTCOMES[tags.get(msg, "Outcome")]
  if not roles.isAdminItself(msg) then
    return answer.fail(msg, "Unauthorized", "only the admin may resolve an operation")
  end
  local operation, code, text = operations.find(tags.get(msg, "Op-Id"))
  if operation and (not act or not evidence or evidence == "") then
    code, text = "InvalidConfig", "Outcome is done or not-done, Evidence says how that is known"
  elseif operation then
    code, text = refusal(operation)
  end
  if code then
    return answer.fail(msg, code, text)
  end
  local resolved = act(operation, evidence)
  answer.respond(msg, "Resolve-Operation-Response", {
    ["Op-Id"] = resolved.id,
    Phase = resolved.phase,
  })
end

function resolution.install()
  guard.reads({ ["Resolve-Operation"] = { "Op-Id", "Outcome", "Evidence" } })
  handlers.action("Resolve-Operation", resolve)
end

return resolution
