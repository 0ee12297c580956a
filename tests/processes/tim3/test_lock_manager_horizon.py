from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only
from tests.processes.tim3.lock_manager_stage import TIMEOUT_MS, LockManagerStage

HORIZON = 10_000


def age(lm: LockManagerStage, kind: str, last: int) -> None:
    """Count `last` operations of a kind as issued, so that the horizon is near."""
    lm.actor.evaluate(f"""
        local stream = "{kind}"
        Operations.streams[stream].last = {last}
        Operations.streams[stream].open = {last + 1}
        if stream:sub(1, 1) ~= "R" then IssuedIds[stream:sub(1, 1)] = {last} end""")


def test_a_closed_lock_is_forgotten_past_the_horizon_and_its_notice_stays_spent(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    old = {"Reference": "7"}
    lm.deposit(tags=old)
    lm.consume(1)
    age(lm, f"M-{lm.id[:8]}", HORIZON)
    lm.advance(10 * TIMEOUT_MS)
    lm.order("Consume-Lock", lm.lock_id(1), {"Low-Water": str(HORIZON)})
    lm.deposit(tags={"Reference": "8"})
    assert lm.refusal("bob", "GetOperation", {"Op-Id": lm.lock_id(1)}) == "Duplicate"
    assert only(lm.consume(1), "Consume-Lock-Error").error == "Duplicate"
    assert only(lm.refund(1), "UnlockCollateral-Error").error == "Duplicate"
    assert lm.refusal("bob", "Retry-Operation", {"Op-Id": lm.lock_id(1)}) == "Duplicate"
    assert lm.published["ops"][lm.lock_id(1)] == ""
    assert lm.heard(lm.deposit(tags=old)) == [], "its notice opens nothing a second time"
    assert (lm.stats["strays"], lm.locked) == (1, "200")


@pytest.mark.parametrize("missing", ["age", "later ids", "low water", "closed"])
def test_nothing_is_forgotten_while_one_condition_is_missing(
    lock_manager: LockManagerStage, missing: str
) -> None:
    lm = lock_manager
    lm.deposit(tags={"Reference": "7"})
    if missing != "closed":
        lm.consume(1)
    if missing != "later ids":
        age(lm, f"M-{lm.id[:8]}", HORIZON)
    if missing == "closed":
        lm.actor.evaluate(f'Operations.streams["M-{lm.id[:8]}"].open = 1')
    if missing != "age":
        lm.advance(10 * TIMEOUT_MS)
    if missing != "low water":
        lm.order("Consume-Lock", lm.lock_id(99), {"Low-Water": str(HORIZON)})
    lm.deposit(tags={"Reference": "8"})
    assert lm.phase(lm.lock_id(1)) in {"consumed", "locked"}


def test_a_forgotten_redeem_is_never_paid_again(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("500")
    lm.redeem(1)
    lm.debit(lm.redeem_id(1))
    age(lm, f"R-{lm.address('coordinator')[:8]}", HORIZON)
    lm.advance(10 * TIMEOUT_MS)
    lm.redeem(HORIZON + 1, "1", {"Low-Water": str(HORIZON)})
    assert lm.heard(lm.redeem(1)) == [("coordinator", "UnlockCollateral-Error")]
    assert only(lm.redeem(1), "UnlockCollateral-Error").error == "Duplicate"
    assert (lm.locked, lm.stats["backing"]) == ("400", "399")


def test_refunds_of_other_tokens_are_forgotten_without_the_coordinators_word(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.credit_from("other_token", {"Reference": "7"})
    age(lm, f"W-{lm.id[:8]}", HORIZON)
    lm.advance(10 * TIMEOUT_MS)
    lm.credit_from("other_token", {"Reference": "8"})
    refund = {"Op-Id": f"W-{lm.id[:8]}-1"}
    assert lm.refusal("bob", "GetOperation", refund) == "Duplicate"
    assert lm.heard(lm.credit_from("other_token", {"Reference": "7"})) == []
    assert lm.stats["strays"] == 1, "its notice is spent"
