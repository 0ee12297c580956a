--- Credit-Notice: of our collateral it opens a lock, of another token it is given back.
local answer = require("lib.answer")
local clock = require("lib.clock")
local deposits = require("lock_manager.deposits")
local guard = require("lib.guard")
local handlers = require("lib.handlers")
local horizon = require("lock_manager.horizon")
local ids = require("lib.ids")
local letters = require("lock_manager.letters")
local locks = require("lock_manager.locks")
local operations = require("lock_manager.operations")
local pool = require("lock_manager.pool")
local receipts = require("lock_manager.receipts")
local refunds = require("lock_manager.refunds")
local roles = require("lib.roles")
local sorted = require("lib.sorted")
local state = require("lib.state")
local strays = require("lock_manager.strays")
local system = require("system")

local credit = {}

-- Whether tokens that are not our collateral are given back: SetProcessConfig{Refund-Wrong-Tokens}.
RefundWrongTokens = state.keep(RefundWrongTokens, true)

--- Return the receipts of a deposit's token; of a new token they are not kept yet.
local function receiptsOf(deposit)
  return operations.receiptsOf(deposit.token) or receipts.make()
end

--- Put the operation that a deposit opened in place, with the receipt of its notice.
local function open(deposit, operation, sums)
  local memory = receiptsOf(deposit)
  Receipts[deposit.token] = memory
  operations.commit(operation, sums, {
    receipts = memory,
    number = deposit.number,
    note = receipts.note(deposit.gist, operation.id),
  })
  horizon.forget(operation.id, clock.now(), system.TIMEOUT_MS)
end

local function accept(deposit)
  local sums, _, text = pool.deposit(Pool, deposit.quantity)
  if not sums then
    return strays.record(deposit, text)
  end
  local refusal = locks.refusal(deposit, roles.peer("coordinator"), roles.isOurs)
  local lock = locks.open(deposit, ids.next("M"), clock.now(), refusal)
  open(deposit, lock, sums)
  if refusal then
    return letters.transfer(lock)
  end
  letters.lockSuccess(lock)
  letters.lockNotice(lock)
end

--- Return why a wrong token is kept, or nil.
local function keepReason(deposit)
  local isKnown = operations.receiptsOf(deposit.token) ~= nil
  if not RefundWrongTokens then
    return "wrong tokens are not given back here"
  elseif not isKnown and #sorted.keys(Receipts) >= refunds.MAX_TOKENS then
    return "too many wrong tokens"
  elseif not refunds.isAllowed(receiptsOf(deposit), clock.now()) then
    return "too many refunds through this token in this hour"
  end
  return nil
end

local function giveBack(deposit)
  local reason = keepReason(deposit)
  if reason then
    return strays.record(deposit, reason)
  end
  local refund = refunds.open(deposit, ids.next("W"), clock.now())
  local memory = receiptsOf(deposit)
  memory.hour, memory.refunds = refunds.hourAfter(memory, clock.now())
  Receipts[deposit.token] = memory
  open(deposit, refund)
  letters.transfer(refund)
end

--- The same notice again: the operation goes on, and nothing is opened.
local function repeated(opId)
  local operation = operations.find(opId)
  if operation and operation.phase == "locked" then
    letters.lockSuccess(operation)
  end
end

local function act(msg, deposit)
  local fault = deposits.fault(deposit, roles.isOurs)
  if fault then
    return strays.record(deposit, fault)
  end
  local verdict, opId = receipts.compare(receiptsOf(deposit), deposit.number, deposit.gist)
  if verdict == "again" then
    return repeated(opId)
  elseif verdict == "new" and roles.isPeer(msg, "mock_usda") then
    return accept(deposit)
  elseif verdict == "new" then
    return giveBack(deposit)
  end
  strays.record(deposit, "number seen before: " .. verdict)
  if verdict == "other" then
    answer.ignore(msg, "a notice came again with other content")
  end
end

--- A wallet holds no token. What a process sends is signed by the messenger, so there From differs.
local function isFromToken(msg)
  return roles.isPeer(msg, "mock_usda") or msg.From ~= msg.Owner
end

local function creditNotice(msg)
  if not isFromToken(msg) then
    return answer.ignore(msg, "a wallet is no token")
  end
  act(msg, deposits.read(msg))
end

--- What the guard refuses of a Credit-Notice: too large, or a tag twice.
function credit.onRefusedCredit(msg, reason)
  if isFromToken(msg) then
    strays.record(deposits.read(msg), reason)
  else
    answer.ignore(msg, reason)
  end
end

function credit.install()
  guard.reads({
    ["Credit-Notice"] = { "Sender", "Quantity", "X-Action", "X-Op-Ref", "X-Recipient" },
  })
  handlers.action("Credit-Notice", creditNotice)
end

return credit
