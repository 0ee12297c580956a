--- The state that readers see without asking: what invariants and dashboards need.
local accounts = require("coordinator.accounts")
local flags = require("coordinator.flags")
local operations = require("coordinator.operations")
local config = require("lib.config")
local publish = require("lib.publish")
local updates = require("coordinator.updates")

local publication = {}

local function view(operation)
  return operation
      and {
        kind = operation.kind,
        phase = operation.phase,
        user = operation.user,
        recipient = operation.recipient,
        quantity = operation.quantity,
        closed = operation.closed,
      }
    or ""
end

--- Return the operations that changed, and the positions of their users.
local function changes()
  local shown, positions = {}, {}
  for _, id in ipairs(operations.takeChanged(Operations)) do
    local operation = operations.find(Operations, id)
    shown[id] = view(operation)
    if operation and operation.user then
      positions[operation.user] = accounts.position(Accounts, operation.user)
    end
  end
  return shown, positions
end

--- Publish what changed since the last time.
function publication.update()
  local shown, positions = changes()
  publish.publish({
    ops = shown,
    positions = positions,
    totaltim3minted = accounts.shown(Accounts.minted),
    totalcollateral = accounts.shown(Accounts.collateral),
    minting = operations.minting(Operations),
    windowused = Window.used,
    openoperations = operations.openCount(Operations),
    unconfirmedupdates = updates.count(Updates),
    mintpaused = flags.isPaused(PauseNotices, "mint"),
    redeempaused = flags.isPaused(PauseNotices, "redeem"),
    supplycap = Limits["Supply-Cap"],
    windowcap = Limits["Window-Cap"],
    userwindowcap = Limits["User-Window-Cap"],
    configured = config.isConfigured(), -- the handshake changes it without a SetProcessConfig
  })
end

return publication
