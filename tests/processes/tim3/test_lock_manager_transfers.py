from __future__ import annotations

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.lock_manager_stage import LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")
PAID = [
    ("state_manager", "Report-Locked"),
    ("coordinator", "UnlockCollateral-Success"),
    ("alice", "Unlock-Notice"),
]
FAILED = [("coordinator", "UnlockCollateral-Error")]


def in_every_phase(lm: LockManagerStage) -> dict[str, str]:
    """Bring one operation into each phase that a stock token lets it reach; phase -> id."""
    for _ in range(5):
        lm.deposit()
    lm.retry(lm.lock_id(2), "alice", "true")
    lm.consume(3)
    lm.refund(4)
    lm.refund(5)
    lm.debit(lm.lock_id(5))
    lm.back("300")
    lm.redeem(1)
    lm.redeem(2)
    lm.debit(lm.redeem_id(2))
    return {
        "locked": lm.lock_id(1),
        "cancelling": lm.lock_id(2),
        "consumed": lm.lock_id(3),
        "refunding": lm.lock_id(4),
        "refunded": lm.lock_id(5),
        "unlocking": lm.redeem_id(1),
        "unlocked": lm.redeem_id(2),
    }


# --- Debit-Notice ---


@pytest.mark.parametrize(
    "tags",
    [
        {"Recipient": BOB},
        {"Recipient": None},
        {"Quantity": "99"},
        {"Quantity": "0100"},
        {"Quantity": None},
        {"Sender": ALICE},
        {"Sender": None},
        {"X-Op-Id": None},
        {"X-Op-Id": "nonsense"},
        {"X-Op-Id": "R-abcdefgh-1"},
    ],
)
def test_a_debit_notice_that_differs_in_one_field_confirms_nothing(
    lock_manager: LockManagerStage, tags: dict[str, str | None]
) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.debit(lm.lock_id(1), tags=tags)) == []
    assert (lm.phase(lm.lock_id(1)), lm.locked, lm.anomalies) == ("refunding", "100", 1)


def test_a_debit_notice_with_a_tag_twice_confirms_nothing(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.debit(lm.lock_id(1), tags={"x_op_id": lm.lock_id(1)})) == []
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == ("refunding", 1)


def test_a_debit_notice_that_comes_again_changes_nothing(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.debit(lm.lock_id(1))) == PAID
    assert lm.heard(lm.debit(lm.lock_id(1))) == []
    assert (lm.locked, lm.stats["totalUnlocked"], lm.anomalies) == ("0", "100", 0)


def test_a_debit_notice_after_an_error_is_believed(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    lm.transfer_error(lm.lock_id(1))
    assert lm.heard(lm.debit(lm.lock_id(1))) == PAID
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunded", "0")


def test_a_forged_debit_notice_moves_only_what_was_sent(
    stock_lock_manager: LockManagerStage,
) -> None:
    lm = stock_lock_manager
    operations = in_every_phase(lm)
    before = lm.locked
    for phase, op in operations.items():
        if phase in {"refunding", "unlocking"}:
            continue
        assert lm.heard(lm.debit(op, tags={"Sender": None})) == []
        assert lm.phase(op) == phase
    assert lm.locked == before


def test_an_early_confirmation_of_a_stock_token_brings_no_second_payment(
    stock_lock_manager: LockManagerStage,
) -> None:
    lm = stock_lock_manager
    lm.back()
    lm.redeem(1)
    assert lm.heard(lm.debit(lm.redeem_id(1), tags={"Sender": None})) == PAID
    assert lm.heard(lm.debit(lm.redeem_id(1))) == [], "the true one comes later"
    lm.advance(10**8)
    lm.send("bob", "Sweep-Expired")
    assert only(lm.retry(lm.redeem_id(1)), "Retry-Operation-Error").error == "WrongPhase"
    assert lm.stats["totalUnlocked"] == "100"


# --- Transfer-Error ---


def test_an_error_of_an_authenticated_token_fails_the_operation(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    lm.deposit()
    for op, send in ((lm.lock_id(2), lm.refund), (lm.redeem_id(1), lm.redeem)):
        send(2 if op == lm.lock_id(2) else 1)
        sent = lm.transfer_error(op, {"Sender": lm.id})
        assert lm.heard(sent) == FAILED
        told = tags_of(sent[0])
        assert (told["Op-Id"], told["Quantity"]) == (op, "100")
        assert (sent[0].error, sent[0].tag("Final")) == ("InsufficientBalance", None)
    assert lm.phase(lm.lock_id(2)) == "refund-failed"
    assert lm.phase(lm.redeem_id(1)) == "unlock-failed"
    assert (lm.locked, lm.stats["pendingOperations"]) == ("200", 2)
    assert "InsufficientBalance" in lm.operation(lm.redeem_id(1))["failure"]


def test_an_error_of_a_stock_token_is_only_recorded(stock_lock_manager: LockManagerStage) -> None:
    lm = stock_lock_manager
    operations = in_every_phase(lm)
    before = lm.locked
    for op in operations.values():
        assert lm.heard(lm.transfer_error(op)) == []
    assert {phase: lm.phase(op) for phase, op in operations.items()} == {
        phase: phase for phase in operations
    }
    assert (lm.locked, lm.anomalies) == (before, len(operations))


def test_an_error_about_what_was_not_sent_is_ignored(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    operations = in_every_phase(lm)
    waiting = [op for phase, op in operations.items() if phase not in {"refunding", "unlocking"}]
    for op in [*waiting, lm.lock_id(99), "nonsense"]:
        assert lm.heard(lm.transfer_error(op)) == []
    assert lm.anomalies == len(waiting) + 2


@pytest.mark.parametrize(
    "tags", [{"Sender": ALICE}, {"Reference": None}, {"X-Op-Id": None}, {"X-Op-Id": ""}]
)
def test_an_error_that_is_not_ours_is_ignored(
    lock_manager: LockManagerStage, tags: dict[str, str | None]
) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.transfer_error(lm.lock_id(1), tags)) == []
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == ("refunding", 1)


def test_an_error_with_a_tag_twice_is_ignored(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.transfer_error(lm.lock_id(1), {"x-op-id": lm.lock_id(1)})) == []
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == ("refunding", 1)


def test_an_old_error_that_comes_again_does_not_fail_the_next_transfer(
    strict_lock_manager: LockManagerStage,
) -> None:
    lm = strict_lock_manager
    lm.deposit()
    lm.refund(1)
    lm.transfer_error(lm.lock_id(1), {"Reference": "70"})
    assert lm.heard(lm.retry(lm.lock_id(1)))[0] == ("mock_usda", "Transfer")
    assert lm.heard(lm.transfer_error(lm.lock_id(1), {"Reference": "70"})) == []
    assert lm.phase(lm.lock_id(1)) == "refunding", "or a second transfer would follow the first"
    assert lm.heard(lm.transfer_error(lm.lock_id(1), {"Reference": "71"})) == FAILED


def test_a_failed_refund_that_the_coordinator_never_asked_for_is_not_told_to_it(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit(tags={"X-Action": "Donation"})
    assert lm.heard(lm.transfer_error(lm.lock_id(1))) == []
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refund-failed", "100")


# --- Low-Water ---


def test_a_transfer_carries_the_smaller_low_water_to_an_idempotent_token(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back("300")
    for n, told in ((5, "3"), (3, "3"), (6, "6")):
        sent = lm.redeem(n, "10", {"Low-Water": told})
        if n == 5:
            assert only(sent, "Transfer").tag("X-Low-Water") == "3", "R-3 may still come"
        elif n == 3:
            assert only(sent, "Transfer").tag("X-Low-Water") == "3"
            lm.debit(lm.redeem_id(3), quantity="10")
            lm.debit(lm.redeem_id(5), quantity="10")
        else:
            assert only(sent, "Transfer").tag("X-Low-Water") == "6"


def test_an_older_low_water_does_not_lower_it(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("300")
    lm.redeem(5, "10", {"Low-Water": "5"})
    sent = lm.redeem(6, "10", {"Low-Water": "2"})
    assert only(sent, "Transfer").tag("X-Low-Water") == "5"


@pytest.mark.parametrize("mark", [None, "", "0", "-3", "1e9", "9" * 30])
def test_an_unreadable_low_water_says_nothing(
    lock_manager: LockManagerStage, mark: str | None
) -> None:
    lm = lock_manager
    lm.back()
    assert only(lm.redeem(4, "10", {"Low-Water": mark}), "Transfer").tag("X-Low-Water") == "1"


def test_a_stock_token_is_told_no_low_water(stock_lock_manager: LockManagerStage) -> None:
    lm = stock_lock_manager
    lm.back()
    assert only(lm.redeem(1), "Transfer").tag("X-Low-Water") is None
