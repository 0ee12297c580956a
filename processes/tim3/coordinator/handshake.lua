--- The questions of the handshake: Info to both tokens, GetConfig to both managers.
--
-- An answer counts by its sender, its X-Reference and its content: a stock Info answer has no
-- Action. One that a stranger had redirected here is as true as one that this process asked for.
local agreement = require("coordinator.agreement")
local answer = require("lib.answer")
local json = require("json")
local limitSettings = require("coordinator.limit_settings")
local pause = require("coordinator.pause")
local roles = require("lib.roles")
local tags = require("lib.tags")

local handshake = {}

local QUESTIONS = {
  { role = "lock_manager", action = "GetConfig" },
  { role = "mock_usda", action = "Info" },
  { role = "token_manager", action = "Info" },
  { role = "token_manager", action = "GetConfig" },
}
-- A question is asked at each sweep; a slow answer to an earlier asking still counts.
local MAX_REFERENCES = 8

local function keyOf(question)
  return question.role .. "/" .. question.action
end

local function ask(question)
  local key = keyOf(question)
  local references = Questions[key] or {}
  references[#references + 1] = answer.notify(roles.peer(question.role), question.action)
  if #references > MAX_REFERENCES then
    table.remove(references, 1)
  end
  Questions[key] = references
end

--- Return what does not agree yet: "handshake:<process>" of the peers that are set.
function handshake.missing()
  return agreement.missing(Agreements, Peers, ao.id)
end

--- Ask whoever has not agreed yet.
function handshake.repeatQuestions()
  local open = {}
  for _, name in ipairs(handshake.missing()) do
    open[name] = true
  end
  for _, question in ipairs(QUESTIONS) do
    if open["handshake:" .. question.role] then
      ask(question)
    end
  end
end

--- After SetProcessConfig: ask everyone, and tell those that are new what the others know.
function handshake.begin()
  limitSettings.repeatCap()
  pause.repeatNotices()
  for _, question in ipairs(QUESTIONS) do
    if roles.peer(question.role) then
      ask(question)
    end
  end
end

--- Return the decoded body of a peer, or nil. aos has decoded it where Content-Type says so.
local function bodyOf(msg)
  local body = msg.Data
  if type(body) == "string" then
    local isRead, decoded = pcall(json.decode, body)
    body = isRead and decoded or nil
  end
  return type(body) == "table" and body or nil
end

local function textOrNil(value)
  return type(value) == "string" and value or nil
end

local READERS = {
  Info = function(msg)
    local denomination = tags.get(msg, "Denomination")
    return denomination and { denomination = denomination }
  end,
  GetConfig = function(msg)
    local body = tags.get(msg, "Action") == "Config-Response" and bodyOf(msg)
    local peers = body and body.peers
    return type(peers) == "table"
        and { coordinator = textOrNil(peers.coordinator), mockUsda = textOrNil(peers.mock_usda) }
      or nil
  end,
}

local function isAsked(question, reference)
  for _, asked in ipairs(Questions[keyOf(question)] or {}) do
    if asked == reference then
      return true
    end
  end
  return false
end

--- Return the question that a message answers and what it says, or nil.
local function find(msg)
  local reference = tags.get(msg, "X-Reference")
  for _, question in ipairs(reference and QUESTIONS or {}) do
    if roles.isPeer(msg, question.role) and isAsked(question, reference) then
      local said = READERS[question.action](msg)
      if said then
        return question, said
      end
    end
  end
  return nil
end

function handshake.isAnswer(msg)
  return find(msg) ~= nil
end

--- Return what a process has said so far, under its present id.
local function saidBefore(msg, role)
  local known = Agreements[role]
  return known and known.by == msg.From and known or {}
end

--- Keep what was said; the other answer of the same process stays.
function handshake.accept(msg)
  local question, said = find(msg)
  local known = saidBefore(msg, question.role)
  local isInfo = question.action == "Info"
  Agreements[question.role] = {
    by = msg.From,
    denomination = isInfo and said.denomination or known.denomination,
    coordinator = isInfo and known.coordinator or said.coordinator,
    mockUsda = isInfo and known.mockUsda or said.mockUsda,
  }
  Questions[keyOf(question)] = nil
end

return handshake
