--- What a set of peers must be like. Pure.
--
--   tagOf(role)           "mock_usda" -> "Mock-Usda-Process"
--   fieldOf(role)         "mock_usda" -> "mockUsdaProcess"
--   merge(known, peers)   the peers as they would be: known ones, overlaid with those given
--   fault(peers, own)     why peers (role -> id as given) cannot be set, or nil;
--                         own: {role, id, known}, known being the peers that are set already
local address = require("lib.address")
local sorted = require("lib.sorted")
local tags = require("lib.tags")

local rules = {}

function rules.tagOf(role)
  return tags.trainCase(role) .. "-Process"
end

function rules.fieldOf(role)
  return role:gsub("_(%l)", string.upper) .. "Process"
end

function rules.merge(known, peers)
  local merged = {}
  for role, id in pairs(known) do
    merged[role] = id
  end
  for role, id in pairs(peers) do
    merged[role] = id
  end
  return merged
end

local function ownFault(role, id, own)
  if role == own.role and id ~= own.id then
    return rules.tagOf(role) .. " is not the id of this process"
  elseif role ~= own.role and id == own.id then
    return rules.tagOf(role) .. " is this process itself"
  end
  return nil
end

function rules.fault(peers, own)
  local merged, takenBy = rules.merge(own.known, peers), {}
  for _, role in ipairs(sorted.keys(merged)) do
    local id = merged[role]
    if not address.isId(id) then
      return rules.tagOf(role) .. " is not an id"
    elseif takenBy[id] then
      return rules.tagOf(role) .. " and " .. rules.tagOf(takenBy[id]) .. " are the same process"
    end
    takenBy[id] = role
    local fault = ownFault(role, id, own)
    if fault then
      return fault
    end
  end
  return nil
end

return rules
