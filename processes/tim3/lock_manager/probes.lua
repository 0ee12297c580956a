--- What our balance at the token says about a transfer whose outcome we were not told.
-- It is a hint for the admin who resolves the operation, never a reason to pay again.

local amount = require("lib.amount")

local probes = {}

probes.NEEDS_ATTENTION = "needs-attention"
probes.LIKELY_NOT_SENT = "likely-not-sent"

--- Return what an operation must be told after one valid probe.
-- Two equal balances a time-out apart are asked for, because a deposit on its way to us can hide a
-- payment of the same size for a moment.
---@param operation table
---@param balance string
---@param expected string the balance if its transfer moved nothing
---@param at integer when the probe was asked
---@param timeout integer
---@return table changes
function probes.judge(operation, balance, expected, at, timeout)
  if not amount.eq(balance, expected) then
    return { unsentSince = false, attention = probes.NEEDS_ATTENTION }
  end
  local since = operation.unsentSince or at
  local isShown = at - since >= timeout
  return {
    unsentSince = since,
    attention = isShown and probes.LIKELY_NOT_SENT or probes.NEEDS_ATTENTION,
  }
end

--- Return what we hold beyond what we owe, or nil if that is less than nothing.
---@param balance string
---@param locked string
---@return string|nil
function probes.surplus(balance, locked)
  return amount.sub(balance, locked)
end

return probes
