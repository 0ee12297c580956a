--- What anybody may ask: the locks of a user, one operation, the figures of custody.
local answer = require("lib.answer")
local anomalies = require("lib.anomalies")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local ids = require("lib.ids")
local jsonText = require("lib.json_text")
local locks = require("lock_manager.locks")
local operations = require("lock_manager.operations")
local roles = require("lib.roles")
local sorted = require("lib.sorted")
local strays = require("lock_manager.strays")
local tags = require("lib.tags")

local queries = {}

local MAX_PAGE = 100

--- Return what anybody may know of an operation, as JSON will have it.
local function view(operation)
  return {
    opId = operation.id,
    lockId = operation.kind == "mint" and operation.id or nil,
    kind = operation.kind,
    phase = operation.phase,
    user = operation.user,
    recipient = operation.recipient,
    quantity = operation.quantity,
    opRef = operation.memo,
    reason = operation.reason,
    attention = operation.attention or nil,
    failure = operation.failure or nil,
    evidence = operation.evidence,
    openedAt = operation.at,
    since = operation.since,
  }
end

local function locksOf(user, msg)
  local found = operations.all("M", function(lock)
    return lock.user == user
  end)
  local limit = sorted.limitOf(tags.get(msg, "Limit"), MAX_PAGE)
  local keys, cursor = sorted.page(found, tags.get(msg, "Cursor"), limit)
  local list = {}
  for index, key in ipairs(keys) do
    list[index] = view(found[key])
  end
  return list, cursor
end

local function getLockInfo(msg)
  local id, list, cursor = tags.get(msg, "Lock-Id"), {}, ""
  if id then
    local lock = operations.find(id)
    list[1] = lock and lock.kind == "mint" and view(lock) or nil
  else
    list, cursor = locksOf(tags.get(msg, "User") or msg.From, msg)
  end
  answer.respond(msg, "LockInfo-Response", nil, { locks = list, count = #list, cursor = cursor })
end

local function activeLocks()
  local count = 0
  for _, id in pairs(Open) do
    local phase = operations.find(id).phase
    count = count + ((phase == "locked" or phase == "cancelling") and 1 or 0)
  end
  return count
end

local function lockStats(msg)
  answer.respond(msg, "LockStats-Response", nil, {
    totalLocked = Pool.locked,
    totalLocks = ids.issued("M"),
    activeLocks = activeLocks(),
    totalUnlocked = Pool.paid,
    backing = Pool.backing,
    pendingOperations = operations.openCount(),
    surplus = Surplus,
    strays = strays.count(),
    anomalies = anomalies.count(),
  })
end

local function getOperation(msg)
  local operation, code, text = operations.find(tags.get(msg, "Op-Id"))
  if not operation then
    return answer.fail(msg, code, text)
  end
  local found = { ["Op-Id"] = operation.id, Phase = operation.phase }
  answer.respond(msg, "Operation-Response", found, view(operation))
end

local function info(msg)
  answer.respond(msg, "Info-Response", nil, {
    name = tags.ofProcess("Name") or "TIM3 Lock Manager",
    ticker = tags.ofProcess("Ticker") or "TIM3-LOCK",
    denomination = tags.ofProcess("Denomination") or "12",
    usdaProcess = roles.peer("mock_usda") or jsonText.NULL,
    depositAction = locks.DEPOSIT_ACTION,
    totalLocked = Pool.locked,
  })
end

function queries.install()
  guard.reads({
    ["GetLockInfo"] = { "Lock-Id", "User", "Limit", "Cursor" },
    ["GetOperation"] = { "Op-Id" },
  })
  handlers.action("Info", info)
  handlers.action("GetLockInfo", getLockInfo)
  handlers.action("LockStats", lockStats)
  handlers.action("GetOperation", getOperation)
end

return queries
