"""An error anywhere in the coordinator, where errors keep what was written: no half of a change."""

from __future__ import annotations

import json

import pytest

from tests.processes.tim3.coordinator_stage import CoordinatorStage
from tests.processes.tim3.test_faults import FAIL_EVERYWHERE

# The truth agrees with itself at once, and every index with it after the recovery.
CHECK = """
  local function number(text) return math.tointeger(tonumber(text)) end
  local minted, undecided, open, reserved = 0, 0, 0, 0
  for _, stream in pairs(Operations.book.streams) do
    for _, op in pairs(stream.entries) do
      local quantity = number(op.quantity)
      local isUndecided = op.kind == "mint" and (op.phase == "minting" or op.phase == "cancelling")
      minted = minted + (op.phase == "minted" and quantity or 0)
      if op.kind == "redeem" and op.phase ~= "burning" and op.phase ~= "rejected" then
        minted = minted - quantity
      end
      undecided = undecided + (isUndecided and quantity or 0)
      open = open + (op.closed and 0 or 1)
      local isReserved = op.kind == "mint" and (isUndecided or op.phase == "minted")
      assert((Window.mints[op.id] ~= nil) == isReserved, "the window at " .. n)
      reserved = reserved + (isReserved and quantity or 0)
    end
  end
  local positions, awaited = 0, 0
  for _, position in pairs(Accounts.positions) do positions = positions + number(position) end
  for _, update in pairs(Updates.ofUser) do awaited = awaited + 1 end
  assert(number(Accounts.minted) == minted and Accounts.minted == Accounts.collateral, "totals at " .. n)
  assert(positions == minted, "positions at " .. n)
  for _, handler in ipairs(IsMidway and Handlers.list or {}) do
    if handler.name == "recovery" then
      handler.handle({})
    end
  end
  assert(Operations.open == open, "open at " .. n)
  assert(number(Operations.minting) == undecided, "minting at " .. n)
  assert(Operations.waiting.size + Operations.overdue.size == open, "lines at " .. n)
  assert(number(Window.used) == reserved, "window at " .. n)
  assert(Updates.order.size == awaited, "updates at " .. n)
"""

# Opens operation n as if it had come this far; the way there is tested elsewhere.
OPEN_NEXT = """
  local op = {{ id = "{letter}-abcdefgh-" .. n + 1, kind = "{kind}", phase = "{phase}",
    user = "{user}", recipient = "{user}", quantity = "7", closed = false,
    since = LastNow, at = LastNow }}
  local place, key = Operations.book.streams["{letter}-abcdefgh"] or {{ entries = {{}}, first = 1,
    open = 1, last = 0, lowWater = 1, forgotten = 0 }}, n + 1
  Operations.book.streams["{letter}-abcdefgh"] = place
  place.entries[key], place.last = op, key
  if op.phase == "minting" then
    Window.mints[op.id] = {{ id = op.id, user = op.user, quantity = "7", at = LastNow }}
  elseif op.phase == "unlocking" then
    local position = Accounts.positions["{user}"] or "0"
    Accounts.positions["{user}"] = tostring(math.tointeger(tonumber(position)) - 7)
  end
  IsMidway = true
"""


def fail_everywhere(
    stage: CoordinatorStage, sender: str, action: str, *, each: str = "", **tags: str
) -> int:
    """Return how often the handler was made to fail; the check holds after each time."""
    said = {"Action": action} | {name.replace("_", "-"): value for name, value in tags.items()}
    listed = ", ".join(f"[{json.dumps(name)}] = {json.dumps(said[name])}" for name in said)
    code = FAIL_EVERYWHERE.format(
        tags=f"{{ {listed} }}", sender=stage.address(sender), check=f"check(n) {each}"
    )
    recover = "for _, h in ipairs(Handlers.list) do if h.name == 'recovery' then h.handle({}) end end"
    return int(stage.actor.evaluate(f"local function check(n)\n{CHECK}\nend\n{code}"))


@pytest.mark.parametrize("phase", ["", "paused"])
def test_a_lock_becomes_a_whole_operation_or_none(
    coordinator: CoordinatorStage, phase: str
) -> None:
    if phase == "paused":
        coordinator.pause("mint")
    alice = coordinator.address("alice")
    failed = fail_everywhere(
        coordinator,
        "lock_manager",
        "LockCollateral-Success",
        Op_Id="M-abcdefgh-#",
        Lock_Id="M-abcdefgh-#",
        User=alice,
        Recipient=alice,
        Quantity="7",
        Low_Water="1",
    )
    assert failed > 100


def test_a_tombstone_is_there_or_not(coordinator: CoordinatorStage) -> None:
    code = CHECK.replace("number(op.quantity)", 'number(op.quantity or "0")')
    assert code != CHECK
    failed = fail_everywhere(coordinator, "lock_manager", "Cancel-Lock", Op_Id="M-abcdefgh-#")
    assert failed > 50


@pytest.mark.parametrize("action", ["Mint-Response", "Mint-Cancelled"])
def test_a_mint_is_decided_as_a_whole(coordinator: CoordinatorStage, action: str) -> None:
    prepare(coordinator, "minting")
    failed = fail_everywhere(
        coordinator,
        "token_manager",
        action,
        Op_Id="M-abcdefgh-#",
        Recipient=coordinator.address("alice"),
        Quantity="7",
    )
    assert failed > 100


def test_a_redeem_is_opened_as_a_whole(coordinator: CoordinatorStage) -> None:
    failed = fail_everywhere(
        coordinator, "alice", "RedeemTIM3", Quantity="7", Request_Id="request #"
    )
    assert failed > 50


def test_what_is_indexed_after_an_error_can_be_found(coordinator: CoordinatorStage) -> None:
    """The index is made anew before the next message, so a sweep meets every operation."""
    coordinator.lock(1, "10")
    coordinator.redeem("4", Request_Id="first")
    coordinator.actor.evaluate(
        "Operations.waiting, Operations.overdue = { size = 0, after = {}, before = {} },"
        " { size = 0, after = {}, before = {} }\n"
        "Operations.open, Operations.minting, Operations.requests = 7, '1', {}\n"
        "Window.used, Window.users = '999', {}\n"
        "IsMidway = true"
    )
    assert coordinator.health["openOperations"] == 2
    (again,) = coordinator.redeem("4", Request_Id="first")
    assert again.action == "BurnTIM3-Pending"
    assert coordinator.published["minting"] == coordinator.published["windowused"] == "10"
    coordinator.advance(300_001)
    assert coordinator.heard(coordinator.sweep()) == [
        ("token_manager", "Cancel-Mint"),
        ("token_manager", "Cancel-Burn"),
    ]
