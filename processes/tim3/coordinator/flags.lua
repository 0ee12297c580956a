--- What is paused, by the notices that said so, and who has yet to confirm them.
--
-- A notice is {scope, paused, seq}; of each scope (mint, redeem, all) the newest is kept. A scope
-- is as its own notice or that for all says, whichever is newer.
--
--   isPaused(notices, scope)     mint or redeem;  isPausedFully(notices)  both
--   with(notices, notice)        the notices with one more; changes nothing
--   view(notices)                {mint, redeem, transfer} as booleans; transfers are the token
--                                manager's own matter
--   awaited(notices, confirmed)  list of those, oldest first, whose seq is not in confirmed
--                                (scope -> seq)
local flags = {}

local SCOPES = { "mint", "redeem", "all" }

function flags.isPaused(notices, scope)
  local own, all = notices[scope], notices.all
  if own and (not all or own.seq > all.seq) then
    return own.paused
  end
  return all ~= nil and all.paused
end

function flags.isPausedFully(notices)
  return flags.isPaused(notices, "mint") and flags.isPaused(notices, "redeem")
end

function flags.with(notices, notice)
  if notice.scope == "all" then
    return { all = notice } -- the earlier ones say nothing any more
  end
  local copy = { mint = notices.mint, redeem = notices.redeem, all = notices.all }
  copy[notice.scope] = notice
  return copy
end

function flags.view(notices)
  return {
    mint = flags.isPaused(notices, "mint"),
    redeem = flags.isPaused(notices, "redeem"),
    transfer = false,
  }
end

function flags.awaited(notices, confirmed)
  local list = {}
  for _, scope in ipairs(SCOPES) do
    local notice = notices[scope]
    if notice and confirmed[scope] ~= notice.seq then
      list[#list + 1] = notice
    end
  end
  table.sort(list, function(a, b)
    return a.seq < b.seq
  end)
  return list
end

return flags
