--- Ready-made patterns and handles.

local utils = require(".utils")

local _, notes = ...

local BAD_PAIR = "invalid arguments: (name : string, value : string)"
local BAD_CHOICE = "invalid arguments: (name : string, values : string[])"
local BAD_VALUE = "invalid arguments: (value : string)"
local BAD_INPUT = "invalid arguments: (input : table or string)"

local handlersUtils = { _version = "0.0.2" }

--- A pattern: the tag has exactly this value.
function handlersUtils.hasMatchingTag(name, value)
  assert(type(name) == "string" and type(value) == "string", BAD_PAIR)
  return function(msg)
    return msg.Tags[name] == value
  end
end

--- A pattern: the tag has one of these values.
function handlersUtils.hasMatchingTagOf(name, values)
  assert(type(name) == "string" and type(values) == "table", BAD_CHOICE)
  return function(msg)
    for _, value in ipairs(values) do
      if handlersUtils.hasMatchingTag(name, value)(msg) then
        return true
      end
    end
    return 0
  end
end

--- A pattern: the data is exactly this.
function handlersUtils.hasMatchingData(value)
  assert(type(value) == "string", BAD_VALUE)
  return function(msg)
    return notes.view(msg).Data == value
  end
end

--- A handle that answers with a text or a message.
function handlersUtils.reply(input)
  assert(type(input) == "table" or type(input) == "string", BAD_INPUT)
  return function(msg)
    if type(input) == "string" then
      msg.reply({ Data = input })
      return
    end
    msg.reply(input)
  end
end

--- A pattern that lets the handlers behind it run as well.
function handlersUtils.continue(pattern)
  return function(msg)
    local match = utils.matchesSpec(msg, pattern)
    if not match or match == 0 or match == "skip" then
      return match
    end
    return 1
  end
end

return handlersUtils
