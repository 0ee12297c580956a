--- Threads for handlers: each evaluation runs in one, and making one costs more than most handlers.
--
-- A thread that has finished serves the next message too, unless the process knows it: then it ends
-- as the module's threads do.

local guard = ...

local pcall = pcall
local create, resume, running = coroutine.create, coroutine.resume, coroutine.running
local yield = coroutine.yield

local FINISHED = {} -- what a thread yields first when it is free for the next message
local ENDED = create(function() end) -- stands for every thread that has finished
resume(ENDED)

local known = setmetatable({}, { __mode = "k" }) -- threads that the process has had in its hands
local free

coroutine.running = function()
  local thread, isMain = running()
  known[thread] = true
  return thread, isMain
end

local function serve(fn, ...)
  local thread = running()
  local ok, result = pcall(fn, ...)
  if known[thread] then
    return ok, result
  end
  return serve(yield(FINISHED, ok, result))
end

local function settle(thread, _, mark, ok, result)
  if mark == FINISHED then
    free = thread
    return ENDED, ok, result
  end
  -- It waits in the middle of its work, or the process knows it and it has ended.
  return thread, mark, ok
end

--- Call `fn` in a thread; returns the thread and what it gave first: for a thread that has ended
--- (`ENDED` or its own) that is what `pcall` returns.
function guard.notes.runInThread(fn, ...)
  local thread = free or create(serve)
  free = nil
  return settle(thread, resume(thread, fn, ...))
end

--- Whether `thread` is one that only waits for the next message.
function guard.isFree(thread)
  return thread == free
end


