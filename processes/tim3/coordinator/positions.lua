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

--- Return the values of a user as they are now, without a Seq.
local function valuesOf(user, kind)
  return {
    user = user,
    kind = kind,
    position = accounts.position(Accounts, user),
    supply = Accounts.minted,
    collateral = Accounts.collateral,
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

local function send(update)
  local list = tagsOf(update)
  list["Op-Id"] = update.opId
  list["Low-Water"] = commands.lowWater({ id = update.opId })
  answer.command(roles.peer("state_manager"), "UpdatePosition", list)
end

--- Tell the state manager what an operation changed, until it confirms.
function positions.update(operation)
  local values = valuesOf(operation.user, operation.kind)
  values.opId = operation.id
  send(updates.record(Updates, values))
end

--- Repeat what the state manager has not confirmed.
function positions.repeatUpdates()
  for _, update in ipairs(updates.oldest(Updates, PAGE)) do
    send(update)
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

--- Tell every position again, a page at a time: the last of a page says whether more follow, and the
--- state manager asks for them with its User as Cursor.
function positions.needReplay(msg)
  if not roles.isPeer(msg, "state_manager") then
    return answer.fail(msg, "Unauthorized", "only the state manager may ask for a replay")
  end
  local page, cursor = sorted.page(Accounts.positions, tags.get(msg, "Cursor"), PAGE)
  for index, user in ipairs(page) do
    local snapshot = valuesOf(user, "snapshot")
    snapshot.seq = updates.nextSeq(Updates)
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
