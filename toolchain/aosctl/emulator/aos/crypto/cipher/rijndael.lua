--- The block cipher behind AES (FIPS 197).
--
-- A block is a list of its 16 bytes, which the standard writes as a square column by column.

local galois = require(".crypto.cipher.galois")

local SIZE, COLUMN = 16, 4
local SUBSTITUTE, ORIGINAL, PRODUCTS = galois.SUBSTITUTE, galois.ORIGINAL, galois.PRODUCTS

-- Where the byte at each place comes from when the rows are shifted, and back.
local SHIFTED, UNSHIFTED = {}, {}
for place = 0, SIZE - 1 do
  local from = (place + place % COLUMN * COLUMN) % SIZE
  SHIFTED[place + 1], UNSHIFTED[from + 1] = from + 1, place + 1
end

--- Return the function that mixes columns with these coefficients.
local function makeMix(first, second, third, fourth)
  local p, q, r, s = PRODUCTS[first], PRODUCTS[second], PRODUCTS[third], PRODUCTS[fourth]
  return function(state)
    for start = 1, SIZE, COLUMN do
      local a, b, c, d = table.unpack(state, start, start + 3)
      state[start] = p[a] ~ q[b] ~ r[c] ~ s[d]
      state[start + 1] = s[a] ~ p[b] ~ q[c] ~ r[d]
      state[start + 2] = r[a] ~ s[b] ~ p[c] ~ q[d]
      state[start + 3] = q[a] ~ r[b] ~ s[c] ~ p[d]
    end
  end
end

local mixColumns, unmixColumns = makeMix(2, 3, 1, 1), makeMix(14, 11, 13, 9)

--- The bytes of `state` replaced by `substitutes` and moved as `places` says.
local function substituteAndShift(state, substitutes, places)
  local changed = {}
  for index = 1, SIZE do
    changed[index] = substitutes[state[places[index]]]
  end
  return changed
end

local function addRoundKey(state, schedule, round)
  for index = 1, SIZE do
    state[index] = state[index] ~ schedule[round * SIZE + index]
  end
end

--- The four bytes before `place`, changed as the standard says before each new part of a schedule.
local function changeColumn(schedule, place, constant)
  local a, b, c, d = table.unpack(schedule, place - 4, place - 1)
  return { SUBSTITUTE[b] ~ constant, SUBSTITUTE[c], SUBSTITUTE[d], SUBSTITUTE[a] }
end

--- The keys of all rounds, one behind the other.
local function expandKey(key, rounds)
  local schedule, constant = { string.byte(key, 1, #key) }, 1
  for place = #key + 1, (rounds + 1) * SIZE, COLUMN do
    local column = table.move(schedule, place - 4, place - 1, 1, {})
    local offset = (place - 1) % #key
    if offset == 0 then
      column, constant = changeColumn(schedule, place, constant), galois.double(constant)
    elseif #key > 24 and offset == SIZE then
      for index = 1, COLUMN do
        column[index] = SUBSTITUTE[column[index]]
      end
    end
    for index = 1, COLUMN do
      schedule[place + index - 1] = schedule[place + index - 1 - #key] ~ column[index]
    end
  end
  return schedule
end

local function encrypt(block, schedule, rounds)
  local state = { string.byte(block, 1, SIZE) }
  addRoundKey(state, schedule, 0)
  for round = 1, rounds do
    state = substituteAndShift(state, SUBSTITUTE, SHIFTED)
    if round < rounds then
      mixColumns(state)
    end
    addRoundKey(state, schedule, round)
  end
  return string.char(table.unpack(state))
end

local function decrypt(block, schedule, rounds)
  local state = { string.byte(block, 1, SIZE) }
  for round = rounds, 1, -1 do
    addRoundKey(state, schedule, round)
    if round < rounds then
      unmixColumns(state)
    end
    state = substituteAndShift(state, ORIGINAL, UNSHIFTED)
  end
  addRoundKey(state, schedule, 0)
  return string.char(table.unpack(state))
end

--- Return the function that makes a cipher from a key of `keySize` bytes.
return function(keySize)
  local rounds = keySize // COLUMN + 6
  return function(key)
    assert(#key == keySize, "the key must have " .. keySize .. " bytes")
    local schedule = expandKey(key, rounds)
    return {
      encrypt = function(block)
        return encrypt(block, schedule, rounds)
      end,
      decrypt = function(block)
        return decrypt(block, schedule, rounds)
      end,
    }
  end
end
