--- Which messages that were addressed to somebody else a process accepts.

local utils = require(".utils")

local _, notes = ...

local function findIndex(list, name)
  for index, entry in ipairs(list) do
    if entry.name == name then
      return index
    end
  end
end

local assignment = { _version = "0.1.0" }

--- Add the assignment functions to `ao`.
function assignment.init(ao)
  ao.assignables = ao.assignables or {}

  --- Accept what fits `spec`; a name that exists already is given the new spec.
  function ao.addAssignable(...)
    local name, spec
    if select("#", ...) == 1 then
      spec = ...
    else
      name, spec = ...
      assert(type(name) == "string", "MatchSpec name MUST be a string")
    end
    local index = name and findIndex(ao.assignables, name)
    if index then
      ao.assignables[index].pattern = spec
    else
      table.insert(ao.assignables, { pattern = spec, name = name })
    end
  end

  --- Remove by name or by position; what is not there is no error.
  function ao.removeAssignable(key)
    local index = key
    if type(key) == "string" then
      index = findIndex(ao.assignables, key)
    else
      assert(type(key) == "number", "index MUST be a number")
    end
    if index and index > 0 and index <= #ao.assignables then
      table.remove(ao.assignables, index)
    end
  end

  function ao.isAssignment(msg)
    return notes.view(msg).Target ~= ao.id
  end

  function ao.isAssignable(msg)
    for _, assignable in pairs(ao.assignables) do
      if utils.matchesSpec(msg, assignable.pattern) then
        return true
      end
    end
    return false
  end

  return ao
end

return assignment
