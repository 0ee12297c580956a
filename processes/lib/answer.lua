--- Every message that leaves a process of ours, but for patch messages.
--
-- Answers go by ao.send to msg.From, never by msg.reply: reply honours `Reply-To`, so that any user
-- could make a trusted process send a genuine message to a third. Tags leave in a fixed order:
-- Action first, then by name. Values may be text, integers or booleans; nil leaves a tag out.
--
--   respond(msg, action, tags, data)   to msg.From, with X-Reference = the Reference of msg; data:
--                                      text, or a table that becomes JSON (amounts stay text)
--   fail(msg, code, text, tags)        <Action>-Error {Error = code, Op-Id of msg if any} and text;
--                                      a -Notice, -Response or -Error is never answered by an
--                                      error: it is ignored and counted in anomalies
--   refuse(msg, code, text, tags)      fail without that exception (for Pause-Notice)
--   ignore(msg, reason)                no answer; one more anomaly
--   notify(target, action, tags, data) a message that answers nothing
--   command(target, action, tags)      notify with Protocol; give it Op-Id and Low-Water
--   send(target, action, tags, data, xTags)   what all of the above use; xTags is a list of
--                                      {name, value} as tags.xTags gives it and goes last. It and
--                                      notify return the Reference of what left, as text
--   isNotice(action)                   whether action ends in -Notice, -Response or -Error
--   protocol                           "TIM3/1"; a bundle that speaks another sets it once
local anomalies = require("lib.anomalies")
local jsonText = require("lib.json_text")
local sorted = require("lib.sorted")
local tags = require("lib.tags")

local answer = {}

answer.protocol = "TIM3/1"

local NOTICE_ENDINGS = { "%-Notice$", "%-Response$", "%-Error$" }

--- Return a tag value as text; numbers are integers here, so no %.14g can cut them.
local function toText(value)
  if math.type(value) == "float" then
    return string.format("%d", value)
  end
  return tostring(value)
end

local function tagList(action, map, xTags)
  local list = { { name = "Action", value = action } }
  for _, name in ipairs(sorted.keys(map)) do
    list[#list + 1] = { name = name, value = toText(map[name]) }
  end
  return table.move(xTags, 1, #xTags, #list + 1, list)
end

function answer.send(target, action, map, data, xTags)
  ao.send({
    Target = target,
    Tags = tagList(action, map or {}, xTags or {}),
    Data = type(data) == "table" and jsonText.encode(data) or data,
  })
  return tostring(ao.reference)
end

--- Return a copy of map with the reference of what is answered, so that the asker can match it.
local function withReference(msg, map)
  local copy = {}
  for name, value in pairs(map or {}) do
    copy[name] = value
  end
  copy["X-Reference"] = tags.get(msg, "Reference")
  return copy
end

function answer.respond(msg, action, map, data, xTags)
  answer.send(msg.From, action, withReference(msg, map), data, xTags)
end

function answer.refuse(msg, code, text, map, xTags)
  local all = withReference(msg, map)
  all.Error = code
  all["Op-Id"] = all["Op-Id"] or tags.get(msg, "Op-Id")
  answer.send(msg.From, (tags.get(msg, "Action") or "") .. "-Error", all, text, xTags)
end

function answer.isNotice(action)
  for _, ending in ipairs(NOTICE_ENDINGS) do
    if type(action) == "string" and action:find(ending) then
      return true
    end
  end
  return false
end

function answer.ignore(msg, reason)
  anomalies.record(msg, reason)
end

function answer.fail(msg, code, text, map, xTags)
  if answer.isNotice(tags.get(msg, "Action")) then
    return answer.ignore(msg, text or code)
  end
  answer.refuse(msg, code, text, map, xTags)
end

function answer.notify(target, action, map, data, xTags)
  return answer.send(target, action, map, data, xTags)
end

function answer.command(target, action, map)
  local all = { Protocol = answer.protocol }
  for name, value in pairs(map or {}) do
    all[name] = value
  end
  answer.send(target, action, all)
end

return answer
