from __future__ import annotations

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import only
from tests.processes.tim3.lock_manager_stage import STOCK, TIMEOUT_MS, LockManagerStage

ALICE = name_address("alice")
SWEPT = ("bob", "Sweep-Response")


@pytest.fixture
def stuck(stock_lock_manager: LockManagerStage) -> LockManagerStage:
    """A redeem whose transfer a stock token never answered."""
    stock_lock_manager.back()
    stock_lock_manager.redeem(1)
    return stock_lock_manager


def swept(lm: LockManagerStage) -> Sent:
    """Sweep a Timeout later and return the question for the balance."""
    lm.advance(TIMEOUT_MS)
    return only(lm.sweep(), "Balance")


def attention(lm: LockManagerStage) -> str:
    return str(lm.operation(lm.redeem_id(1)).get("attention"))


def test_two_equal_balances_a_timeout_apart_show_that_nothing_was_sent(
    stuck: LockManagerStage,
) -> None:
    lm = stuck
    assert lm.heard(lm.balance(swept(lm), "100")) == []
    assert attention(lm) == "needs-attention"
    lm.balance(only(lm.sweep(), "Balance"), "100")
    assert attention(lm) == "needs-attention", "not yet a timeout apart"
    lm.balance(swept(lm), "100")
    assert attention(lm) == "likely-not-sent"
    assert (lm.phase(lm.redeem_id(1)), lm.locked) == ("unlocking", "100"), "it is only a hint"


def test_another_balance_takes_the_hint_back(stuck: LockManagerStage) -> None:
    lm = stuck
    for balance, shown in (
        ("100", "needs-attention"),
        ("0", "needs-attention"),
        ("100", "needs-attention"),
        ("100", "likely-not-sent"),
        ("0", "needs-attention"),
    ):
        lm.balance(swept(lm), balance)
        assert attention(lm) == shown


@pytest.mark.parametrize(
    "tags",
    [
        {"X-Reference": "999"},
        {"X-Reference": None},
        {"Account": ALICE},
        {"Account": None},
        {"Balance": "0x64"},
        {"Balance": "-100"},
        {"Balance": ""},
        {"balance": "100"},
        {"account": ALICE},
    ],
)
def test_an_answer_that_is_not_to_the_question_tells_nothing(
    stuck: LockManagerStage, tags: dict[str, str | None]
) -> None:
    lm = stuck
    lm.balance(swept(lm), "100")
    assert lm.heard(lm.balance(swept(lm), "100", tags)) == []
    assert (attention(lm), lm.anomalies) == ("needs-attention", 1)


def test_an_answer_by_somebody_else_is_dropped(stuck: LockManagerStage) -> None:
    lm = stuck
    question = swept(lm)
    said = {"Balance": "0", "Account": lm.id, "X-Reference": question.tag("Reference") or ""}
    assert lm.heard(lm.actor.send("mallory", None, said)) == []
    lm.balance(question, "100")
    lm.balance(swept(lm), "100")
    assert attention(lm) == "likely-not-sent"


def test_an_answer_counts_once_and_only_the_newest_question(stuck: LockManagerStage) -> None:
    lm = stuck
    old, new = swept(lm), swept(lm)
    lm.balance(old, "100")
    lm.balance(new, "100")
    lm.balance(new, "0")
    assert lm.anomalies == 2
    lm.balance(swept(lm), "100")
    assert attention(lm) == "likely-not-sent"


def test_an_answer_is_void_once_another_transfer_has_begun(stuck: LockManagerStage) -> None:
    lm = stuck
    lm.balance(swept(lm), "100")
    question = swept(lm)
    lm.back("50")
    lm.redeem(2, "50")
    lm.balance(question, "150")
    assert attention(lm) == "needs-attention"
    assert lm.heard(lm.sweep()) == [SWEPT], "with two in flight no balance can tell which"


def test_a_balance_with_action_is_understood_as_well(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    question = only(lm.sweep(), "Balance")
    lm.balance(question, "7", {"Action": "Balance-Response"})
    assert lm.stats["surplus"] == "7"


def test_at_rest_the_balance_tells_the_surplus(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    lm.deposit(tags={"Sender": lm.id, "Quantity": "3"})
    assert lm.stats["surplus"] == "3", "a stray"
    question = only(lm.sweep(), "Balance")
    lm.balance(question, "142")
    assert (lm.stats["surplus"], lm.locked) == ("42", "100"), "and what came without a notice"
    assert lm.heard(lm.sweep()) == [SWEPT], "asked at most once a timeout"
    lm.balance(swept(lm), "99")
    assert lm.stats["surplus"] == "0"


def test_the_surplus_is_part_of_what_is_expected(fresh_lock_manager: LockManagerStage) -> None:
    lm = fresh_lock_manager
    lm.set_up(STOCK)
    lm.back()
    lm.balance(only(lm.sweep(), "Balance"), "150")
    lm.redeem(1)
    lm.balance(swept(lm), "150")
    lm.balance(swept(lm), "150")
    assert attention(lm) == "likely-not-sent"


def test_a_surplus_question_is_void_once_a_transfer_has_begun(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    question = only(lm.sweep(), "Balance")
    lm.redeem(1)
    lm.debit(lm.redeem_id(1))
    lm.balance(question, "100")
    assert (lm.stats["surplus"], lm.anomalies) == ("0", 1)
