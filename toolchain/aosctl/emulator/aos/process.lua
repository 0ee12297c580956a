--- One message through a process, in the order of aos 2.0.6.

require(".bit32")
require(".math")

local ao = require(".ao")
package.loaded.ao = ao
_G.ao = ao
Handlers = require(".handlers")
Utils = require(".utils")
Dump = require(".dump")
local boot = require(".boot")
local chance = require(".chance")
local default = require(".default")
local eval = require(".eval")
local json = require("json")
local stringify = require(".stringify")

local process = { _version = "2.0.4" }

Colors = {
  red = "\27[31m",
  green = "\27[32m",
  blue = "\27[34m",
  reset = "\27[0m",
  gray = "\27[90m",
}
Bell = "\7"
HANDLER_PRINT_LOGS = {}

local NO_TARGET = "WARN: No target specified for message. "
  .. "Data will be stored, but no process will receive it."
-- The module's own traceback never shows more than its entry, so it says nothing about a handler.
local TRACEBACK = "stack traceback:\n\t[string \".process\"]:967: in function '.process.handle'"

-- What a process may call ---------------------------------------------------------------------

function Prompt()
  local version = Colors.blue .. "aos-" .. process._version
  local who = Colors.green .. Name .. Colors.gray .. "@" .. version
  local inbox = "[Inbox:" .. Colors.red .. tostring(#Inbox) .. Colors.gray .. "]"
  return who .. Colors.gray .. inbox .. Colors.reset .. "> "
end

local function describe(value)
  local kind = type(value)
  if kind == "table" then
    return stringify.format(value)
  elseif kind == "boolean" then
    return Colors.blue .. tostring(value) .. Colors.reset
  elseif kind == "nil" then
    return Colors.red .. tostring(value) .. Colors.reset
  elseif kind == "number" then
    return Colors.green .. tostring(value) .. Colors.reset
  end
  return value
end

--- Add one line to the output of this message.
function print(value)
  table.insert(HANDLER_PRINT_LOGS, describe(value))
  local log = table.concat(HANDLER_PRINT_LOGS, "\n")
  ao.outbox.Output = { data = log, prompt = Prompt(), print = true }
end

--- The tags of a message as a map; the first of a name counts.
function Tab(msg)
  local map = {}
  for _, tag in ipairs(msg.Tags) do
    if map[tag.name] == nil then
      map[tag.name] = tag.value
    end
  end
  return map
end

function Version()
  print("version: " .. process._version)
end

--- Let data that is a table travel as JSON.
local function encodeData(msg)
  if type(msg.Data) == "table" then
    msg["Content-Type"] = "application/json"
    msg.Data = json.encode(msg.Data)
  end
end

local send, spawn = ao.send, ao.spawn

function ao.send(msg)
  encodeData(msg)
  return send(msg)
end

function ao.spawn(module, msg)
  encodeData(msg)
  return spawn(module, msg)
end

function Send(msg)
  if not msg.Target then
    print(NO_TARGET)
  end
  local sent = ao.send(msg)
  return { output = "Message added to outbox", receive = sent.receive, onReply = sent.onReply }
end

function Spawn(...)
  local module, msg = ...
  if select("#", ...) == 1 then
    module, msg = ao._module, module
  end
  local spawned = ao.spawn(module, msg)
  return {
    output = "Spawn process request added to outbox",
    after = spawned.after,
    receive = spawned.receive,
  }
end

function Receive(match)
  return Handlers.receive(match)
end

function Assign(request)
  ao.assign(request)
  print("Assignment added to outbox.")
  return "Assignment added to outbox."
end

-- State that the first messages make ----------------------------------------------------------

local function sumOfBytes(text)
  local sum = 0
  for index = 1, #text do
    sum = sum + string.byte(text, index)
  end
  return sum
end

--- The random numbers of a process follow from its first message.
local function seedRandom(msg)
  local sum = sumOfBytes(msg.Owner .. msg.Module .. msg.Id)
  local text = tostring(msg["Block-Height"]) .. tostring(sum)
  chance.seed(math.tointeger(tonumber(text)) or 0)
  math.random = function(...)
    local count = select("#", ...)
    local min, max = ...
    if count == 1 then
      return chance.integer(1, min)
    elseif count == 2 then
      return chance.integer(min, max)
    end
    return chance.random()
  end
end

local function initialise(msg, env)
  if not Seeded then
    seedRandom(msg)
    Seeded = true
  end
  Errors = Errors or {}
  Inbox = Inbox or {}
  local name
  for _, tag in ipairs(env.Process.Tags) do
    if tag.name == "Name" and not name then
      name = tag.value
    elseif tag.name == "From-Process" and not Owner and env.Process.Id == msg.Id then
      Owner = tag.value
    end
  end
  if not Owner and env.Process.Id == msg.Id then
    Owner = msg.From
  end
  Name = Name or name or "aos"
end

-- One message ---------------------------------------------------------------------------------

local function isEval(msg)
  return msg.Action == "Eval" and Owner == msg.From
end

local function isBoot(msg)
  return msg.Tags.Type == "Process" and Owner == msg.From
end

local function isUnhandled()
  return true
end

local evaluateText = eval(ao)

--- The handlers that aos itself keeps in the list.
local function addOwnHandlers(msg)
  Handlers.add("_eval", isEval, evaluateText)
  if ao.env.Process.Id == msg.Id then
    Handlers.once("_boot", isBoot, boot(ao))
  end
  Handlers.append("_default", isUnhandled, default)
end

--- Give `msg` its `reply` and `forward`.
local function attachAnswers(msg)
  function msg.reply(answer)
    answer.Target = msg["Reply-To"] or answer.Target or msg.From
    answer["X-Reference"] = msg["X-Reference"] or msg.Reference
    answer["X-Origin"] = msg["X-Origin"]
    return ao.send(answer)
  end

  function msg.forward(target, changes)
    local copy = ao.sanitize(msg)
    for key, value in pairs(changes or {}) do
      copy[key] = value
    end
    copy.Target = target
    copy["Reply-To"] = msg["Reply-To"] or msg.From
    copy["X-Reference"] = msg["X-Reference"] or msg.Reference
    copy["X-Origin"] = msg["X-Origin"] or msg.From
    -- The copy carries this message's own functions, which are not for the receiver.
    copy.reply, copy.forward = nil, nil
    ao.send(copy)
  end
end

local function refuse(msg, what)
  print(what .. " is not trusted! From: " .. msg.From .. " - Owner: " .. msg.Owner)
  return ao.result({})
end

--- Run the handlers in a thread of their own, so that they may wait for other messages.
local function runHandlers(msg)
  local thread = coroutine.create(function()
    return pcall(Handlers.evaluate, msg, ao.env)
  end)
  local _, ok, result = coroutine.resume(thread)
  table.insert(Handlers.coroutines, thread)
  for index, other in ipairs(Handlers.coroutines) do
    -- Removing while walking skips the next entry: the module keeps a dead thread now and then.
    if coroutine.status(other) == "dead" then
      table.remove(Handlers.coroutines, index)
    end
  end
  return ok, result
end

local function failWith(msg, result)
  if msg.Action ~= "Eval" then
    local which = msg.Action and "with Action = " .. msg.Action or ""
    print(Colors.red .. "Error" .. Colors.gray .. " handling message " .. which .. Colors.reset)
    print(Colors.green .. result .. Colors.reset)
    print("\n" .. Colors.gray .. TRACEBACK .. Colors.reset)
  end
  table.insert(Errors, result)
  local log = table.concat(HANDLER_PRINT_LOGS, "\n")
  return ao.result({ Error = log .. "\n\n" .. Colors.red .. "error:\n" .. Colors.reset .. result })
end

local function succeed(msg)
  local log = table.concat(HANDLER_PRINT_LOGS, "\n")
  local output = { data = log, prompt = Prompt() }
  if msg.Action == "Eval" then
    output.test = Dump(HANDLER_PRINT_LOGS)
  else
    output.print = true
  end
  ao.Nonce = msg.Nonce
  return ao.result({ Output = output })
end

local function prepare(msg, env)
  msg = ao.normalize(msg)
  ao.id = env.Process.Id
  initialise(msg, env)
  HANDLER_PRINT_LOGS = {}
  os.time = function()
    return msg.Timestamp
  end
  msg.TagArray = msg.Tags
  msg.Tags = Tab(msg)
  env.Process.TagArray = env.Process.Tags
  env.Process.Tags = Tab(env.Process)
  if msg.Tags["Content-Type"] == "application/json" then
    msg.Data = json.decode(msg.Data or "{}")
  end
  ao.clearOutbox()
  return msg
end

--- Evaluate `msg` and return the result table of aos.
function process.handle(msg, env)
  env = env.Process and env or env.env
  ao.init(env)
  msg = prepare(msg, env)
  if msg.From ~= msg.Owner and not ao.isTrusted(msg) then
    return refuse(msg, "Message")
  end
  if ao.isAssignment(msg) and not ao.isAssignable(msg) then
    if msg.From ~= ao.id then
      Send({ Target = msg.From, Data = "Assignment is not trusted by this process!" })
    end
    return refuse(msg, "Assignment")
  end
  addOwnHandlers(msg)
  attachAnswers(msg)
  local ok, result = runHandlers(msg)
  if not ok then
    return failWith(msg, result)
  end
  return succeed(msg)
end

--- The module's entry: JSON in, JSON out.
function handle(message, environment)
  local ok, response = pcall(process.handle, json.decode(message), json.decode(environment))
  return json.encode({ ok = ok, response = response })
end

return process
