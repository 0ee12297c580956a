"""The five processes together: a mint, a redeem, and what becomes of those that cannot be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Stage
from tests.processes.tim3.ensemble import Ensemble

SNAPSHOTS = Path(__file__).parent / "snapshots"
MINT = [
    ("mock_usda", "Credit-Notice", "lock_manager"),
    ("lock_manager", "Report-Locked", "state_manager"),
    ("lock_manager", "LockCollateral-Success", "coordinator"),
    ("coordinator", "Mint", "token_manager"),
    ("token_manager", "Mint-Response", "coordinator"),
    ("token_manager", "Report-Supply", "state_manager"),
    ("coordinator", "Consume-Lock", "lock_manager"),
    ("coordinator", "UpdatePosition", "state_manager"),
    ("lock_manager", "Consume-Lock-Response", "coordinator"),
    ("state_manager", "UpdatePosition-Response", "coordinator"),
]
REDEEM = [
    ("coordinator", "Burn", "token_manager"),
    ("token_manager", "Burn-Response", "coordinator"),
    ("token_manager", "Report-Supply", "state_manager"),
    ("coordinator", "UnlockCollateral", "lock_manager"),
    ("lock_manager", "Transfer", "mock_usda"),
    ("lock_manager", "UnlockCollateral-Pending", "coordinator"),
    ("mock_usda", "Debit-Notice", "lock_manager"),
    ("lock_manager", "Report-Locked", "state_manager"),
    ("lock_manager", "UnlockCollateral-Success", "coordinator"),
    ("coordinator", "UpdatePosition", "state_manager"),
    ("state_manager", "UpdatePosition-Response", "coordinator"),
]


@pytest.fixture
def tim3(stage: Stage, system: dict[str, Actor]) -> Ensemble:
    """TIM3, ready, and alice with a thousand units of collateral."""
    ensemble = Ensemble(stage, system)
    assert ensemble.ask("coordinator", "Health")["missing"] == []
    ensemble.fund("alice", "1000")
    return ensemble


def assert_at_rest(tim3: Ensemble, total: str) -> None:
    """Every total in every process is `total`, and nothing is open anywhere."""
    assert set(tim3.totals().values()) == {total}, tim3.totals()
    for role in ("coordinator", "lock_manager"):
        assert tim3.ask(role, "Health")["openOperations"] == 0
    assert tim3.ask("coordinator", "Health")["unconfirmedUpdates"] == 0


def assert_nothing_odd(tim3: Ensemble) -> None:
    """No process was told anything that it did not expect."""
    counts = {role: tim3.ask(role, "Health")["anomalies"] for role in tim3.actors}
    assert set(counts.values()) == {0}, counts


def compare_with_snapshot(name: str, picture: str) -> None:
    """Compare a tree of messages with the committed one; UPDATE_SNAPSHOTS=1 writes it."""
    path = SNAPSHOTS / f"{name}.txt"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        path.write_text(picture, "utf-8")
    assert picture == path.read_text("utf-8")


def root_of(tim3: Ensemble) -> str:
    """Return the id of the last message that came from outside."""
    return [step.id for step in tim3.stage.world.steps if step.parent is None][-1]


@pytest.mark.unshuffled("a picture of the usual order")
def test_a_mint_walks_through_all_five(tim3: Ensemble) -> None:
    sent = tim3.deposit("alice", "100")
    compare_with_snapshot("mint", tim3.picture(root_of(tim3)))
    assert tim3.between(sent) == MINT
    assert tim3.told(sent, "alice") == [
        "Debit-Notice",
        "Lock-Notice",
        "MintTIM3-Progress",
        "Credit-Notice",
        "MintTIM3-Response",
    ]
    assert tim3.balance("mock_usda", "alice") == "900"
    assert tim3.balance("token_manager", "alice") == "100"
    assert_at_rest(tim3, "100")
    assert_nothing_odd(tim3)


@pytest.mark.unshuffled("a picture of the usual order")
def test_a_redeem_walks_through_all_five(tim3: Ensemble) -> None:
    tim3.deposit("alice", "100")
    sent = tim3.redeem("alice", "40", Request_Id="first")
    compare_with_snapshot("redeem", tim3.picture(root_of(tim3)))
    assert tim3.between(sent) == REDEEM
    assert tim3.told(sent, "alice") == [
        "BurnTIM3-Pending",
        "Debit-Notice",
        "Credit-Notice",
        "Unlock-Notice",
        "BurnTIM3-Response",
    ]
    assert tim3.balance("mock_usda", "alice") == "940"
    assert tim3.balance("token_manager", "alice") == "60"
    assert_at_rest(tim3, "60")
    assert_nothing_odd(tim3)


def test_health_is_85_when_empty_and_100_after_the_first_full_mint(tim3: Ensemble) -> None:
    assert tim3.ask("state_manager", "SystemHealth")["systemHealthScore"] == 85
    tim3.deposit("alice", "100")
    tim3.redeem("alice", "40")
    assert tim3.ask("state_manager", "SystemHealth")["systemHealthScore"] == 100
    assert tim3.ask("state_manager", "Reconcile") == {"ok": True, "differences": []}


def test_minting_and_redeeming_all_leaves_nothing_changed(tim3: Ensemble) -> None:
    tim3.deposit("alice", "100")
    tim3.redeem("alice", "100")
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert tim3.balance("token_manager", "alice") == "0"
    assert_at_rest(tim3, "0")
    assert_nothing_odd(tim3)


def test_tim3_can_be_minted_to_another_and_redeemed_to_a_third(tim3: Ensemble) -> None:
    tim3.deposit("alice", "100", X_Recipient=name_address("bob"))
    assert tim3.balance("token_manager", "bob") == "100"
    tim3.redeem("bob", "30", Recipient=name_address("carol"))
    assert tim3.balance("mock_usda", "carol") == "30"
    position = tim3.ask("state_manager", "GetPosition", User=name_address("bob"))["position"]
    assert (position["tim3Balance"], position["net"]) == ("0", "-30")
    assert_at_rest(tim3, "70")


@pytest.mark.parametrize("scope", ["mint", "all"])
def test_a_deposit_during_a_pause_comes_back_in_full(tim3: Ensemble, scope: str) -> None:
    tim3.send("deployer", "coordinator", "EmergencyPause", Scope=scope, Pause="true")
    sent = tim3.deposit("alice", "100")
    assert "Mint" not in [action for _, action, _ in tim3.between(sent)]
    assert tim3.told(sent, "alice") == [
        "Debit-Notice",
        "Lock-Notice",
        "MintTIM3-Error",
        "Credit-Notice",
        "Unlock-Notice",
        "Refund-Notice",
    ]
    (refund,) = [s for s in sent if s.action == "Credit-Notice" and s.tag("X-Refund-Reason")]
    assert refund.tag("X-Refund-Reason") == "Paused"
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert_at_rest(tim3, "0")
    assert_nothing_odd(tim3)


def test_a_pause_reaches_every_process_that_keeps_flags(tim3: Ensemble) -> None:
    tim3.send("deployer", "coordinator", "EmergencyPause", Scope="redeem", Pause="true")
    for role in ("coordinator", "lock_manager", "token_manager", "state_manager"):
        paused = tim3.ask(role, "Health")["paused"]
        assert (paused["mint"], paused["redeem"]) == (False, True), role


def test_a_redeem_beyond_the_balance_is_rejected_cleanly(tim3: Ensemble) -> None:
    tim3.deposit("alice", "100")
    sent = tim3.redeem("alice", "101")
    assert tim3.between(sent) == [
        ("coordinator", "Burn", "token_manager"),
        ("token_manager", "Burn-Error", "coordinator"),
    ]
    (error,) = [s for s in sent if s.action == "BurnTIM3-Error"]
    assert error.error == "InsufficientBalance"
    assert_at_rest(tim3, "100")
    assert_nothing_odd(tim3)


def test_the_whole_balance_is_redeemed_once(tim3: Ensemble) -> None:
    tim3.deposit("alice", "100")
    tim3.redeem("alice", "100", Request_Id="a")
    again = tim3.redeem("alice", "100", Request_Id="b")
    assert tim3.told(again, "alice") == ["BurnTIM3-Pending", "BurnTIM3-Error"]
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert_at_rest(tim3, "0")


def test_the_cap_of_the_token_manager_is_the_coordinators(tim3: Ensemble) -> None:
    cap = tim3.ask("coordinator", "GetConfig")["limits"]["Supply-Cap"]
    assert tim3.ask("token_manager", "TokenStats")["maxSupply"] == cap


def test_a_mint_that_the_token_manager_refuses_comes_back(tim3: Ensemble) -> None:
    """The coordinator's own gate is opened by force, so that the hard cap speaks."""
    caps = dict.fromkeys(("Supply-Cap", "Window-Cap", "User-Window-Cap", "Max-Mint"), "50")
    tim3.actors["coordinator"].send("deployer", "SetLimits", caps)
    high = dict.fromkeys(caps, "1000")
    code = "".join(f'Limits["{name}"] = "{value}" ' for name, value in high.items())
    tim3.actors["coordinator"].evaluate(code)
    sent = tim3.deposit("alice", "51")
    (error,) = [s for s in sent if s.action == "MintTIM3-Error"]
    assert error.error == "CapExceeded"
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert_at_rest(tim3, "0")


def test_a_coordinator_that_the_token_manager_does_not_know_waits_and_goes_on(
    tim3: Ensemble,
) -> None:
    """T answers Unauthorized, which is never final: nothing is refunded, nothing is lost."""
    manager = tim3.actors["token_manager"]
    known = tim3.actors["coordinator"].id
    manager.evaluate(f'Peers.coordinator = "{name_address("carol")}"')
    sent = tim3.deposit("alice", "100")
    assert ("token_manager", "Mint-Error", "coordinator") in tim3.between(sent)
    assert tim3.ask("coordinator", "Health")["openOperations"] == 1
    tim3.stage.advance(300_001)
    tim3.sweep()
    assert tim3.ask("coordinator", "Health")["openOperations"] == 1
    manager.evaluate(f'Peers.coordinator = "{known}"')
    tim3.sweep()
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert_at_rest(tim3, "0")


def test_a_lock_that_the_coordinator_never_heard_of_is_given_back(tim3: Ensemble) -> None:
    manager = tim3.actors["lock_manager"]
    known = tim3.actors["coordinator"].id
    manager.evaluate(f'Peers.coordinator = "{name_address("carol")}"')
    tim3.deposit("alice", "100")
    manager.evaluate(f'Peers.coordinator = "{known}"')
    tim3.stage.advance(3 * 300_000 + 1)
    tim3.sweep()
    assert tim3.balance("mock_usda", "alice") == "1000"
    assert_at_rest(tim3, "0")


def test_an_observer_that_was_away_catches_up(tim3: Ensemble) -> None:
    observer = tim3.actors["state_manager"]
    known = tim3.actors["coordinator"].id
    observer.evaluate(f'Peers.coordinator = "{name_address("carol")}"')
    tim3.deposit("alice", "100")
    assert tim3.ask("coordinator", "Health")["openOperations"] == 0
    assert tim3.ask("coordinator", "Health")["unconfirmedUpdates"] == 1
    observer.evaluate(f'Peers.coordinator = "{known}"')
    tim3.sweep()
    assert set(tim3.totals().values()) == {"100"}


def test_an_observer_that_forgot_everything_is_told_again(tim3: Ensemble) -> None:
    for number, user in enumerate(("alice", "bob", "carol"), start=1):
        tim3.fund(user, "1000")
        tim3.deposit(user, str(100 * number))
    tim3.actors["state_manager"].evaluate(
        "Figures.supply, Figures.collateral, Figures.seq, Figures.positions = '0', '0', 0, {}"
    )
    sent = tim3.actors["state_manager"].send("alice", "Reconcile")
    snapshots = [s for s in sent if s.action == "UpdatePosition"]
    assert len(snapshots) == 3
    assert set(tim3.totals().values()) == {"600"}
    assert tim3.ask("state_manager", "Reconcile")["ok"] is True
