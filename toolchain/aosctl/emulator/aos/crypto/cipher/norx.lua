--- NORX64-4-1, version 3: encryption that notices changes (Aumasson, Jovanovic, Neves, CAESAR).
--
-- Not pinned: the version and parameters, the order of the arguments, that the tag follows the
-- cipher text, that texts come and go as bytes, and the errors.

local output = require(".crypto.util.output")

local ROUNDS, LANES, TAG = 4, 1, 32
local RATE, RATE_WORDS = 96, "<" .. string.rep("i8", 12)
local HEADER, PAYLOAD, TRAILER, FINAL = 1, 2, 4, 8 -- what the state takes in next

-- Columns, then diagonals, of the state as a square.
local LINES = {
  { 1, 5, 9, 13 }, { 2, 6, 10, 14 }, { 3, 7, 11, 15 }, { 4, 8, 12, 16 },
  { 1, 6, 11, 16 }, { 2, 7, 12, 13 }, { 3, 8, 9, 14 }, { 4, 5, 10, 15 },
}

local function rotate(word, by)
  return word >> by | word << 64 - by
end

--- Something like a sum, made of single bits.
local function add(x, y)
  return x ~ y ~ (x & y) << 1
end

local function mix(state, line)
  local i, j, k, l = table.unpack(line)
  local a, b, c, d = state[i], state[j], state[k], state[l]
  a = add(a, b)
  d = rotate(a ~ d, 8)
  c = add(c, d)
  b = rotate(b ~ c, 19)
  a = add(a, b)
  d = rotate(a ~ d, 40)
  c = add(c, d)
  b = rotate(b ~ c, 63)
  state[i], state[j], state[k], state[l] = a, b, c, d
end

local function permute(state, rounds)
  for _ = 1, rounds do
    for _, line in ipairs(LINES) do
      mix(state, line)
    end
  end
end

-- What two rounds make of the numbers from 0 to 15.
local CONSTANTS = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 }
permute(CONSTANTS, 2)

local function addKey(state, key)
  for index = 1, 4 do
    state[12 + index] = state[12 + index] ~ key[index]
  end
end

local function readFour(name, text)
  assert(#text == 32, "the " .. name .. " must have 32 bytes")
  return { string.unpack("<i8i8i8i8", text) }
end

---@return integer[] state, integer[] key
local function start(key, nonce)
  local keyWords = readFour("key", key)
  local state = table.move(CONSTANTS, 1, 16, 1, {})
  table.move(readFour("nonce", nonce), 1, 4, 1, state)
  table.move(keyWords, 1, 4, 5, state)
  addKey(state, { 64, ROUNDS, LANES, 8 * TAG })
  permute(state, ROUNDS)
  addKey(state, keyWords)
  return state, keyWords
end

local function pad(part)
  if #part == RATE - 1 then
    return part .. "\x81"
  end
  return part .. "\x01" .. string.rep("\0", RATE - 2 - #part) .. "\x80"
end

local function enter(state, domain)
  state[16] = state[16] ~ domain
  permute(state, ROUNDS)
end

local function addWords(state, block)
  for index, word in ipairs({ string.unpack(RATE_WORDS, block) }) do
    if index <= 12 then
      state[index] = state[index] ~ word
    end
  end
end

local function readRate(state)
  return string.pack(RATE_WORDS, table.unpack(state, 1, 12))
end

--- The parts of `text`, the last shorter than a block and perhaps empty; none of an empty text.
local function parts(text)
  local place = 1 - RATE
  return function()
    place = place + RATE
    if #text > 0 and place <= #text + 1 then
      return string.sub(text, place, place + RATE - 1)
    end
  end
end

local function padIfShort(part)
  return #part == RATE and part or pad(part)
end

local function absorb(state, text, domain)
  for part in parts(text) do
    enter(state, domain)
    addWords(state, padIfShort(part))
  end
end

local function cover(state, text)
  local results = {}
  for part in parts(text) do
    enter(state, PAYLOAD)
    addWords(state, padIfShort(part))
    results[#results + 1] = string.sub(readRate(state), 1, #part)
  end
  return table.concat(results)
end

--- `part` of the same length as `first`, combined byte by byte.
local function combine(part, first)
  local bytes = {}
  for index = 1, #part do
    bytes[index] = string.char(string.byte(part, index) ~ string.byte(first, index))
  end
  return table.concat(bytes)
end

local function uncover(state, text)
  local results = {}
  for part in parts(text) do
    enter(state, PAYLOAD)
    local plain = combine(part, readRate(state))
    addWords(state, padIfShort(plain))
    results[#results + 1] = plain
  end
  return table.concat(results)
end

local function makeTag(state, key)
  enter(state, FINAL)
  addKey(state, key)
  permute(state, ROUNDS)
  addKey(state, key)
  return string.pack("<i8i8i8i8", table.unpack(state, 13, 16))
end

local norx = {}

--- The cipher text with its tag; `header` and `trailer` are protected, but not in it.
---@param header string?
---@param trailer string?
function norx.encrypt(key, nonce, text, header, trailer)
  local state, keyWords = start(key, nonce)
  absorb(state, header or "", HEADER)
  local encrypted = cover(state, text)
  absorb(state, trailer or "", TRAILER)
  return output.upper(encrypted .. makeTag(state, keyWords))
end

--- An error if anything was changed.
function norx.decrypt(key, nonce, encrypted, header, trailer)
  assert(#encrypted >= TAG, "the cipher text is too short")
  local state, keyWords = start(key, nonce)
  absorb(state, header or "", HEADER)
  local text = uncover(state, string.sub(encrypted, 1, -TAG - 1))
  absorb(state, trailer or "", TRAILER)
  local isTrue = makeTag(state, keyWords) == string.sub(encrypted, -TAG)
  assert(isTrue, "the cipher text, its header, its trailer or the key is not the right one")
  return output.upper(text)
end

return norx
