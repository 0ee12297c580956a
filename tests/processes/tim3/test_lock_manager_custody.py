from __future__ import annotations

from typing import Any

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import tags_of
from tests.processes.tim3.lock_manager_stage import LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")
PENDING = [("mock_usda", "Transfer"), ("coordinator", "UnlockCollateral-Pending")]
PAID = [
    ("state_manager", "Report-Locked"),
    ("coordinator", "UnlockCollateral-Success"),
    ("alice", "Unlock-Notice"),
]


def refused(sent: list[Any], action: str, code: str) -> bool:
    """Whether a command was answered by this error, and nothing else was said."""
    return [(s.action, s.error) for s in sent] == [(f"{action}-Error", code)]


def test_only_the_coordinator_may_order(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    lm.deposit()
    said = {"User": ALICE, "Recipient": ALICE, "Quantity": "100"}
    for sender in ("alice", "mallory", "deployer", "mock_usda", "state_manager"):
        for op, kind in ((lm.lock_id(2), "refund"), (lm.redeem_id(1), "redeem")):
            tags = {**said, "Op-Id": op, "Kind": kind}
            assert lm.refusal(sender, "UnlockCollateral", tags) == "Unauthorized"
        assert lm.refusal(sender, "Consume-Lock", {"Op-Id": lm.lock_id(2)}) == "Unauthorized"
    assert (lm.phase(lm.lock_id(2)), lm.locked) == ("locked", "200")


def test_before_configuration_nobody_may_order(fresh_lock_manager: LockManagerStage) -> None:
    lm = fresh_lock_manager
    for action in ("UnlockCollateral", "Consume-Lock"):
        tags = {"Op-Id": lm.lock_id(1)}
        assert lm.refusal("coordinator", action, tags) == "Unauthorized"


def test_a_tag_twice_is_refused(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    for action in ("Consume-Lock", "UnlockCollateral"):
        pairs = [("Op-Id", lm.lock_id(1)), ("op_id", lm.lock_id(1))]
        assert refused(lm.actor.send("coordinator", action, pairs), action, "Duplicate")
    assert lm.phase(lm.lock_id(1)) == "locked"


# --- Consume-Lock ---


def test_a_consumed_lock_backs_live_tim3(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    sent = lm.order("Consume-Lock", lm.lock_id(1), {"Reference": "44"})
    assert lm.heard(sent) == [("coordinator", "Consume-Lock-Response")]
    assert tags_of(sent[0]) == {"Op-Id": lm.lock_id(1)}
    assert sent[0].tag("X-Reference") == "44"
    assert lm.phase(lm.lock_id(1)) == "consumed"
    assert (lm.locked, lm.stats["backing"], lm.stats["pendingOperations"]) == ("100", "100", 0)
    assert lm.published["ops"][lm.lock_id(1)]["closed"] == "true"


def test_consuming_again_says_the_same_and_counts_once(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    assert lm.heard(lm.consume(1)) == lm.heard(lm.consume(1))
    assert (lm.stats["backing"], lm.locked) == ("100", "100")


@pytest.mark.parametrize(
    "tags", [{"Quantity": "99"}, {"User": BOB}, {"Recipient": BOB}, {"Kind": "redeem"}]
)
def test_consuming_with_other_fields_is_refused(
    lock_manager: LockManagerStage, tags: dict[str, str]
) -> None:
    lm = lock_manager
    lm.deposit()
    sent = lm.order("Consume-Lock", lm.lock_id(1), tags)
    assert refused(sent, "Consume-Lock", "WrongPhase")
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == ("locked", 1)


def test_a_lock_on_its_way_back_cannot_be_consumed(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert refused(lm.consume(1), "Consume-Lock", "WrongPhase")
    lm.debit(lm.lock_id(1))
    assert refused(lm.consume(1), "Consume-Lock", "WrongPhase")
    assert lm.stats["backing"] == "0"


def test_a_redeem_cannot_be_consumed(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    lm.redeem(1)
    assert refused(lm.order("Consume-Lock", lm.redeem_id(1)), "Consume-Lock", "WrongPhase")


@pytest.mark.parametrize("op", ["M-{}-2", "M-{}-0", "M-abcdefgh-1", "nonsense", "", None])
def test_an_unknown_lock_cannot_be_consumed(lock_manager: LockManagerStage, op: str | None) -> None:
    lm = lock_manager
    lm.deposit()
    sent = lm.order("Consume-Lock", "", {"Op-Id": op and op.format(lm.id[:8])})
    assert refused(sent, "Consume-Lock", "UnknownOperation")


# --- refund ---


def test_a_refund_pays_the_depositor_and_never_the_recipient(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit(tags={"X-Recipient": BOB})
    sent = lm.refund(1, {"Recipient": BOB, "Reason": "CapExceeded", "Reference": "9"})
    assert lm.heard(sent) == PENDING
    assert tags_of(sent[0]) == {
        "Recipient": ALICE,
        "Quantity": "100",
        "X-Op-Id": lm.lock_id(1),
        "X-Action": "Refund",
        "X-Refund-Reason": "CapExceeded",
        "X-Low-Water": "1",
    }
    assert sent[1].tag("X-Reference") == "9"
    assert tags_of(sent[1]) == {
        "Op-Id": lm.lock_id(1),
        "User": ALICE,
        "Recipient": BOB,
        "Quantity": "100",
        "Kind": "refund",
    }
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunding", "100")


def test_a_confirmed_refund_is_told_to_coordinator_and_depositor(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    sent = lm.debit(lm.lock_id(1))
    assert lm.heard(sent) == PAID
    fields = {"Op-Id": lm.lock_id(1), "User": ALICE, "Recipient": ALICE, "Quantity": "100"}
    assert tags_of(sent[1]) == {**fields, "Kind": "refund"}
    assert tags_of(sent[2]) == {**fields, "Kind": "refund"}
    assert tags_of(sent[0]) == {"Quantity": "0", "Seq": "2"}
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunded", "0")


def test_a_repeated_refund_tells_what_has_become_of_it(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    assert lm.heard(lm.refund(1)) == [("coordinator", "UnlockCollateral-Pending")]
    lm.transfer_error(lm.lock_id(1))
    (answer,) = lm.refund(1)
    assert (answer.action, answer.error) == ("UnlockCollateral-Error", "InsufficientBalance")
    assert answer.tag("Final") is None
    lm.retry(lm.lock_id(1))
    lm.debit(lm.lock_id(1))
    assert lm.heard(lm.refund(1)) == [("coordinator", "UnlockCollateral-Success")]
    assert lm.stats["totalUnlocked"] == "100"


@pytest.mark.parametrize(
    "tags",
    [
        *({"Quantity": "99"}, {"Quantity": "0100"}, {"Quantity": None}, {"User": BOB}),
        *({"User": None}, {"Recipient": BOB}, {"Kind": "redeem"}, {"Kind": None}, {"Kind": "x"}),
    ],
)
@pytest.mark.parametrize("phase", ["locked", "refunding"])
def test_a_refund_that_is_not_about_the_lock_is_refused(
    lock_manager: LockManagerStage, phase: str, tags: dict[str, str | None]
) -> None:
    lm = lock_manager
    lm.deposit()
    if phase == "refunding":
        lm.refund(1)
    assert refused(lm.refund(1, tags), "UnlockCollateral", "WrongPhase")
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == (phase, 1)


def test_what_backs_live_tim3_cannot_go_back_as_a_refund(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    assert refused(lm.refund(1), "UnlockCollateral", "WrongPhase")
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("consumed", "100")


def test_a_lock_that_never_was_cannot_go_back(lock_manager: LockManagerStage) -> None:
    assert refused(lock_manager.refund(1), "UnlockCollateral", "UnknownOperation")


# --- redeem ---


def test_a_redeem_is_paid_from_what_backs_live_tim3(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("100")
    sent = lm.redeem(1, "60", {"Recipient": BOB})
    assert lm.heard(sent) == PENDING
    assert tags_of(sent[0]) == {
        "Recipient": BOB,
        "Quantity": "60",
        "X-Op-Id": lm.redeem_id(1),
        "X-Action": "TIM3-Unlock",
        "X-Low-Water": "1",
    }
    assert (lm.locked, lm.stats["backing"]) == ("100", "40")
    assert lm.phase(lm.redeem_id(1)) == "unlocking"
    paid = lm.debit(lm.redeem_id(1), "bob", "60")
    assert lm.heard(paid) == PAID
    assert tags_of(paid[1])["Kind"] == "redeem"
    assert (lm.phase(lm.redeem_id(1)), lm.locked) == ("unlocked", "40")
    assert (lm.stats["backing"], lm.stats["totalUnlocked"]) == ("40", "60")


def test_a_redeem_beyond_what_backs_tim3_is_refused_and_may_come_again(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit("100")
    assert refused(lm.redeem(1), "UnlockCollateral", "InsufficientBalance")
    assert lm.stats["pendingOperations"] == 1, "an unconsumed deposit pays no redeem"
    lm.consume(1)
    assert lm.heard(lm.redeem(1)) == PENDING
    assert refused(lm.redeem(2, "1"), "UnlockCollateral", "InsufficientBalance")
    assert (lm.locked, lm.stats["backing"]) == ("100", "0")


def test_a_repeated_redeem_tells_what_has_become_of_it(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("500")
    lm.redeem(1)
    assert lm.heard(lm.redeem(1)) == [("coordinator", "UnlockCollateral-Pending")]
    lm.transfer_error(lm.redeem_id(1))
    assert refused(lm.redeem(1), "UnlockCollateral", "InsufficientBalance")
    lm.debit(lm.redeem_id(1))
    assert lm.heard(lm.redeem(1)) == [("coordinator", "UnlockCollateral-Success")]
    assert (lm.locked, lm.stats["backing"]) == ("400", "400")


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"Quantity": "0"}, "InvalidQuantity"),
        ({"Quantity": "007"}, "InvalidQuantity"),
        ({"Quantity": str(2**255)}, "InvalidQuantity"),
        ({"User": "x"}, "InvalidAddress"),
        ({"Recipient": "x"}, "InvalidAddress"),
        ({"Recipient": name_address("mock_usda")}, "InvalidAddress"),
        ({"Quantity": None}, "WrongPhase"),
        ({"User": None}, "WrongPhase"),
        ({"Recipient": None}, "WrongPhase"),
        ({"Kind": None}, "WrongPhase"),
        ({"Kind": "refund"}, "UnknownOperation"),
    ],
)
def test_a_redeem_that_cannot_be_is_refused(
    lock_manager: LockManagerStage, tags: dict[str, str | None], code: str
) -> None:
    lm = lock_manager
    lm.back()
    assert refused(lm.redeem(1, tags=tags), "UnlockCollateral", code)
    assert (lm.stats["backing"], lm.stats["pendingOperations"]) == ("100", 0)


@pytest.mark.parametrize("tags", [{"Quantity": "99"}, {"User": BOB}, {"Recipient": BOB}])
def test_a_redeem_that_comes_again_with_other_fields_is_refused(
    lock_manager: LockManagerStage, tags: dict[str, str]
) -> None:
    lm = lock_manager
    lm.back()
    lm.redeem(1)
    assert refused(lm.redeem(1, tags=tags), "UnlockCollateral", "WrongPhase")
    assert (lm.anomalies, lm.operation(lm.redeem_id(1))["quantity"]) == (1, "100")


def test_the_redeems_of_another_coordinator_open_nothing(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    said = {"User": ALICE, "Recipient": ALICE, "Quantity": "1", "Kind": "redeem"}
    for op in ("R-abcdefgh-1", lm.lock_id(7), f"W-{lm.id[:8]}-1", "R-1", ""):
        sent = lm.order("UnlockCollateral", op, said)
        assert refused(sent, "UnlockCollateral", "UnknownOperation")
    assert lm.stats["backing"] == "100"


# --- Lock-Cancelled ---


def test_a_cancelled_lock_goes_back_to_the_depositor(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.retry(lm.lock_id(1), "alice", "true")
    sent = lm.order("Lock-Cancelled", lm.lock_id(1))
    assert lm.heard(sent) == [("mock_usda", "Transfer")]
    assert (sent[0].tag("Recipient"), sent[0].tag("X-Refund-Reason")) == (ALICE, "Cancelled")
    assert lm.phase(lm.lock_id(1)) == "refunding"
    assert lm.heard(lm.order("Lock-Cancelled", lm.lock_id(1))) == [], "once is enough"
    paid = lm.debit(lm.lock_id(1))
    assert lm.heard(paid) == [("state_manager", "Report-Locked"), ("alice", "Unlock-Notice")]
    assert (lm.locked, lm.anomalies) == ("0", 0)


def test_a_lock_being_cancelled_still_follows_the_coordinator(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    for n in (1, 2):
        lm.deposit()
        lm.retry(lm.lock_id(n), "alice", "true")
    assert lm.heard(lm.consume(1)) == [("coordinator", "Consume-Lock-Response")]
    assert lm.heard(lm.refund(2)) == PENDING
    assert (lm.phase(lm.lock_id(1)), lm.phase(lm.lock_id(2))) == ("consumed", "refunding")


@pytest.mark.parametrize("sender", ["alice", "mallory", "mock_usda", "deployer"])
def test_nobody_else_can_cancel_a_lock(lock_manager: LockManagerStage, sender: str) -> None:
    lm = lock_manager
    lm.deposit()
    lm.retry(lm.lock_id(1), "alice", "true")
    assert lm.heard(lm.send(sender, "Lock-Cancelled", {"Op-Id": lm.lock_id(1)})) == []
    assert (lm.phase(lm.lock_id(1)), lm.anomalies) == ("cancelling", 1)


def test_a_lock_that_is_not_being_cancelled_stays(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.back()
    for op in (lm.lock_id(1), lm.lock_id(2), lm.lock_id(3), "nonsense"):
        assert lm.heard(lm.order("Lock-Cancelled", op)) == []
    assert (lm.phase(lm.lock_id(1)), lm.phase(lm.lock_id(2))) == ("locked", "consumed")
    assert lm.anomalies == 4


# --- what others say that is not theirs to say ---


@pytest.mark.parametrize(
    "action",
    [
        *("Mint-Response", "LockCollateral-Success", "Lock-Cancelled", "Burn-Response"),
        *("Debit-Notice", "Transfer-Error", "Consume-Lock-Response", "UnlockCollateral-Success"),
    ],
)
def test_confirmations_by_a_user_are_ignored(lock_manager: LockManagerStage, action: str) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    said = {"X-Op-Id": lm.lock_id(1), "Op-Id": lm.lock_id(1), "Recipient": ALICE}
    tags = {**said, "Quantity": "100", "Sender": lm.id, "Reference": "99"}
    assert lm.heard(lm.send("alice", action, tags)) == []
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("refunding", "100")


def test_what_nobody_handles_is_dropped_without_growth(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    for action in ("Recover-All", "", "credit-notice", "LockCollateral"):
        assert lm.heard(lm.send("mallory", action, {"Quantity": "1"})) == []
    assert lm.actor.evaluate("return tostring(#Inbox)") == "1", "the spawn message alone"
