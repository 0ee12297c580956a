--- Tables whose fields are made when somebody looks.
--
-- Most of what aos makes for a message is thrown away unseen: the environment, the outbox as
-- tables, what `Send` returns. A promise keeps what it would be made of, and is a plain table from
-- the first look on.

local guard, veil = ...

local error, type = error, type
local raw = veil.raw
local next, rawget, rawlen, setmetatable = raw.next, raw.rawget, raw.rawlen, raw.setmetatable

local KEPT = {} -- the one key of a promise

local promise = {}

--- A kind of promise; `fill(tbl, kept)` puts the fields into an empty table.
function promise.kind(fill)
  local kind = {}

  local function keep(tbl)
    local kept = tbl[KEPT]
    setmetatable(tbl, nil)
    tbl[KEPT] = nil
    fill(tbl, kept)
  end

  function kind.__index(tbl, key)
    keep(tbl)
    return tbl[key]
  end

  function kind.__newindex(tbl, key, value)
    keep(tbl)
    if key == nil or key ~= key then
      error("table index is " .. (key == nil and "nil" or "NaN"), 2)
    end
    tbl[key] = value
  end

  function kind.__len(tbl)
    keep(tbl)
    return #tbl
  end

  function kind.__pairs(tbl)
    keep(tbl)
    return next, tbl, nil
  end

  veil.add(kind, {
    lift = keep,
    next = function(tbl, key)
      keep(tbl)
      return next(tbl, key)
    end,
    get = kind.__index,
    set = kind.__newindex,
    len = function(tbl)
      keep(tbl)
      return rawlen(tbl)
    end,
  })
  return kind
end

--- A new table of that kind. `kept` is what `fill` will be given.
function promise.make(kind, kept)
  return setmetatable({ [KEPT] = kept }, kind)
end

--- What an unfulfilled promise keeps; nil for anything else.
function promise.kept(value)
  return type(value) == "table" and rawget(value, KEPT) or nil
end

guard.notes.promise = promise
