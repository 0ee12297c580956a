--- What the token manager and the lock manager answer about an operation.
--
-- An answer counts when its peer sent it, the operation expects it in its phase, and it speaks of
-- the same user and amount. What was counted before is ignored; everything else is an anomaly.
-- Nothing here is ever answered by an error.
local answer = require("lib.answer")
local clock = require("lib.clock")
local mint = require("coordinator.mint")
local operations = require("coordinator.operations")
local phases = require("coordinator.phases")
local redeem = require("coordinator.redeem")
local roles = require("lib.roles")
local tags = require("lib.tags")

local answers = {}

local MAX_NOTE = 256

-- The tags that tell which operation a peer means, and where the operation keeps them.
local FIELD_OF = { User = "user", Recipient = "recipient", Quantity = "quantity" }

--- Return whether an answer speaks of this operation. Only a confirmation has to say everything: a
--- refusal may come from a peer that never heard of it.
local function agrees(msg, operation, rule)
  for _, name in ipairs(rule.says) do
    local said = tags.get(msg, name)
    if (said or rule.mustSay) and said ~= operation[FIELD_OF[name]] then
      return false
    end
  end
  return true
end

--- Keep what a peer said that decides nothing, for whoever looks at the operation.
local function note(operation, msg)
  local code = tags.get(msg, "Error") or ""
  operation.note = (tags.get(msg, "Action") .. " " .. code):sub(1, MAX_NOTE)
end

local function textOf(msg)
  return type(msg.Data) == "string" and msg.Data:sub(1, MAX_NOTE) or nil
end

--- The peer refuses for good and says why, or never heard of it and now never will.
local function refuse(side)
  return function(operation, msg)
    local code = tags.get(msg, "Error")
    if code then
      return side.refused(operation, code, textOf(msg))
    end
    side.refused(operation, "Timeout", "the token manager did not decide in time")
  end
end

local function consumed(operation)
  operations.advance(Operations, operation, "consumed", clock.now())
end

local function paid(operation)
  local side = operation.kind == "mint" and mint or redeem
  side.paid(operation)
end

local function failed(operation, msg)
  note(operation, msg)
  operations.advance(Operations, operation, "failed", clock.now())
end

local function tokenManager(kind, rule)
  rule.from, rule.kind = "token_manager", kind
  rule.says = { kind == "mint" and "Recipient" or "User", "Quantity" }
  return rule
end

local function lockManager(rule)
  rule.from, rule.says = "lock_manager", { "Quantity" }
  return rule
end

-- An answer without event decides nothing; finalOnly: nor does this one unless it is Final.
local RULES = {
  ["Mint-Response"] = tokenManager("mint", { mustSay = true, event = "minted", act = mint.minted }),
  ["Mint-Cancelled"] = tokenManager("mint", { event = "refused", act = refuse(mint) }),
  ["Mint-Error"] = tokenManager("mint", {
    finalOnly = true,
    event = "refused",
    act = refuse(mint),
  }),
  ["Cancel-Mint-Error"] = tokenManager("mint", {}),
  ["Burn-Response"] = tokenManager("redeem", {
    mustSay = true,
    event = "burned",
    act = redeem.burned,
  }),
  ["Burn-Cancelled"] = tokenManager("redeem", { event = "refused", act = refuse(redeem) }),
  ["Burn-Error"] = tokenManager("redeem", {
    finalOnly = true,
    event = "refused",
    act = refuse(redeem),
  }),
  ["Cancel-Burn-Error"] = tokenManager("redeem", {}),
  ["Consume-Lock-Response"] = lockManager({ event = "consumed", act = consumed }),
  ["Consume-Lock-Error"] = lockManager({}),
  ["Lock-Cancelled-Error"] = lockManager({}),
  ["UnlockCollateral-Success"] = lockManager({ mustSay = true, event = "paid", act = paid }),
  ["UnlockCollateral-Error"] = lockManager({ event = "failed", act = failed }),
  ["UnlockCollateral-Pending"] = lockManager({}),
}

--- Return whether an answer only tells, without deciding anything.
local function isNote(msg, rule)
  return not rule.event or (rule.finalOnly and not tags.isTrue(tags.get(msg, "Final")))
end

--- Return the operation that an answer is about, or nil and why it counts for nothing.
local function about(msg, rule)
  local operation = operations.find(Operations, tags.get(msg, "Op-Id"))
  if not roles.isPeer(msg, rule.from) then
    return nil, "not from the " .. rule.from
  elseif not operation or (rule.kind and operation.kind ~= rule.kind) then
    return nil, "no such operation"
  elseif not agrees(msg, operation, rule) then
    return nil, "another user or amount"
  end
  return operation
end

local function decide(msg, action, rule, operation)
  if isNote(msg, rule) then
    return note(operation, msg)
  elseif phases.after(operation, rule.event) then
    operation.heard = operation.heard or {}
    operation.heard[action] = true
    return rule.act(operation, msg)
  elseif not (operation.heard and operation.heard[action]) then
    answer.ignore(msg, "not expected: " .. operation.id .. " is " .. operation.phase)
  end
end

--- Return the handler of one Action.
function answers.handler(action)
  local rule = RULES[action]
  return function(msg)
    local operation, reason = about(msg, rule)
    if not operation then
      return answer.ignore(msg, reason)
    end
    decide(msg, action, rule, operation)
  end
end

-- In the order in which an operation meets them.
answers.ACTIONS = {
  "Mint-Response",
  "Mint-Cancelled",
  "Mint-Error",
  "Cancel-Mint-Error",
  "Consume-Lock-Response",
  "Consume-Lock-Error",
  "Lock-Cancelled-Error",
  "Burn-Response",
  "Burn-Cancelled",
  "Burn-Error",
  "Cancel-Burn-Error",
  "UnlockCollateral-Success",
  "UnlockCollateral-Error",
  "UnlockCollateral-Pending",
}

-- What the guard has to find once only in them.
answers.READS = { "Op-Id", "User", "Recipient", "Quantity", "Error", "Final" }

return answers
