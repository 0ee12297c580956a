--- What the common Actions (lib.config) must know of this process.
--
--   mayChange(role)   whether a peer may be another process now
--   applied(msg, changed)   a new token: what was known of our balance at the old one is void
--   EXTRA             the tags of SetProcessConfig that are this process's own
--   health(), limits()
local amount = require("lib.amount")
local config = require("lib.config")
local operations = require("lock_manager.operations")
local pause = require("lib.pause")
local publication = require("lock_manager.publication")
local strays = require("lock_manager.strays")
local system = require("system")

local settings = {}

local TOKENS = { mock_usda = true, token_manager = true }

function settings.mayChange(role)
  if operations.openCount() > 0 then
    return nil, "WrongPhase", role .. " cannot change while operations are open"
  elseif TOKENS[role] and Pool.locked ~= amount.ZERO then
    return nil, "WrongPhase", role .. " cannot change while " .. Pool.locked .. " is locked"
  elseif not TOKENS[role] and not pause.isPausedFully() then
    return nil, "WrongPhase", role .. " can change only while mint and redeem are paused"
  end
  return true
end

function settings.applied(_, changed)
  for _, role in ipairs(changed) do
    if role == "mock_usda" then
      Probe, Surplus, SurplusAskedAt = false, amount.ZERO, 0
      publication.sums()
    end
  end
end

settings.EXTRA = {
  ["Token-Authenticated"] = {
    like = "mock_usda",
    check = config.boolean,
    read = function()
      return TokenAuthenticated
    end,
    apply = function(value)
      TokenAuthenticated = value
    end,
  },
  ["Token-Idempotent"] = {
    like = "mock_usda",
    check = config.boolean,
    read = function()
      return TokenIdempotent
    end,
    apply = function(value)
      TokenIdempotent = value
    end,
  },
  ["Refund-Wrong-Tokens"] = {
    check = config.boolean,
    read = function()
      return RefundWrongTokens
    end,
    apply = function(value)
      RefundWrongTokens = value
    end,
  },
}

function settings.health()
  return {
    paused = pause.flags(),
    openOperations = operations.openCount(),
    strays = strays.count(),
  }
end

function settings.limits()
  return { ["Timeout-Ms"] = string.format("%d", system.TIMEOUT_MS) }
end

return settings
