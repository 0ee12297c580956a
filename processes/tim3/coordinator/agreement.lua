--- Whether the others agree with what this process was told: the rules of the handshake.
--
-- Denominations must be equal, the lock manager and the token manager must name this coordinator,
-- and they must name the same USDA (the token manager where it names one).
--
--   missing(answers, peers, self)   sorted list of "handshake:<process>" that do not agree yet
--   answers: role -> {by, denomination, coordinator, mockUsda}, what each said last and under
--   which id: another process in its place has said nothing. peers: role -> id
local agreement = {}

local function isDenomination(text)
  return type(text) == "string" and text:find("^%d+$") ~= nil
end

local function denominationsAgree(answers)
  local usda, tim3 = answers.mock_usda, answers.token_manager
  return usda ~= nil
    and tim3 ~= nil
    and isDenomination(usda.denomination)
    and usda.denomination == tim3.denomination
end

--- A token that has spoken is not held up by one that has not: the silent one is named.
local function usdaAgrees(answers)
  local usda, tim3 = answers.mock_usda, answers.token_manager
  if not usda or not isDenomination(usda.denomination) then
    return false
  end
  return not (tim3 and tim3.denomination) or denominationsAgree(answers)
end

local function lockManagerAgrees(answers, peers, self)
  local said = answers.lock_manager
  return said ~= nil and said.coordinator == self and said.mockUsda == peers.mock_usda
end

local function tokenManagerAgrees(answers, peers, self)
  local said, usda = answers.token_manager, answers.mock_usda
  if not said or not isDenomination(said.denomination) then
    return false
  end
  return said.coordinator == self
    and (said.mockUsda == nil or said.mockUsda == peers.mock_usda)
    and (not usda or denominationsAgree(answers))
end

-- Sorted, so that what is missing is too.
local CHECKS = {
  { role = "lock_manager", agrees = lockManagerAgrees },
  { role = "mock_usda", agrees = usdaAgrees },
  { role = "token_manager", agrees = tokenManagerAgrees },
}

--- Return what the peers of today have said.
local function current(answers, peers)
  local said = {}
  for role, words in pairs(answers) do
    said[role] = words.by == peers[role] and words or nil
  end
  return said
end

function agreement.missing(answers, peers, self)
  local said, missing = current(answers, peers), {}
  for _, check in ipairs(CHECKS) do
    if peers[check.role] and not check.agrees(said, peers, self) then
      missing[#missing + 1] = "handshake:" .. check.role
    end
  end
  return missing
end

return agreement
