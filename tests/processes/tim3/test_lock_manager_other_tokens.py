from __future__ import annotations

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import tags_of
from tests.processes.tim3.lock_manager_stage import HOUR_MS, MOCK, LockManagerStage

ALICE = name_address("alice")


def test_another_token_is_given_back_through_itself(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    sent = lm.credit_from("other_token", {"X-Action": "Mint-TIM3"})
    assert lm.heard(sent) == [("other_token", "Transfer")]
    assert tags_of(sent[0]) == {
        "Recipient": ALICE,
        "Quantity": "100",
        "X-Op-Id": f"W-{lm.id[:8]}-1",
        "X-Action": "Refund",
        "X-Refund-Reason": "WrongToken",
    }
    assert (lm.locked, lm.stats["totalLocks"], lm.stats["pendingOperations"]) == ("0", 0, 0)
    assert lm.operation(f"W-{lm.id[:8]}-1")["phase"] == "refunded"


def test_before_the_token_is_known_every_token_is_given_back(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    sent = lm.credit_from("mock_usda", {"X-Action": "Mint-TIM3"})
    assert lm.heard(sent) == [("mock_usda", "Transfer")]
    assert lm.locked == "0"


def test_another_token_is_given_back_once_for_each_notice(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.credit_from("other_token", {"Reference": "5"})
    assert lm.heard(lm.credit_from("other_token", {"Reference": "5"})) == []
    assert lm.heard(lm.credit_from("other_token", {"Reference": "5", "Quantity": "9"})) == []
    assert (lm.stats["strays"], lm.anomalies, lm.stats["surplus"]) == (1, 1, "0")


def test_what_a_wrong_token_says_about_its_refund_moves_nothing(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.credit_from("other_token")
    lm.deposit()
    said = {"X-Op-Id": f"W-{lm.id[:8]}-1", "Recipient": ALICE, "Quantity": "100"}
    for action in ("Debit-Notice", "Transfer-Error"):
        for op in (said["X-Op-Id"], lm.lock_id(1)):
            pairs = {**said, "X-Op-Id": op, "From-Process": name_address("other_token")}
            assert lm.heard(lm.send(lm.stage.world.authority, action, pairs)) == []
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("locked", "100")


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"Sender": "self"}, "one of ours"),
        ({"Sender": name_address("coordinator")}, "one of ours"),
        ({"Sender": "nobody"}, "no address"),
        ({"Quantity": "0x10"}, "not canonical"),
        ({"Reference": "none"}, "no number"),
    ],
)
def test_a_wrong_token_that_cannot_go_back_safely_is_only_recorded(
    lock_manager: LockManagerStage, tags: dict[str, str], why: str
) -> None:
    lm = lock_manager
    said = {name: lm.id if text == "self" else text for name, text in tags.items()}
    assert lm.heard(lm.credit_from("other_token", said)) == []
    lm.assert_stray(surplus="0")
    assert why in lm.actor.evaluate("return Strays.items[1].reason")


def test_sixteen_refunds_a_token_and_hour_then_only_records(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    heard = [lm.heard(lm.credit_from("other_token")) for _ in range(18)]
    assert heard == [[("other_token", "Transfer")]] * 16 + [[], []]
    assert lm.stats["strays"] == 2
    assert lm.heard(lm.credit_from("carol")) == [("carol", "Transfer")], "another token has its own"
    lm.advance(HOUR_MS)
    assert lm.heard(lm.credit_from("other_token")) == [("other_token", "Transfer")]


def test_refunds_of_wrong_tokens_can_be_switched_off(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    lm.set_up({**MOCK, "Refund-Wrong-Tokens": "false"})
    assert lm.heard(lm.credit_from("other_token")) == []
    lm.assert_stray(surplus="0")
    lm.send("deployer", "SetProcessConfig", {"Refund-Wrong-Tokens": "true"})
    assert lm.heard(lm.credit_from("other_token")) == [("other_token", "Transfer")]


def test_tim3_sent_here_goes_back_through_the_token_manager(
    lock_manager: LockManagerStage,
) -> None:
    assert lock_manager.heard(lock_manager.credit_from("token_manager")) == [
        ("token_manager", "Transfer")
    ]


def test_receipts_of_foreign_tokens_have_a_bound(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.actor.evaluate("""
        for n = 1, 10000 do
          Receipts["token" .. n] = { seen = {}, forgotten = 0, hour = 0, refunds = 0 }
        end""")
    assert lm.heard(lm.credit_from("other_token")) == []
    assert lm.stats["strays"] == 1
    assert ("alice", "Lock-Notice") in lm.heard(lm.deposit()), "the collateral is not foreign"
