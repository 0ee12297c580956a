--- The first handler and the last: what is not worth a look never reaches the others.
--
--   install{ reads = {[Action] = {tag, ...}}, onRefusedCredit = function(msg, reason) end }
--       forgets the handlers of the bundle before, then adds "guard". reads names the tags that
--       each Action reads ("X-*": every X- tag); Action itself counts always. onRefusedCredit
--       (optional) gets a Credit-Notice that is too large or repeats a tag.
--   reads(map)        more of the same, from other modules (config declares its own)
--   installDrop()     adds "drop": swallows what nothing handled, so that the Inbox never grows;
--                     a notice, response or error counts in anomalies
--
-- The guard, in this order:
--   Target is not this process, or a reserved tag name       dropped
--   > 64 tags, name > 128 B, value > 1 kB, Data > 64 kB      dropped
--   a tag that the Action reads comes twice                  answered Duplicate; of notices,
--                                                            responses, errors: one anomaly
--   else                                                     clock.observe, and on to the others
-- A Credit-Notice of the second and third kind goes to onRefusedCredit.
-- For the handlers after it, From, Owner, Target, Data, Id and Timestamp of msg are set under these
-- names also where the runtime spells them in lower case.
local answer = require("lib.answer")
local clock = require("lib.clock")
local handlers = require("lib.handlers")
local tags = require("lib.tags")

local guard = {}

-- A tag of this name would overwrite the envelope's field: forged ids, forged time.
local RESERVED = {
  ["Id"] = true,
  ["Timestamp"] = true,
  ["Block-Height"] = true,
  ["Nonce"] = true,
  ["Module"] = true,
  ["Cron"] = true,
  ["Forwarded-By"] = true,
}
local FIELDS = { "From", "Owner", "Target", "Data", "Id", "Timestamp" }
local MAX_TAGS = 64
local MAX_NAME = 128
local MAX_VALUE = 1024
local MAX_DATA = 65536

local declared = {}
local refusedCredit = nil
-- What the pattern found, for the handle that runs right after it.
local verdict, reason = nil, nil

local function setFields(msg)
  for _, name in ipairs(FIELDS) do
    if msg[name] == nil then
      msg[name] = msg[name:lower()]
    end
  end
end

local function isOwnersEval(msg)
  return tags.get(msg, "Action") == "Eval" and msg.From == Owner
end

local function hasTag(msg, name)
  return tags.get(msg, name) ~= nil
end

--- Whether this is the message that made the process. An Id tag could claim it for any message.
local function isSpawn(msg)
  return msg.Id == ao.id and not hasTag(msg, "Id")
end

local function hasReservedTag(msg)
  for _, tag in ipairs(tags.list(msg)) do
    if RESERVED[tags.trainCase(tag.name)] then
      return true
    end
  end
  return false
end

--- Bytes in Data, counted no further than limit. Data is a table where Content-Type said JSON; the
--- walk has its own stack, because a stranger chooses the depth.
local function sizeOf(data, limit)
  local size, pending = 0, { data }
  while #pending > 0 and size <= limit do
    local value = table.remove(pending)
    if type(value) == "table" then
      for key, item in pairs(value) do
        size = size + #tostring(key) + 1
        pending[#pending + 1] = item
        if size > limit then
          break
        end
      end
    else
      size = size + #tostring(value)
    end
  end
  return size
end

local function isTooLarge(msg)
  if tags.count(msg) > MAX_TAGS then
    return true
  end
  for _, tag in ipairs(tags.list(msg)) do
    if #tag.name > MAX_NAME or #tag.value > MAX_VALUE then
      return true
    end
  end
  return msg.Data ~= nil and sizeOf(msg.Data, MAX_DATA) > MAX_DATA
end

local function repeatedTag(msg)
  local names = declared[tags.get(msg, "Action")] or {}
  return tags.repeated(msg, { "Action" }) or tags.repeated(msg, names)
end

--- What to do with a message, and why: "drop", "stray", "ignore", "refuse", or "pass".
local function judge(msg)
  local isCredit = tags.get(msg, "Action") == "Credit-Notice"
  if msg.Target ~= ao.id or (hasReservedTag(msg) and not isSpawn(msg)) then
    return "drop"
  elseif isTooLarge(msg) then
    return isCredit and "stray" or "drop", "message too large"
  end
  local name = repeatedTag(msg)
  if not name then
    return "pass"
  elseif isCredit then
    return "stray", "repeated tag " .. name
  end
  return answer.isNotice(tags.get(msg, "Action")) and "ignore" or "refuse", "repeated tag " .. name
end

local ACTS = {
  drop = function() end,
  ignore = answer.ignore,
  pass = clock.observe,
  refuse = function(msg, text)
    answer.refuse(msg, "Duplicate", text)
  end,
  stray = function(msg, text)
    if refusedCredit then
      clock.observe(msg)
      return refusedCredit(msg, text)
    end
    answer.ignore(msg, text)
  end,
}

local function judgeOnce(msg)
  setFields(msg)
  if isOwnersEval(msg) then
    return false
  end
  verdict, reason = judge(msg)
  return verdict == "pass" and "continue" or "break"
end

local function act(msg)
  ACTS[verdict](msg, reason)
end

function guard.reads(map)
  for action, names in pairs(map) do
    declared[action] = names
  end
end

function guard.install(options)
  handlers.clear()
  refusedCredit = options.onRefusedCredit
  guard.reads(options.reads or {})
  handlers.match("guard", judgeOnce, act)
end

function guard.installDrop()
  -- The owner's Eval passes: where aos puts `_eval` behind the others it must still be reached.
  handlers.match("drop", function(msg)
    return not isOwnersEval(msg)
  end, function(msg)
    if answer.isNotice(tags.get(msg, "Action")) then
      answer.ignore(msg, "nothing here waits for it")
    end
  end)
end

return guard
