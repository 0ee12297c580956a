--- BLAKE2b (RFC 7693).
--
-- Not pinned: what is said of a length or a key beyond the limits.

local output = require(".crypto.util.output")
local roots = require(".crypto.digest.roots")

local BLOCK, ROUNDS, LONGEST = 128, 12, 64

local ORDERS = {
  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
  { 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
  { 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
  { 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
  { 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
  { 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
  { 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
  { 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
  { 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
  { 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
}

-- Columns, then diagonals, of the state as a square.
local LINES = {
  { 1, 5, 9, 13 }, { 2, 6, 10, 14 }, { 3, 7, 11, 15 }, { 4, 8, 12, 16 },
  { 1, 6, 11, 16 }, { 2, 7, 12, 13 }, { 3, 8, 9, 14 }, { 4, 5, 10, 15 },
}

local function rotate(word, by)
  return word >> by | word << 64 - by
end

local function mix(state, line, first, second)
  local i, j, k, l = table.unpack(line)
  local a, b, c, d = state[i], state[j], state[k], state[l]
  a = a + b + first
  d = rotate(d ~ a, 32)
  c = c + d
  b = rotate(b ~ c, 24)
  a = a + b + second
  d = rotate(d ~ a, 16)
  c = c + d
  b = rotate(b ~ c, 63)
  state[i], state[j], state[k], state[l] = a, b, c, d
end

--- `count` is how much of the message there was up to here; `mask` is -1 for the last block.
local function compress(chain, block, count, mask)
  local words = { string.unpack("<" .. string.rep("i8", 16), block) }
  local state = table.move(chain, 1, 8, 1, {})
  table.move(roots.square, 1, 8, 9, state)
  state[13], state[15] = state[13] ~ count, state[15] ~ mask
  for round = 0, ROUNDS - 1 do
    local order = ORDERS[round % 10 + 1]
    for index, line in ipairs(LINES) do
      mix(state, line, words[order[2 * index - 1] + 1], words[order[2 * index] + 1])
    end
  end
  for index = 1, 8 do
    chain[index] = chain[index] ~ state[index] ~ state[index + 8]
  end
end

local function padBlock(text)
  return text .. string.rep("\0", BLOCK - #text)
end

local function digest(message, size, key)
  local chain = table.move(roots.square, 1, 8, 1, {})
  chain[1] = chain[1] ~ 0x01010000 ~ #key << 8 ~ size
  local text = #key > 0 and padBlock(key) .. message or message
  local start = 1
  while #text - start >= BLOCK do
    compress(chain, string.sub(text, start, start + BLOCK - 1), start + BLOCK - 1, 0)
    start = start + BLOCK
  end
  compress(chain, padBlock(string.sub(text, start)), #text, -1)
  local whole = string.pack("<" .. string.rep("i8", 8), table.unpack(chain))
  return string.sub(whole, 1, size)
end

---@param size integer? of the digest, in bytes
return function(message, size, key)
  size, key = size or LONGEST, key or ""
  assert(size >= 1 and size <= LONGEST, "a digest has from 1 to 64 bytes")
  assert(#key <= LONGEST, "a key has at most 64 bytes")
  return output.lower(digest(message, size, key))
end
