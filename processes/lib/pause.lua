--- Pause flags, and the Pause-Notice that sets them at a peer.
--
-- Each scope keeps the greatest Seq that spoke of it, so notices may come in any order, twice, or
-- late, and the flags end the same. "all" speaks of every scope. A new controller counts its Seq
-- anew, so its word goes over that of the one before, whatever the numbers.
--
--   install{ controller = "coordinator", scopes = {"mint", "redeem"}, applied = function() end }
--                               add Pause-Notice {Scope, Pause, Seq} from that peer; applied
--                               (optional) runs after a change
--   setScopes(list)             the scopes that "all" stands for; default mint and redeem;
--                               install does it
--   set(scope, paused, seq, by)   set flags; seq an integer, by whose Seq it is (nil: one's own);
--                               false when scope is unknown
--   isPaused(scope)             one flag;  isPausedFully()  whether mint and redeem both are
--   flags()                     {mint, redeem, transfer} as booleans, for Health
--
-- State: Pauses (scope -> {paused, seq, by}).
local answer = require("lib.answer")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local ids = require("lib.ids")
local roles = require("lib.roles")
local state = require("lib.state")
local tags = require("lib.tags")

local pause = {}

local scopes = { "mint", "redeem" }

Pauses = state.keep(Pauses, {})

function pause.setScopes(list)
  scopes = list
end

local function expand(scope)
  if scope == "all" then
    return scopes
  end
  for _, known in ipairs(scopes) do
    if known == scope then
      return { scope }
    end
  end
  return nil
end

function pause.set(scope, paused, seq, by)
  local touched = expand(scope)
  for _, name in ipairs(touched or {}) do
    local known = Pauses[name]
    if not known or known.by ~= by or seq > known.seq then
      Pauses[name] = { paused = paused, seq = seq, by = by }
    end
  end
  return touched ~= nil
end

function pause.isPaused(scope)
  return Pauses[scope] ~= nil and Pauses[scope].paused
end

function pause.isPausedFully()
  return pause.isPaused("mint") and pause.isPaused("redeem")
end

function pause.flags()
  return {
    mint = pause.isPaused("mint"),
    redeem = pause.isPaused("redeem"),
    transfer = pause.isPaused("transfer"),
  }
end

--- Return scope, paused and seq of a notice, or nil.
local function read(msg)
  local seq = ids.number(tags.get(msg, "Seq"))
  local paused = ({ ["true"] = true, ["false"] = false })[tags.get(msg, "Pause")]
  if seq == nil or paused == nil then
    return nil
  end
  return tags.get(msg, "Scope"), paused, seq
end

function pause.install(options)
  pause.setScopes(options.scopes or scopes)
  guard.reads({ ["Pause-Notice"] = { "Scope", "Pause", "Seq" } })
  handlers.action("Pause-Notice", function(msg)
    if not roles.isPeer(msg, options.controller) then
      -- A notice that orders something: unlike the others it is refused aloud.
      return answer.refuse(msg, "Unauthorized", "only the " .. options.controller .. " may pause")
    end
    local scope, paused, seq = read(msg)
    if not seq or not pause.set(scope, paused, seq, msg.From) then
      return answer.ignore(msg, "unreadable Pause-Notice")
    end
    if options.applied then
      options.applied()
    end
    answer.respond(msg, "Pause-Notice-Response", { Seq = seq })
  end)
end

return pause
