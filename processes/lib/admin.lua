--- The handover: a new admin in two steps, and an owner who steps back for good.
--
--   install()   add Propose-Admin {Admin} (owner, admin), Accept-Admin (the proposed) and
--               Renounce-Owner {Confirm = id of this process} (owner); config.install does it
--
-- State: that of lib.roles.
local address = require("lib.address")
local answer = require("lib.answer")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local roles = require("lib.roles")
local tags = require("lib.tags")

local admin = {}

local function proposeAdmin(msg)
  local proposed = tags.get(msg, "Admin")
  if not roles.isAdmin(msg) then
    return answer.fail(msg, "Unauthorized", "only the owner or the admin may propose an admin")
  elseif not address.is(proposed) then
    return answer.fail(msg, "InvalidAddress", "Admin is not an address")
  end
  PendingAdmin = proposed
  answer.respond(msg, "Propose-Admin-Response", { Admin = proposed })
  answer.notify(proposed, "Admin-Proposed-Notice", { Admin = proposed }, "Accept-Admin accepts.")
end

local function acceptAdmin(msg)
  if PendingAdmin == "" or msg.From ~= PendingAdmin then
    return answer.fail(msg, "Unauthorized", "only the proposed admin may accept")
  end
  local previous = Admin
  Admin, PendingAdmin = msg.From, ""
  answer.respond(msg, "Accept-Admin-Response", { Admin = Admin, Previous = previous })
end

local function renounceOwner(msg)
  if not roles.isOwner(msg) then
    return answer.fail(msg, "Unauthorized", "only the owner may renounce")
  elseif tags.get(msg, "Confirm") ~= ao.id then
    return answer.fail(msg, "InvalidConfig", "Confirm must be the id of this process")
  end
  -- Not nil: aos gives a process without an owner a new one.
  Owner = ""
  answer.respond(msg, "Renounce-Owner-Response")
end

function admin.install()
  guard.reads({ ["Propose-Admin"] = { "Admin" }, ["Renounce-Owner"] = { "Confirm" } })
  handlers.action("Propose-Admin", proposeAdmin)
  handlers.action("Accept-Admin", acceptAdmin)
  handlers.action("Renounce-Owner", renounceOwner)
end

return admin
