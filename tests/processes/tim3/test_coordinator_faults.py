"""An error anywhere in the coordinator, where errors keep what was written: no half of a change."""

from __future__ import annotations

import json

import pytest

from tests.processes.tim3.coordinator_stage import CoordinatorStage
from tests.processes.tim3.test_faults import FAIL_EVERYWHERE

# The truth agrees with itself at once, and every index with it after the recovery.
CHECK = """
local function number(text)
  return math.tointeger(tonumber(text or "0"))
end
local function sum(map)
  local result = 0
  for _, value in pairs(map) do
    result = result + number(value)
  end
  return result
end
local function size(map)
  local result = 0
  for _ in pairs(map) do
    result = result + 1
  end
  return result
end
local BURNED = { unlocking = true, ["unlock-failed"] = true, done = true }
local UNDECIDED = { minting = true, cancelling = true }
local function check(n)
  local minted, undecided, open, reserved = 0, 0, 0, 0
  for _, stream in pairs(Operations.book.streams) do
    for _, op in pairs(stream.entries) do
      local quantity, isMint = number(op.quantity), op.kind == "mint"
      local isUndecided, isMinted = isMint and UNDECIDED[op.phase], isMint and op.phase == "minted"
      minted = minted + (isMinted and quantity or 0) - (BURNED[op.phase] and quantity or 0)
      undecided = undecided + (isUndecided and quantity or 0)
      open = open + (op.closed and 0 or 1)
      local isReserved = isUndecided or isMinted or false
      assert((Window.mints[op.id] ~= nil) == isReserved, "the window at " .. n)
      reserved = reserved + (isReserved and quantity or 0)
    end
  end
  assert(number(Accounts.minted) == minted, "minted at " .. n)
  assert(number(Accounts.collateral) == minted, "collateral at " .. n)
  assert(sum(Accounts.positions) == minted, "positions at " .. n)
  for _, handler in ipairs(IsMidway and Handlers.list or {}) do
    if handler.name == "recovery" then
      handler.handle({})
    end
  end
  assert(Operations.open == open, "open at " .. n)
  assert(number(Operations.minting) == undecided, "minting at " .. n)
  assert(Operations.waiting.size + Operations.overdue.size == open, "lines at " .. n)
  assert(number(Window.used) == reserved, "used at " .. n)
  assert(Updates.order.size == size(Updates.ofUser), "updates at " .. n)
  assert(size(Updates.userOf) == size(Updates.ofUser), "seqs at " .. n)
end
"""


def lua(tags: dict[str, str]) -> str:
    """Return tags as a Lua list; `#` is the number of the operation, `~` of the one before."""
    value = '(({}):gsub("#", number):gsub("~", number - 1))'
    pairs = (
        f"{{ name = {json.dumps(k)}, value = {value.format(json.dumps(v))} }}"
        for k, v in tags.items()
    )
    return f"{{ {', '.join(pairs)} }}"


class Faults:
    """A coordinator that is made to fail at every call that a message makes."""

    def __init__(self, stage: CoordinatorStage) -> None:
        self.stage = stage
        self.before: list[str] = []

    def precede(self, sender: str, action: str, **tags: str) -> None:
        """Let each attempt follow a message that goes well."""
        said = lua(self._tags(action, tags))
        self.before.append(f'deliver("{self._address(sender)}", {said}, math.huge)')

    def attempt(self, sender: str, action: str, **tags: str) -> int:
        """Return how often the handler was made to fail; the check holds after each time."""
        listed = ", ".join(
            f"[{json.dumps(k)}] = {json.dumps(v)}" for k, v in self._tags(action, tags).items()
        )
        steps = " ".join(self.before)
        code = FAIL_EVERYWHERE.format(
            tags=f"{{ {listed} }}",
            sender=self._address(sender),
            check=f"check(n) do local number = n + 1 {steps} end",
        )
        return int(self.stage.actor.evaluate(f"{CHECK}\n{code}"))

    def _address(self, name: str) -> str:
        return self.stage.address(name)

    @staticmethod
    def _tags(action: str, tags: dict[str, str]) -> dict[str, str]:
        return {"Action": action, **{k.replace("_", "-"): v for k, v in tags.items()}}


@pytest.fixture
def faults(coordinator: CoordinatorStage) -> Faults:
    return Faults(coordinator)


@pytest.fixture
def lock(coordinator: CoordinatorStage) -> dict[str, str]:
    """What the lock manager says of a new lock."""
    alice = coordinator.address("alice")
    op_id = "M-abcdefgh-#"
    return {
        "Op_Id": op_id,
        "Lock_Id": op_id,
        "User": alice,
        "Recipient": alice,
        "Quantity": "7",
        "Low_Water": "1",
    }


@pytest.mark.parametrize("paused", ["true", "false"])
def test_a_lock_becomes_a_whole_operation_or_none(
    coordinator: CoordinatorStage, faults: Faults, lock: dict[str, str], paused: str
) -> None:
    coordinator.pause("mint", paused)
    assert faults.attempt("lock_manager", "LockCollateral-Success", **lock) > 100


def test_a_tombstone_is_there_or_not(faults: Faults) -> None:
    assert faults.attempt("lock_manager", "Cancel-Lock", Op_Id="M-abcdefgh-#") > 50


@pytest.mark.parametrize("action", ["Mint-Response", "Mint-Cancelled"])
def test_a_mint_is_decided_as_a_whole(
    coordinator: CoordinatorStage, faults: Faults, lock: dict[str, str], action: str
) -> None:
    faults.precede("lock_manager", "LockCollateral-Success", **lock)
    said = {"Op_Id": lock["Op_Id"], "Recipient": lock["Recipient"], "Quantity": "7"}
    assert faults.attempt("token_manager", action, **said) > 100


def test_a_consumed_lock_closes_its_mint_as_a_whole(faults: Faults, lock: dict[str, str]) -> None:
    faults.precede("lock_manager", "LockCollateral-Success", **lock)
    said = {"Op_Id": lock["Op_Id"], "Recipient": lock["Recipient"], "Quantity": "7"}
    faults.precede("token_manager", "Mint-Response", **said)
    assert faults.attempt("lock_manager", "Consume-Lock-Response", Op_Id=lock["Op_Id"]) > 30


def test_a_redeem_is_opened_as_a_whole(faults: Faults) -> None:
    said = {"Quantity": "7", "Request_Id": "request #"}
    assert faults.attempt("alice", "RedeemTIM3", **said) > 50


@pytest.fixture
def redeems(coordinator: CoordinatorStage, faults: Faults) -> str:
    """Each attempt has a redeem of its own, and the one before is closed; its id."""
    coordinator.mint(1, "100000")
    coordinator.redeem("7")  # so that the nth attempt is about R-n
    op_id = coordinator.redeem_id(1).removesuffix("1")
    faults.precede("token_manager", "Burn-Cancelled", Op_Id=f"{op_id}~")
    faults.precede("lock_manager", "UnlockCollateral-Success", Op_Id=f"{op_id}~", Quantity="7")
    faults.precede("alice", "RedeemTIM3", Quantity="7")
    return f"{op_id}#"


@pytest.mark.parametrize("action", ["Burn-Response", "Burn-Cancelled"])
def test_a_redeem_is_decided_as_a_whole(
    coordinator: CoordinatorStage, faults: Faults, redeems: str, action: str
) -> None:
    said = {"Op_Id": redeems, "User": coordinator.address("alice"), "Quantity": "7"}
    assert faults.attempt("token_manager", action, **said) > 50


@pytest.mark.parametrize("action", ["UnlockCollateral-Success", "UnlockCollateral-Error"])
def test_a_redeem_is_paid_as_a_whole(
    coordinator: CoordinatorStage, faults: Faults, redeems: str, action: str
) -> None:
    said = {"Op_Id": redeems, "User": coordinator.address("alice"), "Quantity": "7"}
    faults.precede("token_manager", "Burn-Response", **said)
    assert faults.attempt("lock_manager", action, Op_Id=redeems, Quantity="7") > 50


@pytest.mark.parametrize("action", ["Sweep-Expired", "Need-Replay", "UpdatePosition-Response"])
def test_upkeep_leaves_everything_whole(faults: Faults, lock: dict[str, str], action: str) -> None:
    faults.precede("lock_manager", "LockCollateral-Success", **lock)
    said = {"Op_Id": lock["Op_Id"], "Recipient": lock["Recipient"], "Quantity": "7"}
    faults.precede("token_manager", "Mint-Response", **said)
    assert faults.attempt("state_manager", action, Seq="#") > 30


def test_what_was_not_indexed_can_be_found_again(coordinator: CoordinatorStage) -> None:
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
