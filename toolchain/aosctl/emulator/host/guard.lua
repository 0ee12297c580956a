--- The limits of a Lua state: for how long it may run, and what can be undone.
--
-- Runs before any other Lua and puts counted forms of `pcall`, `coroutine.resume` and their kin in
-- the place of the originals. Returns the table `guard`, which only our own host code sees.

local error, pcall, type, xpcall = error, pcall, type, xpcall
local clock, collect = os.clock, collectgarbage
local coroutine, debug, globals = coroutine, debug, _G
local create, resume, wrap = coroutine.create, coroutine.resume, coroutine.wrap
local running, yield = coroutine.running, coroutine.yield
local infinity, max, sethook = math.huge, math.max, debug.sethook

-- Instructions between two looks at the count: 1,000 and 10,000 cost the same, and the smaller
-- figure bounds better what C functions may do in between.
local COARSE = 1000
-- A watched evaluation is counted one by one, up to here; beyond, it is counted coarsely.
local FINE_LIMIT = 2000000
-- What one instruction may do has no bound: joining two long texts is one. So the time is looked at
-- too, each time once the heap (in KB) can hold texts as long as that, else each sixteenth time.
local LARGE_HEAP, SELDOM = 8192, 16
-- An interval that took longer (in seconds) is followed by shorter ones.
local SLOW, SHORT = 0.02, 10
-- An honest million of instructions takes a hundredth of a second.
local PER_SECOND, LEAST_SECONDS = 10000000, 2

-- `notes` is what aos may write down about its work; `debug` and `dump` are the full originals.
local guard = { debug = {}, dump = string.dump, notes = {}, protect = pcall }

for name, fn in pairs(debug) do
  guard.debug[name] = fn
end

-- Rewinding -----------------------------------------------------------------------------------

-- The stack of a thread cannot be put back: once a watched thread has run on, there is no rewind.
local watched, watchBroken = {}, false

function guard.watch(thread)
  watched[thread] = true
end

function guard.clearWatch()
  watched, watchBroken = {}, false
end

function guard.breakWatch()
  watchBroken = true
end

function guard.isWatchBroken()
  return watchBroken
end

-- Limits --------------------------------------------------------------------------------------

local used, limit, fine, exhausted = 0, infinity, false, false
local seconds, startedAt, lookedAt, skipped, reason = infinity, nil, nil, 0, nil

function guard.limitText()
  return reason or "instruction limit of " .. limit .. " exceeded"
end

local function limitError()
  return error(guard.limitText(), 0)
end

--- Past the limit each single instruction raises: a loop around `pcall` gets no other round.
local function stop()
  exhausted = true
  sethook(limitError, "", 1)
  return limitError()
end

local countShort

--- Stop what takes far longer than its instructions explain; a machine decides that, not a rule.
local function lookAtClock()
  local now = clock()
  skipped, startedAt = 0, startedAt or now
  if now - startedAt > seconds then
    reason = "time limit of " .. seconds .. " seconds exceeded"
    return stop()
  elseif lookedAt and now - lookedAt > SLOW then
    sethook(countShort, "", SHORT)
  end
  lookedAt = now
end

function countShort()
  used = used + SHORT
  if used > limit then
    return stop()
  end
  return lookAtClock()
end

local function countCoarse()
  used, skipped = used + COARSE, skipped + 1
  if used > limit then
    return stop()
  elseif skipped >= SELDOM or collect("count") > LARGE_HEAP then
    return lookAtClock()
  end
end

--- Count work that a C function is about to do, or has done, as so many instructions.
function guard.charge(instructions)
  if instructions > limit - used then -- their sum might be too large for a number
    return stop()
  end
  used = used + instructions
end

local function countFine()
  used = used + 1
  if used > limit then
    return stop()
  elseif used >= FINE_LIMIT then
    fine = false
    sethook(countCoarse, "", COARSE)
  end
end

--- Count the instructions of `thread`: hooks belong to a thread, so each gets its own. A hook adds
--- what its own interval is, so a thread that sleeps through a change of grain still counts right.
local function count(thread)
  if fine then
    sethook(thread, countFine, "", 1)
  else
    sethook(thread, countCoarse, "", COARSE)
  end
end

--- Pass on what a protected call gave, unless the limit was the reason.
local function passOn(...)
  if exhausted then
    return limitError()
  end
  return ...
end

local function resumeCounted(thread, ...)
  if type(thread) == "thread" then
    count(thread)
    watchBroken = watchBroken or watched[thread] ~= nil
  end
  return passOn(resume(thread, ...))
end

local worker
local DONE = {} -- what a worker yields first when it has finished a piece of work

--- The life of a worker: one piece of work after the other. Making a thread for each costs more.
local function work(fn, ...)
  return work(yield(DONE, fn(...)))
end

--- A worker that failed is dead, and one that waits in the middle of its work is of no more use.
local function finish(ok, mark, ...)
  if ok and mark == DONE then
    return true, ...
  end
  worker = nil
  if ok then
    return false, "attempt to yield from outside a coroutine"
  end
  return false, mark
end

--- Run `fn` in a counted thread and return what `coroutine.resume` returns.
---@return boolean ok, any ...
function guard.run(fn, ...)
  worker = worker or create(work)
  count(worker)
  return finish(resume(worker, fn, ...))
end

--- Forget what was counted; `each` counts every instruction for itself.
function guard.reset(each)
  used, exhausted, fine = 0, false, each
  startedAt, lookedAt, skipped, reason = nil, nil, 0, nil
end

function guard.setLimit(instructions)
  limit = instructions
  seconds = max(LEAST_SECONDS, instructions // PER_SECOND)
end

function guard.isExhausted()
  return exhausted
end

function guard.used()
  return used
end

globals.pcall = function(...)
  return passOn(pcall(...))
end

-- The handler runs with hooks off if the hook itself raised, so it must not run at all then.
globals.xpcall = function(fn, handler, ...)
  local function guarded(...)
    if exhausted then
      return (...)
    end
    return handler(...)
  end
  return passOn(xpcall(fn, guarded, ...))
end

coroutine.resume = resumeCounted

-- The original makes the function: only C can add the caller's place to an error as it does.
coroutine.wrap = function(fn)
  if type(fn) ~= "function" then
    return wrap(fn)
  end
  return wrap(function(...)
    count(running())
    return fn(...)
  end)
end

return guard
