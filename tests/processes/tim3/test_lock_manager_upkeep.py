from __future__ import annotations

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.lock_manager_stage import TIMEOUT_MS, LockManagerStage

SWEPT = ("bob", "Sweep-Response")
ASKED = ("mock_usda", "Balance")
EVIDENCE = "transaction abc on the explorer"


def figures(sent: list[Sent]) -> tuple[int, int]:
    """What a sweep says it did, and what it left."""
    answer = only(sent, "Sweep-Response").json()
    return answer["sweptOperations"], answer["remaining"]


def resolve(lm: LockManagerStage, op: str, outcome: str, sender: str = "deployer") -> list[Sent]:
    tags = {"Op-Id": op, "Outcome": outcome, "Evidence": EVIDENCE}
    return lm.send(sender, "Resolve-Operation", tags)


def calm_probe(lm: LockManagerStage) -> None:
    """Have the surplus asked for, so that the next sweeps within Timeout do not."""
    question = only(lm.sweep(), "Balance")
    lm.balance(question, lm.locked)


# --- Sweep-Expired ---


def test_a_sweep_leaves_alone_what_is_younger_than_a_timeout(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit()
    calm_probe(lm)
    lm.advance(TIMEOUT_MS - 10)
    sent = lm.sweep()
    assert lm.heard(sent) == [SWEPT]
    assert figures(sent) == (0, 0)


def test_a_sweep_repeats_an_unanswered_lock_success(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    first = only(lm.deposit(), "LockCollateral-Success")
    lm.advance(TIMEOUT_MS)
    sent = lm.sweep()
    assert lm.heard(sent) == [("coordinator", "LockCollateral-Success"), ASKED, SWEPT]
    assert tags_of(sent[0]) == tags_of(first)
    assert figures(sent) == (1, 0)


def test_a_lock_unanswered_for_three_timeouts_is_given_up_and_never_refunded_by_the_clock(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.deposit()
    lm.advance(3 * TIMEOUT_MS)
    sent = lm.sweep()
    assert lm.heard(sent)[0] == ("coordinator", "Cancel-Lock")
    assert tags_of(sent[0]) == {"Op-Id": lm.lock_id(1), "Low-Water": "1"}
    assert sent[0].tag("Protocol") == "TIM3/1"
    assert lm.phase(lm.lock_id(1)) == "cancelling"
    for _ in range(3):
        lm.advance(100 * TIMEOUT_MS)
        assert lm.heard(lm.sweep()) == [("coordinator", "Cancel-Lock"), ASKED, SWEPT]
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("cancelling", "100")


def test_a_sweep_repeats_the_same_transfer_to_an_idempotent_token(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    first = only(lm.redeem(1), "Transfer")
    lm.advance(TIMEOUT_MS)
    sent = lm.sweep()
    assert lm.heard(sent) == [("mock_usda", "Transfer"), SWEPT]
    assert tags_of(sent[0]) == tags_of(first)
    assert lm.phase(lm.redeem_id(1)) == "unlocking"


def test_a_sweep_sends_a_failed_payment_again(strict_lock_manager: LockManagerStage) -> None:
    lm = strict_lock_manager
    lm.back()
    first = only(lm.redeem(1), "Transfer")
    lm.transfer_error(lm.redeem_id(1))
    lm.advance(TIMEOUT_MS)
    sent = lm.sweep()
    assert lm.heard(sent) == [("mock_usda", "Transfer"), SWEPT]
    assert tags_of(sent[0]) == tags_of(first)
    assert lm.phase(lm.redeem_id(1)) == "unlocking"
    assert lm.heard(lm.sweep()) == [SWEPT], "its new phase is young"


@pytest.mark.parametrize("lock_profile", ["strict_lock_manager", "stock_lock_manager"])
def test_a_sweep_never_repeats_a_transfer_to_a_token_that_would_pay_again(
    request: pytest.FixtureRequest, lock_profile: str
) -> None:
    lm: LockManagerStage = request.getfixturevalue(lock_profile)
    lm.back()
    lm.redeem(1)
    lm.advance(100 * TIMEOUT_MS)
    assert lm.heard(lm.sweep()) == [ASKED, SWEPT]
    operation = lm.operation(lm.redeem_id(1))
    assert (operation["phase"], operation["attention"]) == ("unlocking", "needs-attention")
    assert lm.locked == "100", "solvency is never overstated"


def test_a_sweep_is_bounded_and_the_next_one_goes_on(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    for _ in range(60):
        lm.deposit()
    calm_probe(lm)
    lm.advance(TIMEOUT_MS)
    done = [lm.sweep() for _ in range(4)]
    assert [figures(sent) for sent in done] == [(25, 35), (25, 10), (10, 0), (25, 35)]
    ids = [one.tag("Op-Id") for sent in done[:3] for one in sent if one.tag("Op-Id")]
    assert ids == [lm.lock_id(n) for n in range(1, 61)], "in order, each once"


@pytest.mark.parametrize(
    ("limit", "swept"),
    [("1", 1), ("7", 7), ("25", 25), *((odd, 25) for odd in ("26", "9999", "0", "-1", "x", ""))],
)
def test_the_limit_of_a_sweep_only_lowers_it(
    lock_manager: LockManagerStage, limit: str, swept: int
) -> None:
    lm = lock_manager
    for _ in range(30):
        lm.deposit()
    lm.advance(TIMEOUT_MS)
    assert figures(lm.sweep(limit)) == (swept, 30 - swept)


def test_a_sweep_of_an_empty_process_says_so(fresh_lock_manager: LockManagerStage) -> None:
    sent = fresh_lock_manager.sweep()
    assert fresh_lock_manager.heard(sent) == [SWEPT]
    assert figures(sent) == (0, 0)


def test_a_sweep_with_its_limit_twice_is_refused(lock_manager: LockManagerStage) -> None:
    tags = {"Limit": "1", "limit": "2"}
    assert lock_manager.refusal("bob", "Sweep-Expired", tags) == "Duplicate"


# --- Retry-Operation ---


def test_anyone_may_have_a_lock_announced_again(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    first = only(lm.deposit(), "LockCollateral-Success")
    sent = lm.retry(lm.lock_id(1))
    assert lm.heard(sent) == [("coordinator", "LockCollateral-Success"), ("bob", "Retry-Response")]
    assert tags_of(sent[0]) == tags_of(first)
    assert tags_of(sent[1]) == {"Op-Id": lm.lock_id(1), "Phase": "locked"}


@pytest.mark.parametrize("sender", ["alice", "deployer"])
def test_the_depositor_or_the_admin_may_give_a_lock_up(
    lock_manager: LockManagerStage, sender: str
) -> None:
    lm = lock_manager
    lm.deposit()
    sent = lm.retry(lm.lock_id(1), sender, "true")
    assert lm.heard(sent) == [("coordinator", "Cancel-Lock"), (sender, "Retry-Response")]
    assert tags_of(sent[1])["Phase"] == "cancelling"
    again = lm.retry(lm.lock_id(1), "mallory")
    assert lm.heard(again) == [("coordinator", "Cancel-Lock"), ("mallory", "Retry-Response")]
    assert (lm.phase(lm.lock_id(1)), lm.locked) == ("cancelling", "100")


def test_a_stranger_may_not_give_a_lock_up(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.send("deployer", "Propose-Admin", {"Admin": name_address("admin")})
    lm.send("admin", "Accept-Admin")
    tags = {"Op-Id": lm.lock_id(1), "Give-Up": "true"}
    for sender in ("mallory", "coordinator", "deployer"):
        assert lm.refusal(sender, "Retry-Operation", tags) == "Unauthorized"
    assert lm.phase(lm.lock_id(1)) == "locked"


def test_a_payment_in_flight_is_sent_again_only_to_an_idempotent_token(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    lm.set_up()
    lm.back()
    first = only(lm.redeem(1), "Transfer")
    again = lm.retry(lm.redeem_id(1))
    assert lm.heard(again) == [("mock_usda", "Transfer"), ("bob", "Retry-Response")]
    assert tags_of(again[0]) == tags_of(first)


@pytest.mark.parametrize("lock_profile", ["strict_lock_manager", "stock_lock_manager"])
def test_a_payment_in_flight_is_never_sent_again_to_another_token(
    request: pytest.FixtureRequest, lock_profile: str
) -> None:
    lm: LockManagerStage = request.getfixturevalue(lock_profile)
    lm.back()
    lm.redeem(1)
    lm.advance(100 * TIMEOUT_MS)
    tags = {"Op-Id": lm.redeem_id(1)}
    for sender in ("bob", "alice", "deployer"):
        assert lm.refusal(sender, "Retry-Operation", tags) == "WrongPhase"


def test_a_failed_payment_is_sent_again_on_retry(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    lm.refund(1)
    lm.transfer_error(lm.lock_id(1))
    sent = lm.retry(lm.lock_id(1))
    assert lm.heard(sent) == [("mock_usda", "Transfer"), ("bob", "Retry-Response")]
    assert tags_of(sent[1])["Phase"] == "refunding"
    assert "failure" not in lm.operation(lm.lock_id(1))


def test_what_is_closed_cannot_be_retried(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back()
    lm.deposit()
    lm.refund(2)
    lm.debit(lm.lock_id(2))
    lm.redeem(1)
    lm.debit(lm.redeem_id(1))
    lm.credit_from("other_token")
    for op in (lm.lock_id(1), lm.lock_id(2), lm.redeem_id(1), f"W-{lm.id[:8]}-1"):
        assert lm.refusal("bob", "Retry-Operation", {"Op-Id": op}) == "WrongPhase"


@pytest.mark.parametrize("op", ["", "nonsense", "M-abcdefgh-1", "R-1"])
def test_what_never_was_cannot_be_retried(lock_manager: LockManagerStage, op: str) -> None:
    tags = {"Op-Id": op}
    assert lock_manager.refusal("bob", "Retry-Operation", tags) == "UnknownOperation"


# --- Resolve-Operation ---


@pytest.fixture
def stuck(stock_lock_manager: LockManagerStage) -> LockManagerStage:
    """A redeem whose transfer a stock token never answered."""
    stock_lock_manager.back()
    stock_lock_manager.redeem(1)
    return stock_lock_manager


def test_the_admin_resolves_a_payment_as_done(stuck: LockManagerStage) -> None:
    lm, op = stuck, stuck.redeem_id(1)
    lm.advance(10 * TIMEOUT_MS)
    lm.sweep()
    sent = resolve(lm, op, "done")
    assert lm.heard(sent) == [
        ("state_manager", "Report-Locked"),
        ("coordinator", "UnlockCollateral-Success"),
        ("alice", "Unlock-Notice"),
        ("deployer", "Resolve-Operation-Response"),
    ]
    assert tags_of(sent[-1]) == {"Op-Id": op, "Phase": "unlocked"}
    known = lm.operation(op)
    assert (known["phase"], known["evidence"]) == ("unlocked", EVIDENCE)
    assert "attention" not in known
    assert (lm.locked, lm.stats["totalUnlocked"]) == ("0", "100")


def test_the_admin_resolves_a_payment_as_not_done_and_it_is_retried(
    stuck: LockManagerStage,
) -> None:
    lm, op = stuck, stuck.redeem_id(1)
    lm.advance(10 * TIMEOUT_MS)
    sent = resolve(lm, op, "not-done")
    assert lm.heard(sent) == [
        ("coordinator", "UnlockCollateral-Error"),
        ("deployer", "Resolve-Operation-Response"),
    ]
    assert (lm.phase(op), lm.locked) == ("unlock-failed", "100")
    assert lm.heard(lm.retry(op)) == [("mock_usda", "Transfer"), ("bob", "Retry-Response")]
    assert lm.refusal("bob", "Retry-Operation", {"Op-Id": op}) == "WrongPhase", "once only"


def test_nobody_but_the_admin_resolves(stuck: LockManagerStage) -> None:
    lm, op = stuck, stuck.redeem_id(1)
    lm.advance(10 * TIMEOUT_MS)
    tags = {"Op-Id": op, "Outcome": "done", "Evidence": EVIDENCE}
    for sender in ("alice", "mallory", "coordinator", "mock_usda"):
        assert lm.refusal(sender, "Resolve-Operation", tags) == "Unauthorized"
    lm.send("deployer", "Propose-Admin", {"Admin": name_address("admin")})
    lm.send("admin", "Accept-Admin")
    assert lm.refusal("deployer", "Resolve-Operation", tags) == "Unauthorized", "the owner too"
    assert lm.phase(op) == "unlocking"
    assert resolve(lm, op, "done", "admin")[-1].action == "Resolve-Operation-Response"


def test_an_operation_is_not_resolved_before_ten_timeouts(stuck: LockManagerStage) -> None:
    lm, op = stuck, stuck.redeem_id(1)
    lm.advance(10 * TIMEOUT_MS - 10)
    tags = {"Op-Id": op, "Outcome": "done", "Evidence": EVIDENCE}
    assert lm.refusal("deployer", "Resolve-Operation", tags) == "WrongPhase"


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"Outcome": "maybe"}, "InvalidConfig"),
        ({"Outcome": ""}, "InvalidConfig"),
        ({"Evidence": ""}, "InvalidConfig"),
        ({"Op-Id": "M-abcdefgh-9"}, "UnknownOperation"),
        ({"Op-Id": ""}, "UnknownOperation"),
    ],
)
def test_an_unclear_resolution_is_refused(
    stuck: LockManagerStage, tags: dict[str, str], code: str
) -> None:
    lm = stuck
    lm.advance(10 * TIMEOUT_MS)
    said = {"Op-Id": lm.redeem_id(1), "Outcome": "done", "Evidence": EVIDENCE, **tags}
    assert lm.refusal("deployer", "Resolve-Operation", said) == code
    assert lm.phase(lm.redeem_id(1)) == "unlocking"


def test_what_is_not_in_flight_is_not_resolved(stock_lock_manager: LockManagerStage) -> None:
    lm = stock_lock_manager
    lm.deposit()
    lm.back()
    lm.advance(20 * TIMEOUT_MS)
    for op in (lm.lock_id(1), lm.lock_id(2)):
        tags = {"Op-Id": op, "Outcome": "done", "Evidence": EVIDENCE}
        assert lm.refusal("deployer", "Resolve-Operation", tags) == "WrongPhase"
    assert lm.locked == "200"


def test_an_idempotent_token_is_asked_again_and_nothing_is_resolved(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    lm.redeem(1)
    lm.advance(20 * TIMEOUT_MS)
    tags = {"Op-Id": lm.redeem_id(1), "Outcome": "not-done", "Evidence": EVIDENCE}
    assert lm.refusal("deployer", "Resolve-Operation", tags) == "WrongPhase"
