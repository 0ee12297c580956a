--- Values that leave in the order in which they came.
--
-- Not pinned: that the module is a function which makes a queue, and the names of its operations.

return function()
  local values, first, last = {}, 1, 0
  local queue = {}

  function queue.push(value)
    last = last + 1
    values[last] = value
  end

  --- The oldest value, which is gone then; nil from an empty queue.
  function queue.pop()
    if first > last then
      return nil
    end
    local value = values[first]
    values[first], first = nil, first + 1
    return value
  end

  function queue.size()
    return last - first + 1
  end

  return queue
end
