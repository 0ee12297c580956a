"""
A handler of any process fails at any of its sends, in the middle of a mint and a redeem.

Under `hyper` the half before the error stays and the next send works; under `aos` the message is
undone, and so is the count, so that the process fails until it is mended. Either way the sweeps
bring everything to an end at which every total agrees.
"""

from __future__ import annotations

import pytest

from aosctl.emulator.profile import Profile
from aosctl.message import make_tags, name_address
from aosctl.testing.stage import Actor, Stage
from tests.processes.tim3.cast import ROLES
from tests.processes.tim3.ensemble import Ensemble

ALICE = name_address("alice")
BREAK = """
TrueSend, SendsLeft = ao.send, {nth}
function ao.send(message)
  SendsLeft = SendsLeft - 1
  if SendsLeft == 0 then
    error("broken on purpose")
  end
  return TrueSend(message)
end
"""
MEND = "ao.send, TrueSend, SendsLeft = TrueSend, nil, nil"
TIMEOUT_MS = 300_000
# More than any process sends in a mint and a redeem: a place that is not reached breaks nothing.
PLACES = range(1, 15)


@pytest.fixture
def tim3(stage: Stage, system: dict[str, Actor]) -> Ensemble:
    """TIM3, ready, and alice with a thousand units of collateral."""
    ensemble = Ensemble(stage, system)
    ensemble.fund("alice", "1000")
    return ensemble


def send(tim3: Ensemble, role: str, tags: dict[str, str]) -> bool:
    """Send as alice and deliver everything; return whether a handler failed."""
    world = tim3.stage.world
    world.send(sender=ALICE, target=tim3.actors[role].id, tags=make_tags(tags))
    results = [step.result for step in world.run()]
    return any(result is not None and result.failed for result in results)


def settle(tim3: Ensemble) -> None:
    """Let everything come to its end."""
    for _ in range(4):
        tim3.stage.advance(3 * TIMEOUT_MS + 1)
        tim3.sweep()


@pytest.mark.parametrize("nth", PLACES)
@pytest.mark.parametrize("role", ROLES)
def test_after_an_error_anywhere_everything_comes_to_agree(
    tim3: Ensemble, profile: Profile, role: str, nth: int
) -> None:
    broken = tim3.actors[role]
    broken.evaluate(BREAK.format(nth=nth))
    deposit = {"Recipient": tim3.actors["lock_manager"].id, "X-Action": "Mint-TIM3"}
    failed = send(tim3, "mock_usda", {"Action": "Transfer", "Quantity": "100", **deposit})
    assert failed or nth > 1, "each of the five sends something in a mint"
    if failed:
        broken.evaluate(MEND)
    send(tim3, "coordinator", {"Action": "RedeemTIM3", "Quantity": "40"})
    if broken.evaluate("tostring(SendsLeft)") != "nil":
        broken.evaluate(MEND)
    settle(tim3)
    totals = tim3.totals()
    held, locked = int(totals.pop("usda held")), totals["locked"]
    assert set(totals.values()) == {locked}, totals
    for name in ("coordinator", "lock_manager"):
        assert tim3.ask(name, "Health")["openOperations"] == 0
    # A deposit whose notice was never sent, or whose receipt was undone, is there and not locked:
    # no message will come again, and Recover-Surplus gives it back.
    surplus = held - int(locked)
    strands = "mock_usda" if profile.keeps_errors else "lock_manager"
    assert surplus == 0 or (surplus == 100 and role == strands)
    own = int(tim3.balance("mock_usda", "alice")) + int(tim3.balance("token_manager", "alice"))
    assert own + surplus == 1000
