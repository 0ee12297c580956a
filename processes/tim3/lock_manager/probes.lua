--- What our balance at the token says about a transfer of which we were told nothing. Pure.
--
-- A hint for the admin who resolves the operation, never a reason to pay again.
--
--   NEEDS_ATTENTION, LIKELY_NOT_SENT              what such an operation shows
--   judge(operation, balance, expected, at, timeout)
--       what one valid probe, asked at `at`, changes in the operation; `expected` is the balance if
--       its transfer moved nothing. It takes two equal balances a Timeout apart: for a moment a
--       deposit whose notice is under way can hide a payment of the same size
local amount = require("lib.amount")

local probes = {}

probes.NEEDS_ATTENTION = "needs-attention"
probes.LIKELY_NOT_SENT = "likely-not-sent"

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

return probes
