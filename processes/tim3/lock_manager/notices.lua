--- Which notices of a token were seen before.
-- A message id cannot tell: the same notice pushed again comes under a new one. A token numbers what
-- it sends, so a notice is known by (token, number), and what it said by a checksum.

local amount = require("lib.amount")

local notices = {}

local MAX_DIGITS = 32 -- as many as an Anchor has
local FNV_OFFSET = 0xcbf29ce484222325 -- FNV-1a, 64 bits, wrapping
local FNV_PRIME = 1099511628211
local PIECE = 4096 -- string.byte returns its bytes on the stack, which is small

--- Return the number of a notice in canonical form, or nil if it has none.
---@param reference string|nil tag Reference
---@param legacy string|nil tag Ref_
---@param anchor string|nil
---@return string|nil
function notices.number(reference, legacy, anchor)
  local text = reference or legacy or anchor
  if not text or #text > MAX_DIGITS or not text:find("^%d+$") then
    return nil
  end
  return (text:gsub("^0+(%d)", "%1"))
end

local function checksum(text)
  local sum = FNV_OFFSET
  for start = 1, #text, PIECE do
    for _, byte in ipairs({ text:byte(start, start + PIECE - 1) }) do
      sum = (sum ~ byte) * FNV_PRIME
    end
  end
  return sum
end

--- Return what a notice said, short enough to keep: equal notices give equal texts.
-- No secret hangs on it: a sender who finds a collision makes a replay of a stray, nothing more.
---@param sender string
---@param quantity string
---@param xTags table list of {name, value}
---@return string
function notices.gist(sender, quantity, xTags)
  local lines = {}
  for place, tag in ipairs(xTags) do
    lines[place] = #tag.name .. ":" .. tag.name:lower() .. "=" .. tag.value
  end
  table.sort(lines)
  return ("%s %s %x"):format(sender, quantity, checksum(table.concat(lines, "\n")))
end

--- Return the memory of one token before its first notice.
---@return table
function notices.empty()
  return { seen = {}, forgotten = "0" }
end

--- Return what is known of a notice: "new", "again", "other" (same number, other content) or
-- "forgotten", and the operation that the first one opened.
---@param memory table
---@param number string
---@param gist string
---@return string, string|nil operationId
function notices.compare(memory, number, gist)
  local known = memory.seen[number]
  if known then
    return known.gist == gist and "again" or "other", known.opened
  end
  if amount.compare(number, memory.forgotten) <= 0 then
    return "forgotten"
  end
  return "new"
end

--- Forget one notice: from now on no unknown number up to it counts as new.
---@param memory table
---@param number string
function notices.forget(memory, number)
  memory.forgotten = amount.max(memory.forgotten, number)
  memory.seen[number] = nil
end

return notices
