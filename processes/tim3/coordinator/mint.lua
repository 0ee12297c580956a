--- How a mint ends: the TIM3 exists, or the deposit goes back.
local accounts = require("coordinator.accounts")
local clock = require("lib.clock")
local commands = require("coordinator.commands")
local operations = require("coordinator.operations")
local outcomes = require("coordinator.outcomes")
local positions = require("coordinator.positions")
local updates = require("coordinator.updates")
local windows = require("coordinator.windows")

local mint = {}

--- The TIM3 exists: the lock backs it from now on.
function mint.minted(operation)
  local user, from, now = operation.user, operation.phase, clock.now()
  local step = operations.begin(Operations, operation, "minted")
  local after = accounts.minted(Accounts, user, operation.quantity)
  local update, last = positions.updateOf(operation, after)
  -- One assignment: no error can leave half of it.
  operation.phase, operation.closed, operation.since,
    Accounts.minted, Accounts.collateral, Accounts.positions[user],
    Updates.seq, Updates.ofUser[user] =
    step.phase, step.closed, now,
    after.minted, after.collateral, after.position,
    update.seq, update
  operations.moved(Operations, operation, from)
  updates.recorded(Updates, update, last)
  commands.send(operation)
  positions.send(update)
  outcomes.minted(operation)
end

--- The TIM3 will never exist: the deposit goes back.
function mint.refused(operation, code, text)
  local reservation, from, now = Window.mints[operation.id], operation.phase, clock.now()
  local step = operations.begin(Operations, operation, "refused")
  -- One assignment: no error can leave half of it.
  operation.phase, operation.closed, operation.since,
    operation.reason, Window.mints[operation.id] =
    step.phase, step.closed, now,
    code, nil
  operations.moved(Operations, operation, from)
  if reservation then
    windows.released(Window, reservation)
  end
  commands.send(operation)
  outcomes.mintRefused(operation, code, text)
end

--- The deposit is back with its depositor.
function mint.paid(operation)
  operations.advance(Operations, operation, "paid", clock.now())
  outcomes.refunded(operation)
end

return mint
