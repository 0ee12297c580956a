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

-- What the emulator offers to aos alone; see `host/door.lua`.
local _, notes = ...

local own, promise = notes.own, notes.promise
local ipairs = ipairs -- a promise must be kept whatever the process has made of the globals

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
  local blue, gray, green, red, reset =
    Colors.blue, Colors.gray, Colors.green, Colors.red, Colors.reset
  return green .. Name .. gray .. "@" .. blue .. "aos-" .. process._version .. gray
    .. "[Inbox:" .. red .. tostring(#Inbox) .. gray .. "]" .. reset .. "> "
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

-- The globals as aos made them: as long as the process leaves them alone, short ways are open.
local ownTab = Tab
local send, spawn = ao.send, ao.spawn

function ao.send(msg)
  encodeData(msg)
  return send(msg)
end

function ao.spawn(module, msg)
  encodeData(msg)
  return spawn(module, msg)
end

local function fillReceipt(receipt, sent)
  receipt.output = "Message added to outbox"
  receipt.receive, receipt.onReply = sent.receive, sent.onReply
end

local RECEIPT = promise.kind(fillReceipt)
local ownSend = ao.send

function Send(msg)
  if not msg.Target then
    print(NO_TARGET)
  end
  local sent = ao.send(msg)
  if ao.send == ownSend then
    return promise.make(RECEIPT, sent)
  end
  local receipt = {}
  fillReceipt(receipt, sent)
  return receipt
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

local function initialise(msg, facts)
  if not Seeded then
    seedRandom(msg)
    Seeded = true
  end
  Errors = Errors or {}
  Inbox = Inbox or {}
  if not Owner and facts.id == msg.Id then
    Owner = facts.fromProcess or msg.From
  end
  Name = Name or facts.name or "aos"
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
local resolveEval = Handlers.generateResolver(evaluateText)
local resolveDefault = Handlers.generateResolver(default)
local ownAdd, ownAppend = Handlers.add, Handlers.append

--- What `Handlers.add` does with a name that exists; false if it does not.
local function renew(name, pattern, handle)
  for _, entry in ipairs(Handlers.list) do
    if entry.name == name then
      entry.pattern, entry.handle, entry.maxRuns = pattern, handle, nil
      return true
    end
  end
  return false
end

--- The handlers that aos itself keeps in the list.
local function addOwnHandlers(msg, facts)
  if Handlers.add ~= ownAdd or not renew("_eval", isEval, resolveEval) then
    Handlers.add("_eval", isEval, evaluateText)
  end
  if facts.id == msg.Id then
    Handlers.once("_boot", isBoot, boot(ao))
  end
  if Handlers.append ~= ownAppend or not renew("_default", isUnhandled, resolveDefault) then
    Handlers.append("_default", isUnhandled, default)
  end
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
  local thread, ok, result = notes.runInThread(Handlers.evaluate, msg, ao.env)
  local threads = Handlers.coroutines
  if coroutine.status(thread) == "dead" and next(threads) == nil then
    return ok, result
  end
  table.insert(threads, thread)
  for index, other in ipairs(threads) do
    -- Removing while walking skips the next entry: the module keeps a dead thread now and then.
    if coroutine.status(other) == "dead" then
      table.remove(threads, index)
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

local ownClearOutbox, ownInit, ownResult = ao.clearOutbox, ao.init, ao.result

--- The result of a message that did not fail. Where nothing has been tampered with, it is not made
--- into tables: `own.PLAIN`, the four fields of the output, the letters of the outbox.
local function succeed(msg)
  local log, prompt, test, isPrinted = table.concat(HANDLER_PRINT_LOGS, "\n"), Prompt(), nil, nil
  if msg.Action == "Eval" then
    test = Dump(HANDLER_PRINT_LOGS)
  else
    isPrinted = true
  end
  ao.Nonce = msg.Nonce
  local letters = own.letters()
  if letters and ao.result == ownResult then
    return own.PLAIN, log, prompt, test, isPrinted, letters
  end
  return ao.result({ Output = { data = log, prompt = prompt, test = test, print = isPrinted } })
end

local ENVIRONMENT = promise.kind(function(env, read)
  local process, module = read()
  process.TagArray, process.Tags = process.Tags, ownTab(process)
  env.Process, env.Module = process, module
end)

--- The environment as a handler sees it: `Tags` as a map, `TagArray` as the list.
local function prepareEnvironment(env)
  env.Process.TagArray = env.Process.Tags
  env.Process.Tags = Tab(env.Process)
end

local current, ownTime

--- Let go of the message that was evaluated last: what nobody can look at between two messages.
function own.forget()
  ao.outbox = {}
  if current and os.time == ownTime then
    local now = current.Timestamp
    os.time = function()
      return now
    end
  end
  current, ownTime = nil, nil
end

local function prepare(msg, facts)
  ao.id = facts.id
  initialise(msg, facts)
  HANDLER_PRINT_LOGS = {}
  current = msg
  os.time = function()
    return msg.Timestamp
  end
  ownTime = os.time
end

local function decodeData(msg)
  if msg.Tags["Content-Type"] == "application/json" then
    msg.Data = json.decode(msg.Data or "{}")
  end
end

local function respond(msg, facts)
  if msg.From ~= msg.Owner and not ao.isTrusted(msg) then
    return refuse(msg, "Message")
  end
  if ao.isAssignment(msg) and not ao.isAssignable(msg) then
    if msg.From ~= ao.id then
      Send({ Target = msg.From, Data = "Assignment is not trusted by this process!" })
    end
    return refuse(msg, "Assignment")
  end
  addOwnHandlers(msg, facts)
  attachAnswers(msg)
  local ok, result = runHandlers(msg)
  if not ok then
    return failWith(msg, result)
  end
  return succeed(msg)
end

--- Whether a message can be taken in by the short way: nothing that it goes through was replaced.
function own.isForeseen()
  return own.isNormalizeForeseen() and Tab == ownTab and ao.init == ownInit
    and ao.clearOutbox == ownClearOutbox
end

own.PLAIN = {}

--- Evaluate a message that is normalised already; `read` makes the definitions of the environment.
--- Only where `own.isForeseen()`.
function own.evaluate(msg, read, facts)
  own.init(promise.make(ENVIRONMENT, read), facts)
  prepare(msg, facts)
  decodeData(msg)
  return respond(msg, facts)
end

--- Evaluate a message as the network has it.
function own.evaluateAny(msg, env)
  env = env.Process and env or env.env
  ao.init(env)
  local facts = own.readFacts(env)
  msg = ao.normalize(msg)
  prepare(msg, facts)
  msg.TagArray = msg.Tags
  msg.Tags = Tab(msg)
  prepareEnvironment(env)
  decodeData(msg)
  ao.clearOutbox()
  return respond(msg, facts)
end

function own.tabulate(result, log, prompt, test, isPrinted)
  if result ~= own.PLAIN then
    return result
  end
  return ao.result({ Output = { data = log, prompt = prompt, test = test, print = isPrinted } })
end

--- Evaluate `msg` and return the result table of aos.
function process.handle(msg, env)
  return own.tabulate(own.evaluateAny(msg, env))
end

--- The module's entry: JSON in, JSON out.
function handle(message, environment)
  local ok, response = pcall(process.handle, json.decode(message), json.decode(environment))
  return json.encode({ ok = ok, response = response })
end

return process
