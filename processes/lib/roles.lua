--- Who may do what: owner, admin, the other processes.
--
-- The owner may Eval; the admin configures and pauses. They are one at first (the deployer) and
-- part at the handover. `Renounce-Owner` leaves "" as owner: aos would set a nil one anew.
--
--   isOwner(msg)            from the owner
--   isAdmin(msg)            from the owner or the admin: the "O, A" of the tables
--   isAdminItself(msg)      from the admin alone: the "A" of the tables; after the handover the
--                           owner is not the admin any more
--   isPeer(msg, role)       from the process that plays role ("coordinator"); false when none does
--   peer(role)              its id or nil
--   isOurs(address)         whether address is this process or one of its peers
--
-- State: Admin, PendingAdmin ("" when none), Peers (role -> id), Locked (config frozen).
local state = require("lib.state")

local roles = {}

Admin = state.keep(Admin, Owner or "")
PendingAdmin = state.keep(PendingAdmin, "")
Peers = state.keep(Peers, {})
Locked = state.keep(Locked, false)

--- Nobody is "": an empty role is held by no one.
local function isFrom(msg, holder)
  return type(holder) == "string" and holder ~= "" and msg.From == holder
end

function roles.isOwner(msg)
  return isFrom(msg, Owner)
end

function roles.isAdminItself(msg)
  return isFrom(msg, Admin)
end

function roles.isAdmin(msg)
  return isFrom(msg, Owner) or isFrom(msg, Admin)
end

function roles.peer(role)
  return Peers[role]
end

function roles.isPeer(msg, role)
  return isFrom(msg, Peers[role])
end

function roles.isOurs(address)
  if address == ao.id then
    return true
  end
  for _, id in pairs(Peers) do
    if id == address then
      return true
    end
  end
  return false
end

return roles
