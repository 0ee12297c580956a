--- A line of names, first in first out, from whose middle any name can be taken at equal cost.
--
-- Sweeps work through what is open a few at a time and go on where they stopped; what is closed
-- leaves the line wherever it stands. A sorted list would cost its length at each of these.
--
--   make()             an empty queue, plain tables; keep it in a global
--   push(queue, name)  name goes to the end, also when it was in the line already
--   remove(queue, name)  name leaves; unknown names are fine
--   first(queue)       the name that waits longest, or nil
--   after(queue, name) the name behind it, or nil
--   size(queue)        how many wait
local queue = {}

-- Marks the missing neighbour: both ends of the line are neighbours of "".
local NOBODY = ""

function queue.make()
  return { size = 0, after = {}, before = {} }
end

local function link(self, left, right)
  self.after[left] = right
  self.before[right] = left
end

function queue.remove(self, name)
  if not self.after[name] or name == NOBODY then
    return
  end
  link(self, self.before[name], self.after[name])
  self.after[name], self.before[name] = nil, nil
  self.size = self.size - 1
end

function queue.push(self, name)
  queue.remove(self, name)
  link(self, self.before[NOBODY] or NOBODY, name)
  link(self, name, NOBODY)
  self.size = self.size + 1
end

local function nameOrNil(name)
  if name == NOBODY then
    return nil
  end
  return name
end

function queue.first(self)
  return nameOrNil(self.after[NOBODY])
end

function queue.after(self, name)
  return nameOrNil(self.after[name])
end

function queue.size(self)
  return self.size
end

return queue
