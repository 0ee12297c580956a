--- A book of operations that forgets what may be forgotten, and nothing else.
--
-- Entries are numbered within a stream: `M-abcdefgh` for operations, any text for other numbered
-- things (notices of one token). An entry is a table of its user's own with two fields for the
-- book: `at` (milliseconds, set when it is put) and `closed`. It is forgotten when it is closed,
-- older than the horizon (10 x Timeout and 10,000 later numbers) and below Low-Water. Without the
-- third condition an operation that waited longer than the horizon could never be closed.
--
--   make()                                an empty book; keep it in a global
--   stream(id)                            stream and number of an operation id; nil for no id
--   find(book, stream, n)                 the entry or nil
--   put(book, stream, n, entry, now)      add it; returns entry
--   room(book, stream, n)                 make room for number n and return the table it goes into,
--                                         for whoever must set it in one assignment with other
--                                         state; then `at` is theirs to set
--   entries(book, stream)                 all entries by number, to read
--   names(book)                           names of the streams, sorted
--   raiseLowWater(book, stream, n)        the sender's oldest open number, as told; only upward
--   lowWater(book, stream)                what was told; 1 when nothing was
--   isForgotten(book, stream, n)          not there and below Low-Water: answer Duplicate
--   greatestForgotten(book, stream)       the greatest number that was forgotten; 0
--   oldestOpen(book, stream)              the smallest open number, or the greatest number + 1
--   forget(book, stream, now, timeout)    forget the oldest entries, a bounded number at each call;
--                                         returns the entries
local ids = require("lib.ids")
local sorted = require("lib.sorted")

local book = {}

local HORIZON_TIMEOUTS = 10
local HORIZON_NUMBERS = 10000
-- More than one a call, so that a backlog shrinks while new entries come one at a time.
local STEPS = 8

function book.make()
  return { streams = {} }
end

function book.stream(id)
  local kind, prefix, n = ids.parse(id)
  if not kind then
    return nil
  end
  return kind .. "-" .. prefix, n
end

--- @field first the smallest number that may still be here
--- @field open no entry below it is open
local function streamOf(self, name)
  local stream = self.streams[name]
  if not stream then
    stream = { entries = {}, first = 1, open = 1, last = 0, lowWater = 1, forgotten = 0 }
    self.streams[name] = stream
  end
  return stream
end

function book.find(self, name, n)
  local stream = self.streams[name]
  return stream and stream.entries[n] or nil
end

function book.room(self, name, n)
  local stream = streamOf(self, name)
  if stream.last == 0 then
    -- Numbering need not start at 1: a token that lives already sends us its 5,000th notice first.
    stream.first, stream.open = n, n
  end
  stream.first = math.min(stream.first, n)
  stream.open = math.min(stream.open, n)
  stream.last = math.max(stream.last, n)
  return stream.entries
end

function book.put(self, name, n, entry, now)
  entry.at = now
  book.room(self, name, n)[n] = entry
  return entry
end

function book.entries(self, name)
  local stream = self.streams[name]
  return stream and stream.entries or {}
end

function book.names(self)
  return sorted.keys(self.streams)
end

function book.raiseLowWater(self, name, n)
  if n then
    local stream = streamOf(self, name)
    stream.lowWater = math.max(stream.lowWater, n)
  end
end

function book.lowWater(self, name)
  local stream = self.streams[name]
  return stream and stream.lowWater or 1
end

function book.isForgotten(self, name, n)
  return book.find(self, name, n) == nil and n < book.lowWater(self, name)
end

function book.greatestForgotten(self, name)
  local stream = self.streams[name]
  return stream and stream.forgotten or 0
end

function book.oldestOpen(self, name)
  local stream = self.streams[name]
  if not stream then
    return 1
  end
  local entry = stream.entries[stream.open]
  while stream.open <= stream.last and (not entry or entry.closed) do
    stream.open = stream.open + 1
    entry = stream.entries[stream.open]
  end
  return stream.open
end

--- Whether number n of a stream may go: an absent one always.
local function mayForget(stream, n, now, timeout)
  if n >= stream.lowWater or n + HORIZON_NUMBERS > stream.last then
    return false
  end
  local entry = stream.entries[n]
  return entry == nil or (entry.closed and entry.at + HORIZON_TIMEOUTS * timeout < now)
end

function book.forget(self, name, now, timeout)
  local stream, gone = streamOf(self, name), {}
  for _ = 1, STEPS do
    local n = stream.first
    if not mayForget(stream, n, now, timeout) then
      break
    end
    if stream.entries[n] then
      gone[#gone + 1] = stream.entries[n]
      stream.forgotten = n
    end
    stream.entries[n] = nil
    stream.first = n + 1
  end
  return gone
end

return book
