--- What the state manager is told of positions, and what anyone may ask.
local accounts = require("coordinator.accounts")
local address = require("lib.address")
local answer = require("lib.answer")
local commands = require("coordinator.commands")
local ids = require("lib.ids")
local roles = require("lib.roles")
local sorted = require("lib.sorted")
local tags = require("lib.tags")
local updates = require("coordinator.updates")

local positions = {}

-- Of a replay, and of what one sweep repeats.
local PAGE = 25

--- Return what is told of a user: the figures are those of after, or as they are now.
local function valuesOf(user, kind, after)
  local figures = after or Accounts
  return {
    user = user,
    kind = kind,
    seq = Updates.seq + 1,
    position = after and after.position or accounts.position(Accounts, user),
    supply = accounts.shown(figures.minted),
    collateral = accounts.shown(figures.collateral),
  }
end

local function tagsOf(update)
  return {
    ["Seq"] = update.seq,
    ["User"] = update.user,
    ["User-Position"] = update.position,
    ["Total-Supply"] = update.supply,
    ["Total-Collateral"] = update.collateral,
    ["Kind"] = update.kind,
  }
end

--- Return what an operation changes for the state manager, and the record that it replaces. after:
--- the figures as they will be (accounts.minted), where they are not written yet.
function positions.updateOf(operation, after)
  local update = valuesOf(operation.user, operation.kind, after)
  update.opId = operation.id
  return update, Updates.ofUser[operation.user]
end

--- Tell the state manager (again).
function positions.send(update)
  local list = tagsOf(update)
  list["Op-Id"] = update.opId
  list["Low-Water"] = commands.lowWater({ id = update.opId })
  answer.command(roles.peer("state_manager"), "UpdatePosition", list)
end

--- Repeat what the state manager has not confirmed.
function positions.repeatUpdates()
  for _, update in ipairs(updates.oldest(Updates, PAGE)) do
    positions.send(update)
  end
end

--- Return a position as users see it.
function positions.view(user)
  return accounts.view(accounts.position(Accounts, user))
end

function positions.updateConfirmed(msg)
  if not roles.isPeer(msg, "state_manager") then
    return answer.ignore(msg, "not from the state manager")
  end
  -- An unknown Seq is that of a record which a newer one has replaced.
  updates.confirm(Updates, ids.number(tags.get(msg, "Seq")) or 0)
end

--- Tell every position again, a page at a time: the last of a page says whether more follow, and
--- the state manager asks for them with its User as Cursor.
function positions.needReplay(msg)
  if not roles.isPeer(msg, "state_manager") then
    return answer.fail(msg, "Unauthorized", "only the state manager may ask for a replay")
  end
  local page, cursor = sorted.page(Accounts.positions, tags.get(msg, "Cursor"), PAGE)
  for index, user in ipairs(page) do
    local snapshot = valuesOf(user, "snapshot")
    Updates.seq = snapshot.seq
    local list = tagsOf(snapshot)
    list["Page-End"] = index == #page and (cursor == "" and "done" or "more") or nil
    answer.notify(msg.From, "UpdatePosition", list)
  end
end

function positions.getPosition(msg)
  local user = tags.get(msg, "User") or msg.From
  if not address.is(user) then
    return answer.fail(msg, "InvalidAddress", "User is not an address")
  end
  answer.respond(msg, "Position-Response", { User = user }, {
    user = user,
    position = positions.view(user),
  })
end

return positions
