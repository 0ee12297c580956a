"""Sweeps: what waits too long is asked for again, a few at a time."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import TIMEOUT_MS, CoordinatorStage


def answer_of(
    stage: CoordinatorStage, action: str = "Sweep-Expired", **tags: str
) -> dict[str, int]:
    """Sweep, and return what the sweeper is told."""
    sent = stage.send("bob", action, tags)
    answer = only(sent, "CleanupExpired-Response").json()
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("action", ["Sweep-Expired", "CleanupExpired"])
def test_anyone_may_sweep_and_is_told_how_much_was_done(
    coordinator: CoordinatorStage, action: str
) -> None:
    assert answer_of(coordinator, action) == {"cleanedOperations": 0, "remaining": 0}


def test_nothing_is_asked_again_before_the_timeout(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.redeem("5")
    coordinator.advance(TIMEOUT_MS - 10)
    assert coordinator.sweep() == []


def test_what_is_unanswered_is_cancelled_and_asked_at_each_sweep(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.lock(1)
    coordinator.redeem("5")
    coordinator.advance(TIMEOUT_MS + 1)
    for _ in range(3):
        sent = coordinator.sweep()
        assert coordinator.heard(sent) == [
            ("token_manager", "Cancel-Mint"),
            ("token_manager", "Cancel-Burn"),
        ]
        assert tags_of(sent[0]) == {"Op-Id": coordinator.lock_id(1), "Low-Water": "1"}
        assert tags_of(sent[1]) == {"Op-Id": coordinator.redeem_id(1), "Low-Water": "1"}
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "cancelling"
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "cancelling"


def test_no_operation_is_ever_closed_by_the_clock(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    for _ in range(20):
        coordinator.advance(TIMEOUT_MS + 1)
        coordinator.sweep()
    assert coordinator.health["openOperations"] == 1
    assert coordinator.minted(1)[0].action == "Consume-Lock"


def test_each_phase_repeats_its_own_command(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.confirm_updates(coordinator.minted(1))
    coordinator.redeem("5")
    coordinator.burned(1, "5")
    coordinator.pause("mint")
    coordinator.lock(2)
    for role in ("token_manager", "lock_manager", "state_manager"):
        coordinator.send(role, "Pause-Notice-Response", {"Seq": "1"})
    coordinator.advance(TIMEOUT_MS + 1)
    for _ in range(2):
        sent = coordinator.sweep()
        assert [(m.action, tags_of(m)["Op-Id"], tags_of(m).get("Kind")) for m in sent] == [
            ("Consume-Lock", coordinator.lock_id(1), None),
            ("UnlockCollateral", coordinator.redeem_id(1), "redeem"),
            ("UnlockCollateral", coordinator.lock_id(2), "refund"),
        ]


def test_the_timeout_can_be_set(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Timeout_Ms="1000")
    coordinator.lock(1)
    coordinator.advance(1001)
    assert coordinator.heard(coordinator.sweep()) == [("token_manager", "Cancel-Mint")]


def test_the_age_counts_from_the_beginning_of_the_phase(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.advance(TIMEOUT_MS - 10)
    coordinator.confirm_updates(coordinator.minted(1))
    coordinator.advance(20)
    assert coordinator.sweep() == []
    coordinator.advance(TIMEOUT_MS)
    assert coordinator.heard(coordinator.sweep()) == [("lock_manager", "Consume-Lock")]


def test_a_sweep_takes_a_few_in_order_and_the_next_goes_on(coordinator: CoordinatorStage) -> None:
    for n in range(1, 8):
        coordinator.lock(n, "1")
    coordinator.advance(TIMEOUT_MS + 1)
    swept = []
    for _ in range(3):
        sent = coordinator.sweep(Limit="3")
        swept.append([int(tags_of(m)["Op-Id"].rsplit("-", 1)[1]) for m in sent])
    assert swept == [[1, 2, 3], [4, 5, 6], [7, 1, 2]]


def test_a_sweep_says_what_remains(coordinator: CoordinatorStage) -> None:
    for n in range(1, 31):
        coordinator.lock(n, "1")
    coordinator.advance(TIMEOUT_MS + 1)
    assert answer_of(coordinator, Limit="10") == {"cleanedOperations": 10, "remaining": 20}
    assert answer_of(coordinator) == {"cleanedOperations": 25, "remaining": 5}


@pytest.mark.parametrize("limit", ["26", "1000", "0", "-1", "x", "", "1e3", "99999999999"])
def test_a_sweep_takes_25_at_most(coordinator: CoordinatorStage, limit: str) -> None:
    for n in range(1, 28):
        coordinator.lock(n, "1")
    coordinator.advance(TIMEOUT_MS + 1)
    assert answer_of(coordinator, Limit=limit) == {"cleanedOperations": 25, "remaining": 2}


def test_answered_operations_are_swept_no_more(coordinator: CoordinatorStage) -> None:
    for n in range(1, 4):
        coordinator.lock(n, "1")
    coordinator.advance(TIMEOUT_MS + 1)
    coordinator.sweep()
    coordinator.say("token_manager", "Mint-Cancelled", coordinator.lock_id(2))
    coordinator.paid(coordinator.lock_id(2), "1")
    sent = coordinator.sweep()
    assert [tags_of(m)["Op-Id"] for m in sent] == [coordinator.lock_id(1), coordinator.lock_id(3)]


def test_a_forged_clock_expires_nothing(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    last = coordinator.actor.evaluate("return tostring(LastNow)")
    assert coordinator.send("mallory", "Sweep-Expired", {"Timestamp": "99999999999999"}) == []
    coordinator.send("mallory", "Sweep-Expired")
    now = coordinator.actor.evaluate("return tostring(LastNow)")
    assert int(now) - int(last) < 10
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "minting"


def test_closed_operations_are_forgotten_by_the_rule_and_not_before(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.redeem("1", Request_Id="old")
    coordinator.say("token_manager", "Burn-Cancelled", coordinator.redeem_id(1))
    coordinator.actor.evaluate("IssuedIds.R = 10050")
    coordinator.redeem("1", user="bob")
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "rejected"
    coordinator.advance(10 * TIMEOUT_MS)
    coordinator.redeem("1", user="bob")
    assert coordinator.operation(coordinator.redeem_id(10_051))["phase"] == "burning"
    assert (
        coordinator.refusal("alice", "GetOperation", {"Op-Id": coordinator.redeem_id(1)})
        == "UnknownOperation"
    )
    assert coordinator.published["ops"][coordinator.redeem_id(1)] == ""
    assert coordinator.redeem("1", Request_Id="old")[0].action == "Burn"


def test_an_open_operation_is_never_forgotten(coordinator: CoordinatorStage) -> None:
    coordinator.redeem("1")
    coordinator.actor.evaluate("IssuedIds.R = 10050")
    coordinator.advance(11 * TIMEOUT_MS)
    coordinator.redeem("1", user="bob")
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "burning"
