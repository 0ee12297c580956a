--- What becomes of a payment, however it is learnt: it moved the money, it moved nothing, or it is
--- sent again.
--
--   confirm(operation, changes)     it was executed: what is owed falls; or nil, code, text
--   fail(operation, text, changes)  it moved nothing, and why; or nil, code, text
--   retry(operation)                a failed one is sent again; or nil, code, text
--
-- `changes` (optional) are further fields of the operation.
local clock = require("lib.clock")
local letters = require("lock_manager.letters")
local operations = require("lock_manager.operations")
local phases = require("lock_manager.phases")
local pool = require("lock_manager.pool")

local payments = {}

-- What was thought about a transfer says nothing once its outcome is known, or another is sent.
local CALM = { attention = false, unsentSince = false }

function payments.confirm(operation, changes)
  local paid, code, text = phases.after(operation, "confirm", clock.now(), CALM)
  if not paid then
    return nil, code, text
  end
  operations.commit(phases.with(paid, changes or {}), pool.pay(Pool, operation.quantity))
  letters.paid(paid)
  return paid
end

function payments.fail(operation, text, changes)
  local failed, code, reason = phases.after(operation, "fail", clock.now(), CALM)
  if not failed then
    return nil, code, reason
  end
  failed = phases.with(failed, changes or {})
  failed.failure = text
  operations.commit(failed)
  letters.failed(failed)
  return failed
end

function payments.retry(operation)
  local again, code, text = phases.after(operation, "retry", clock.now(), { failure = false })
  if not again then
    return nil, code, text
  end
  operations.commit(again)
  letters.transfer(again)
  return again
end

return payments
