"""
An error anywhere, where errors keep what was written: all of a change stands, or none of it.

The functions of Lua and `ao.send` fail, at the first call, then at the second, and so on, each time
with a fresh message, until one passes.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent

StartProcess = Callable[..., Actor]
Configure = Callable[..., Sent]
ALICE, BOB, CAROL = (name_address(name) for name in ("alice", "bob", "carol"))

FAIL_EVERYWHERE = """
local calls, failAt, next_ = 0, math.huge, next
local function faulty(fn)
  return function(...)
    calls = calls + 1
    if calls == failAt then
      error("injected")
    end
    return fn(...)
  end
end
local places = {{
  {{ ao, {{ "send" }} }},
  {{ _G, {{ "ipairs", "pairs", "tostring", "tonumber", "type", "next", "setmetatable" }} }},
  {{ string, {{ "format", "sub", "gsub", "find", "match", "lower", "rep", "gmatch", "byte" }} }},
  {{ table, {{ "concat", "sort", "move", "insert", "remove" }} }},
  {{ math, {{ "max", "min", "tointeger", "type" }} }},
}}
local function exchange(make)
  for _, place in next_, places do
    for _, name in next_, place[2] do
      place[1][name] = make(place[1], name)
    end
  end
end
local true_ = {{}}
exchange(function(where, name)
  true_[name .. tostring(where)] = where[name]
  return where[name]
end)
local tostring_, pcall_ = tostring, pcall
local function deliver(from, tagList, at)
  local msg = {{ From = from, Owner = from, Target = ao.id, TagArray = tagList, Timestamp = 1 }}
  local evaluate, env = Handlers.evaluate, ao.env
  calls, failAt = 0, at
  exchange(function(where, name)
    return faulty(true_[name .. tostring_(where)])
  end)
  local ok = pcall_(evaluate, msg, env)
  exchange(function(where, name)
    return true_[name .. tostring_(where)]
  end)
  return not ok
end
local failed, n = 0, 0
repeat
  n = n + 1
  local tagList = {{}}
  for name, value in pairs({tags}) do
    tagList[#tagList + 1] = {{ name = name, value = (value:gsub("#", tostring(n))) }}
  end
  local hasFailed = deliver("{sender}", tagList, n)
  failed = failed + (hasFailed and 1 or 0)
  {check}
until not hasFailed
return tostring(failed)
"""

SUM_IS_SUPPLY = """
  local sum, holders = 0, 0
  for _, balance in pairs(Ledger.balances) do
    sum, holders = sum + math.tointeger(tonumber(balance)), holders + 1
  end
  assert(tostring(sum) == Ledger.supply and holders == Ledger.holders, "balances at " .. n)
  assert(tostring(sum) == tostring(Ledger.minted - Ledger.burned | 0), "totals at " .. n)
"""


def fail_everywhere(actor: Actor, sender: str, tags: dict[str, str], check: str) -> int:
    """Return how often the handler was made to fail; `check` holds after each time."""
    listed = ", ".join(
        f"[{json.dumps(name)}] = {json.dumps(value)}" for name, value in tags.items()
    )
    code = FAIL_EVERYWHERE.format(
        tags=f"{{ {listed} }}", sender=name_address(sender), check=SUM_IS_SUPPLY + check
    )
    return int(actor.evaluate(code))


@pytest.fixture
def token(start: StartProcess, configure: Configure) -> Actor:
    token = start("token_manager")
    configure(token, "token_manager")
    tags = {"Op-Id": "M-lockmana-1", "Recipient": ALICE, "Quantity": "1000000"}
    token.send("coordinator", "Mint", tags)
    return token


def test_a_mint_is_decided_and_done_or_neither(token: Actor) -> None:
    check = """
      local entry = Operations.streams["M-failmint"] and Operations.streams["M-failmint"].entries[n]
      local got = Ledger.balances["{bob}"] or "0"
      Before = Before or "0"
      assert((entry ~= nil) == (got ~= Before), "decision at " .. n)
      Before = got
    """.replace("{bob}", BOB)
    tags = {"Action": "Mint", "Op-Id": "M-failmint-#", "Recipient": BOB, "Quantity": "7"}
    assert fail_everywhere(token, "coordinator", tags, check) > 200


def test_a_burn_is_decided_and_done_or_neither(token: Actor) -> None:
    check = """
      local entry = Operations.streams["R-failburn"] and Operations.streams["R-failburn"].entries[n]
      local got = Ledger.balances["{alice}"]
      Before = Before or "1000000"
      assert((entry ~= nil) == (got ~= Before), "decision at " .. n)
      Before = got
    """.replace("{alice}", ALICE)
    tags = {"Action": "Burn", "Op-Id": "R-failburn-#", "User": ALICE, "Quantity": "7"}
    assert fail_everywhere(token, "coordinator", tags, check) > 200


@pytest.mark.parametrize("op_id", ["R-failmove-#", "text #"])
def test_a_transfer_is_known_as_executed_and_done_or_neither(
    start: StartProcess, op_id: str
) -> None:
    usda = start("mock_usda")
    usda.send("deployer", "Mint", {"Recipient": ALICE, "Quantity": "1000000"})
    check = """
      local known, entry = Executed["{alice}"], nil
      if known then
        local number = known.names["text " .. n]
        local stream = known.book.streams[number and "*" or "R-failmove"]
        entry = stream and stream.entries[number or n]
      end
      local got = Ledger.balances["{carol}"] or "0"
      Before = Before or "0"
      assert((entry ~= nil) == (got ~= Before), "execution at " .. n)
      Before = got
    """
    check = check.replace("{alice}", ALICE).replace("{carol}", CAROL)
    tags = {"Action": "Transfer", "X-Op-Id": op_id, "Recipient": CAROL, "Quantity": "7"}
    assert fail_everywhere(usda, "alice", tags, check) > 200
