--- MORUS-1280, version 2: encryption that notices changes (Wu and Huang, CAESAR 2016).
--
-- Not pinned: the order of the arguments, that the tag follows the cipher text, that texts come and
-- go as bytes, and the errors.

local output = require(".crypto.util.output")

local BLOCK, TAG, WORDS = 32, 16, "<i8i8i8i8"
local START_ROUNDS, END_ROUNDS = 16, 10
local TURNS = { 13, 46, 38, 7, 4 } -- by bits within each word
local MOVES = { 1, 2, 3, 2, 1 } -- by words within a part

-- The Fibonacci numbers modulo 256.
local CONSTANT = { 0x0d08050302010100, 0x6279e99059372215, 0xf12fc26d55183ddb, 0xdd28b57342311120 }
local ZERO = { 0, 0, 0, 0 }

--- One step: the five parts change in turn, each but the first by `message` too.
local function update(state, message)
  for index = 0, 4 do
    local part, other = state[index + 1], state[(index + 3) % 5 + 1]
    local second, third = state[(index + 1) % 5 + 1], state[(index + 2) % 5 + 1]
    local turn, move, moved = TURNS[index + 1], MOVES[index + 1], {}
    for word = 1, 4 do
      local x = part[word] ~ second[word] & third[word] ~ other[word]
      x = index > 0 and x ~ message[word] or x
      part[word] = x << turn | x >> 64 - turn
      moved[(word + move - 1) % 4 + 1] = other[word]
    end
    state[(index + 3) % 5 + 1] = moved
  end
end

local function start(key, iv)
  assert(#key == 16 or #key == 32, "the key must have 16 or 32 bytes")
  assert(#iv == 16, "the initial value must have 16 bytes")
  local keyWords = { string.unpack(WORDS, #key == 16 and key .. key or key) }
  local state = {
    { string.unpack(WORDS, iv .. string.rep("\0", 16)) },
    table.move(keyWords, 1, 4, 1, {}),
    { -1, -1, -1, -1 },
    { 0, 0, 0, 0 },
    table.move(CONSTANT, 1, 4, 1, {}),
  }
  for _ = 1, START_ROUNDS do
    update(state, ZERO)
  end
  for word = 1, 4 do
    state[2][word] = state[2][word] ~ keyWords[word]
  end
  return state
end

--- What covers the next block.
local function makeCover(state)
  local first, second, third, fourth = table.unpack(state)
  local cover = {}
  for word = 1, 4 do
    cover[word] = first[word] ~ second[word % 4 + 1] ~ third[word] & fourth[word]
  end
  return cover
end

--- Block by block: its words, and how many of its bytes are there.
local function blocks(text)
  local place = 1 - BLOCK
  return function()
    place = place + BLOCK
    if place <= #text then
      local part = string.sub(text, place, place + BLOCK - 1)
      return { string.unpack(WORDS, part .. string.rep("\0", BLOCK - #part)) }, #part
    end
  end
end

local function absorb(state, header)
  for block in blocks(header) do
    update(state, block)
  end
end

local function combine(block, cover, size)
  local covered = {}
  for word = 1, 4 do
    covered[word] = block[word] ~ cover[word]
  end
  return string.sub(string.pack(WORDS, table.unpack(covered)), 1, size)
end

--- Cover `text` or uncover it; the state takes in what is plain.
local function process(state, text, isPlain)
  local results = {}
  for block, size in blocks(text) do
    local result = combine(block, makeCover(state), size)
    update(state, isPlain and block or blocks(result)())
    results[#results + 1] = result
  end
  return table.concat(results)
end

local function makeTag(state, headerSize, textSize)
  for word = 1, 4 do
    state[5][word] = state[5][word] ~ state[1][word]
  end
  for _ = 1, END_ROUNDS do
    update(state, { headerSize * 8, textSize * 8, 0, 0 })
  end
  return string.sub(string.pack(WORDS, table.unpack(makeCover(state))), 1, TAG)
end

local morus = {}

--- The cipher text with its tag; `header` is protected, but not in it.
---@param header string?
function morus.encrypt(key, iv, text, header)
  header = header or ""
  local state = start(key, iv)
  absorb(state, header)
  local encrypted = process(state, text, true)
  return output.upper(encrypted .. makeTag(state, #header, #text))
end

--- An error if anything was changed.
function morus.decrypt(key, iv, encrypted, header)
  header = header or ""
  assert(#encrypted >= TAG, "the cipher text is too short")
  local state, size = start(key, iv), #encrypted - TAG
  absorb(state, header)
  local text = process(state, string.sub(encrypted, 1, size), false)
  local isTrue = makeTag(state, #header, size) == string.sub(encrypted, size + 1)
  assert(isTrue, "the cipher text, its header or the key is not the right one")
  return output.upper(text)
end

return morus
