--- The laws of TIM3: what is true of the five processes whatever happens to their messages.
--
-- Each function takes
--   now      process -> what it publishes (all texts; what was never published is absent)
--   before   the same, as it was before the last delivery; nil at first
--   ids      process -> its id
-- and returns true, or false and what differs, with figures. smoke.toml says which laws hold after
-- every delivery and which when nothing is under way. They are pure: no ao, no state, no clock.
--
--   S = TIM3 in circulation        K = what the Lock Manager owes      H = the USDA that it holds
--   P = deposits neither minted nor on their way back       F = refunds not yet confirmed
--   R = redeems burned and not yet confirmed as paid
local amount = require("lib.amount")
local sorted = require("lib.sorted")

local laws = {}

local UNDECIDED = { locked = true, cancelling = true }
local REFUNDING = { refunding = true, ["refund-failed"] = true }
local IN_FLIGHT = { refunding = true, unlocking = true }
local PAID = { refunded = true, unlocked = true }

-- Which phases may follow a phase, at once or later. A phase without an entry is the last one.
local LATER = {
  lock_manager = {
    locked = { "cancelling", "consumed", "refunding", "refunded", "refund-failed" },
    cancelling = { "consumed", "refunding", "refunded", "refund-failed" },
    refunding = { "refunded", "refund-failed" },
    ["refund-failed"] = { "refunding", "refunded" },
    unlocking = { "unlocked", "unlock-failed" },
    ["unlock-failed"] = { "unlocking", "unlocked" },
  },
  coordinator = {
    minting = { "cancelling", "minted", "refunding", "refunded", "unlock-failed" },
    burning = { "cancelling", "unlocking", "unlock-failed", "done", "rejected" },
    cancelling = { "minted", "refunding", "refunded", "unlocking", "unlock-failed", "done", "rejected" },
    refunding = { "refunded", "unlock-failed" },
    unlocking = { "done", "unlock-failed" },
    ["unlock-failed"] = { "refunded", "done" },
  },
  token_manager = {},
}

-- What is an amount wherever it is published, and what may also be below zero.
local AMOUNTS = {
  mock_usda = { "supply" },
  lock_manager = { "totallocked", "totalunlocked", "backing", "surplus" },
  coordinator = { "totaltim3minted", "totalcollateral", "windowused" },
  token_manager = { "supply", "minted", "burned" },
  state_manager = { "totaltim3supply", "totalcollateral", "attestedsupply", "attestedlocked" },
}

local function of(state, process)
  return state and state[process] or {}
end

--- Return a published sum; nothing published is nothing there.
local function sum(state, process, key)
  local text = of(state, process)[key]
  return (text and text ~= "") and text or amount.ZERO
end

--- Return what is published of an operation, or nil for an unknown or a forgotten one.
local function operation(state, process, id)
  local found = (of(state, process).ops or {})[id]
  return type(found) == "table" and found or nil
end

local function operations(state, process)
  return sorted.keys(of(state, process).ops or {})
end

local function total(values)
  local result = amount.ZERO
  for _, key in ipairs(sorted.keys(values or {})) do
    result = amount.add(result, values[key]) or amount.MAX
  end
  return result
end

--- Sum the quantities of the operations of a process that `counts` is true of.
local function totalOf(state, process, counts)
  local result = amount.ZERO
  for _, id in ipairs(operations(state, process)) do
    local entry = operation(state, process, id)
    if entry and counts(entry, id) then
      result = amount.add(result, entry.quantity) or amount.MAX
    end
  end
  return result
end

local function wasForgotten(state, process)
  for _, id in ipairs(operations(state, process)) do
    if not operation(state, process, id) then
      return true
    end
  end
  return false
end

local function held(now, ids)
  return (of(now, "mock_usda").balances or {})[ids.lock_manager] or amount.ZERO
end

local function equal(name, left, right)
  if amount.eq(left, right) then
    return true
  end
  return false, string.format("%s: %s is not %s", name, left, right)
end

--- Return true if every check does, else false and the reason of the first that does not.
local function all(checks)
  for _, check in ipairs(checks) do
    if not check[1] then
      return false, check[2]
    end
  end
  return true
end

--- I1: what the holders have is the supply, and TIM3 is what was minted less what was burned.
function laws.supply_equals_balances(now)
  local minted, burned = sum(now, "token_manager", "minted"), sum(now, "token_manager", "burned")
  local usda, tim3 = of(now, "mock_usda"), of(now, "token_manager")
  return all({
    { equal("USDA, balances and supply", total(usda.balances), sum(now, "mock_usda", "supply")) },
    { equal("TIM3, balances and supply", total(tim3.balances), sum(now, "token_manager", "supply")) },
    {
      equal(
        "TIM3, supply and minted - burned",
        sum(now, "token_manager", "supply"),
        amount.sub(minted, burned) or "less than nothing"
      ),
    },
  })
end

--- I1: nobody holds back more USDA than he has.
function laws.holds_are_covered(now)
  local usda = of(now, "mock_usda")
  for _, holder in ipairs(sorted.keys(usda.locked or {})) do
    local balance = (usda.balances or {})[holder] or amount.ZERO
    if amount.lt(balance, usda.locked[holder]) then
      return false, string.format("%s holds back %s of %s", holder, usda.locked[holder], balance)
    end
  end
  return true
end

--- I2: custody owes exactly the TIM3 in circulation and what is on its way, K = S + P + R + F.
function laws.custody_is_explained(now)
  local supply = sum(now, "token_manager", "supply")
  local undecided = totalOf(now, "lock_manager", function(entry, id)
    local decision = operation(now, "token_manager", id)
    return UNDECIDED[entry.phase] and not (decision and decision.phase == "minted")
  end)
  local burned = totalOf(now, "token_manager", function(entry, id)
    local isPaid = (of(now, "lock_manager").ops or {})[id] == ""
    local payment = operation(now, "lock_manager", id)
    return entry.phase == "burned" and not isPaid and not (payment and PAID[payment.phase])
  end)
  local refunds = totalOf(now, "lock_manager", function(entry)
    return entry.kind == "mint" and REFUNDING[entry.phase]
  end)
  local explained = total({ S = supply, P = undecided, R = burned, F = refunds })
  local locked = sum(now, "lock_manager", "totallocked")
  if amount.eq(locked, explained) then
    return true
  end
  return false,
    string.format("K = %s, S %s + P %s + R %s + F %s", locked, supply, undecided, burned, refunds)
end

--- I3: every TIM3 is backed at every instant, by what is owed and by what is there.
function laws.every_unit_is_backed(now, _, ids)
  local supply, owed = sum(now, "token_manager", "supply"), sum(now, "lock_manager", "totallocked")
  local there = held(now, ids)
  local leaving = totalOf(now, "lock_manager", function(entry)
    return (entry.kind == "mint" or entry.kind == "redeem") and IN_FLIGHT[entry.phase]
  end)
  return all({
    { amount.le(supply, owed), string.format("S = %s, but K = %s", supply, owed) },
    { amount.le(supply, there), string.format("S = %s, but H = %s", supply, there) },
    {
      amount.le(owed, amount.add(there, leaving) or amount.MAX),
      string.format("K = %s, but H = %s and only %s is leaving", owed, there, leaving),
    },
  })
end

local function isAtRest(now)
  if sum(now, "coordinator", "unconfirmedupdates") ~= amount.ZERO then
    return false
  end
  for _, process in ipairs({ "coordinator", "lock_manager" }) do
    for _, id in ipairs(operations(now, process)) do
      local entry = operation(now, process, id)
      if entry and entry.closed ~= "true" then
        return false
      end
    end
  end
  return true
end

--- I4: with no operation open, all six sums are one.
function laws.totals_agree_at_rest(now)
  if not isAtRest(now) then
    return true
  end
  local supply = sum(now, "token_manager", "supply")
  local function same(process, key)
    return { equal(string.format("%s.%s and the supply", process, key), sum(now, process, key), supply) }
  end
  return all({
    same("lock_manager", "totallocked"),
    same("coordinator", "totaltim3minted"),
    same("coordinator", "totalcollateral"),
    same("state_manager", "totaltim3supply"),
    same("state_manager", "totalcollateral"),
  })
end

--- I4: with no operation open, the observer knows each position as the Coordinator does.
function laws.positions_agree_at_rest(now)
  local known, seen = of(now, "coordinator").positions or {}, of(now, "state_manager").positions or {}
  for _, user in ipairs(isAtRest(now) and sorted.keys(known) or {}) do
    local there = seen[user] or amount.ZERO
    if known[user] ~= there then
      return false, string.format("%s has %s, the State Manager knows %s", user, known[user], there)
    end
  end
  return true
end

--- I5: an operation takes effect once: the sums are those of the operations, each counted once.
function laws.each_effect_happens_once(now)
  local function effects(process, phase, key)
    if wasForgotten(now, process) then
      return { true } -- of what was forgotten only the sum is left
    end
    local counted = totalOf(now, process, function(entry)
      return phase[entry.phase] and entry.kind ~= "wrong-token"
    end)
    local name = string.format("%s.%s and its operations", process, key)
    return { equal(name, sum(now, process, key), counted) }
  end
  return all({
    effects("token_manager", { minted = true }, "minted"),
    effects("token_manager", { burned = true }, "burned"),
    effects("lock_manager", PAID, "totalunlocked"),
  })
end

--- I5: a mint is never also refunded, a redeem never also rejected, a refusal never takes effect.
function laws.outcomes_exclude_one_another(now)
  for _, id in ipairs(operations(now, "token_manager")) do
    local decision = operation(now, "token_manager", id) or {}
    local custody = operation(now, "lock_manager", id) or {}
    local order = operation(now, "coordinator", id) or {}
    local isBack = REFUNDING[custody.phase] or custody.phase == "refunded"
    if decision.phase == "minted" and isBack then
      return false, string.format("%s is minted and %s", id, custody.phase)
    elseif decision.phase == "burned" and order.phase == "rejected" then
      return false, id .. " is burned and rejected"
    elseif decision.kind == "mint" and decision.phase ~= "minted" and custody.phase == "consumed" then
      return false, string.format("%s is %s, yet its lock is consumed", id, decision.phase)
    elseif decision.kind == "burn" and decision.phase ~= "burned" and custody.phase then
      return false, string.format("%s is %s, yet its unlock is %s", id, decision.phase, custody.phase)
    end
  end
  return true
end

local function mayFollow(process, was, is)
  if was == is then
    return true
  end
  for _, phase in ipairs(LATER[process][was] or {}) do
    if phase == is then
      return true
    end
  end
  return false
end

--- I8: no operation goes back, changes after its end, or becomes somebody else's.
function laws.no_operation_goes_back(now, before)
  for _, process in ipairs(sorted.keys(LATER)) do
    for _, id in ipairs(operations(before, process)) do
      local was, is = operation(before, process, id), operation(now, process, id)
      if was and is and not mayFollow(process, was.phase, is.phase) then
        return false, string.format("%s, %s: %s after %s", process, id, is.phase, was.phase)
      elseif was and is and (was.quantity ~= is.quantity or was.user ~= is.user) then
        return false, string.format("%s, %s: another quantity or user", process, id)
      end
    end
  end
  return true
end

local function grew(now, before, process, key)
  return before ~= nil and amount.lt(sum(before, process, key), sum(now, process, key))
end

--- I9: nothing grows beyond its cap; a cap lowered below what is there takes nothing away.
function laws.caps_hold(now, before)
  local function within(process, key, limit)
    local used, cap = sum(now, process, key), of(now, process)[limit]
    local isOver = cap and cap ~= "" and amount.lt(cap, used)
    local text = string.format("%s.%s = %s, cap %s", process, key, used, tostring(cap))
    return { not (isOver and grew(now, before, process, key)), text }
  end
  return all({
    within("token_manager", "supply", "cap"),
    within("coordinator", "windowused", "windowcap"),
  })
end

--- I9: what is paused lets no new operation through its gate.
function laws.a_pause_holds(now, before)
  local gates = { minting = "mintpaused", burning = "redeempaused" }
  for _, id in ipairs(operations(now, "coordinator")) do
    local entry = operation(now, "coordinator", id)
    local flag = entry and gates[entry.phase]
    local isNew = before ~= nil and (of(before, "coordinator").ops or {})[id] == nil
    if flag and isNew and of(before, "coordinator")[flag] == "true" then
      return false, string.format("%s began to be %s although %s", id, entry.phase, flag)
    end
  end
  return true
end

--- I10: who is configured knows five different processes, himself by his own id.
function laws.five_distinct_ids(now, _, ids)
  for _, process in ipairs(sorted.keys(ids)) do
    local peers, seen = of(now, process).peers or {}, {}
    for _, role in ipairs(sorted.keys(peers)) do
      if seen[peers[role]] then
        return false, string.format("%s: %s and %s are one", process, seen[peers[role]], role)
      end
      seen[peers[role]] = role
    end
    if peers[process] and peers[process] ~= ids[process] then
      return false, process .. " has another id as its own"
    end
  end
  for _, role in ipairs(of(now, "coordinator").configured == "true" and sorted.keys(ids) or {}) do
    local known = (of(now, "coordinator").peers or {})[role]
    if role ~= "coordinator" and not known then
      return false, "the Coordinator is configured and does not know " .. role
    end
  end
  return true
end

--- I10: after Lock-Config nobody learns of another process, and the lock is for good.
function laws.a_locked_config_stays(now, before, ids)
  for _, process in ipairs(sorted.keys(ids)) do
    local was, is = of(before, process), of(now, process)
    if was.configlocked == "true" and is.configlocked ~= "true" then
      return false, process .. " is unlocked again"
    end
    for _, role in ipairs(was.configlocked == "true" and sorted.keys(is.peers or {}) or {}) do
      if (was.peers or {})[role] ~= is.peers[role] then
        return false, string.format("%s: %s changed after Lock-Config", process, role)
      end
    end
  end
  return true
end

--- Return the first value that is no amount, with its name; nil if all are.
local function oddAmount(values, name, isFine)
  for _, key in ipairs(sorted.keys(values or {})) do
    if not isFine(values[key]) then
      return string.format("%s.%s is '%s'", name, key, tostring(values[key]))
    end
  end
  return nil
end

local function oddSums(now, process)
  local shown = {}
  for _, key in ipairs(AMOUNTS[process]) do
    shown[key] = of(now, process)[key]
  end
  return oddAmount(shown, process, amount.isZeroOr)
end

--- I12: every quantity that is published is digits, as the one canonical text of its amount.
function laws.quantities_are_digits(now)
  for _, process in ipairs(sorted.keys(AMOUNTS)) do
    local state = of(now, process)
    local quantities = {}
    for _, id in ipairs(operations(now, process)) do
      quantities[id] = (operation(now, process, id) or {}).quantity
    end
    local odd = oddSums(now, process)
      or oddAmount(state.balances, process .. ".balances", amount.isZeroOr)
      or oddAmount(state.positions, process .. ".positions", amount.isSigned)
      or oddAmount(quantities, process .. ".ops", amount.isZeroOr)
    if odd then
      return false, odd
    end
  end
  return true
end

return laws
