from __future__ import annotations

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import tags_of
from tests.processes.tim3.lock_manager_stage import LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")


# --- questions ---


def test_info_says_where_to_deposit_and_how(lock_manager: LockManagerStage) -> None:
    lock_manager.deposit()
    assert lock_manager.ask("bob", "Info") == {
        "name": "TIM3 Lock Manager",
        "ticker": "TIM3-LOCK",
        "denomination": "12",
        "usdaProcess": name_address("mock_usda"),
        "depositAction": "Mint-TIM3",
        "totalLocked": "100",
    }


def test_info_before_configuration_names_no_token(fresh_lock_manager: LockManagerStage) -> None:
    assert fresh_lock_manager.ask("bob", "Info")["usdaProcess"] is None


def test_the_figures_of_a_fresh_process_are_zero(fresh_lock_manager: LockManagerStage) -> None:
    assert fresh_lock_manager.stats == {
        "totalLocked": "0",
        "totalLocks": 0,
        "activeLocks": 0,
        "totalUnlocked": "0",
        "backing": "0",
        "pendingOperations": 0,
        "surplus": "0",
        "strays": 0,
        "anomalies": 0,
    }
    assert fresh_lock_manager.published == {
        "totallocked": "0",
        "totalunlocked": "0",
        "backing": "0",
        "strays": "0",
        "surplus": "0",
    }


def test_the_figures_tell_locks_from_other_open_operations(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    for _ in range(5):
        lm.deposit()
    lm.consume(1)
    lm.refund(2)
    lm.refund(3)
    lm.debit(lm.lock_id(3))
    lm.redeem(1, "40")
    stats = lm.stats
    assert (stats["totalLocks"], stats["activeLocks"], stats["pendingOperations"]) == (5, 2, 4)
    assert (stats["totalLocked"], stats["totalUnlocked"], stats["backing"]) == ("400", "100", "60")


def test_amounts_beyond_what_json_numbers_hold_are_exact(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit(str(10**30 + 7))
    assert lm.stats["totalLocked"] == str(10**30 + 7)
    assert lm.operation(lm.lock_id(1))["quantity"] == str(10**30 + 7)


def test_one_lock_is_found_by_its_id(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit(tags={"X-Recipient": BOB, "X-Op-Ref": "memo"})
    found = lm.ask("carol", "GetLockInfo", {"Lock-Id": lm.lock_id(1)})
    assert (found["count"], found["cursor"]) == (1, "")
    (lock,) = found["locks"]
    assert lock["lockId"] == lock["opId"] == lm.lock_id(1)
    assert (lock["user"], lock["recipient"], lock["quantity"]) == (ALICE, BOB, "100")
    assert (lock["phase"], lock["opRef"]) == ("locked", "memo")


@pytest.mark.parametrize("lock", ["M-abcdefgh-1", "nonsense", "", "R"])
def test_a_lock_that_never_was_is_an_empty_list(lock_manager: LockManagerStage, lock: str) -> None:
    lm = lock_manager
    lm.back()
    lm.redeem(1)
    tags = {"Lock-Id": lm.redeem_id(1) if lock == "R" else lock}
    assert lm.ask("bob", "GetLockInfo", tags) == {"locks": [], "count": 0, "cursor": ""}


def test_the_locks_of_a_user_come_in_pages_in_order(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    for n in range(1, 13):
        lm.deposit(str(n), user="alice" if n % 2 else "bob")
    seen, cursor = [], ""
    for _ in range(3):
        tags = {"User": ALICE, "Limit": "2", "Cursor": cursor}
        page = lm.ask("carol", "GetLockInfo", tags)
        assert page["count"] == len(page["locks"]) == 2
        seen += [lock["quantity"] for lock in page["locks"]]
        cursor = page["cursor"]
    assert seen == ["1", "3", "5", "7", "9", "11"]
    assert cursor == ""


def test_without_a_user_the_asker_sees_their_own_locks(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit(user="alice")
    lm.deposit(user="bob")
    (lock,) = lm.ask("bob", "GetLockInfo")["locks"]
    assert lock["user"] == BOB
    assert lm.ask("carol", "GetLockInfo")["count"] == 0


@pytest.mark.parametrize("op", ["M-abcdefgh-1", "nonsense", "", None])
def test_an_operation_that_never_was_is_unknown(
    lock_manager: LockManagerStage, op: str | None
) -> None:
    tags = {} if op is None else {"Op-Id": op}
    assert lock_manager.refusal("bob", "GetOperation", tags) == "UnknownOperation"


def test_a_question_with_a_tag_twice_is_refused(lock_manager: LockManagerStage) -> None:
    for action, name in (("GetOperation", "Op-Id"), ("GetLockInfo", "Lock-Id")):
        tags = {name: "a", name.lower(): "b"}
        assert lock_manager.refusal("bob", action, tags) == "Duplicate"


def test_health_tells_what_is_missing_paused_and_open(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    assert lm.health["missing"] == ["coordinator", "mock_usda", "state_manager"]
    lm.set_up()
    lm.deposit()
    lm.pause("redeem", 1)
    health = lm.health
    assert (health["configured"], health["missing"]) == (True, [])
    assert health["paused"] == {"mint": False, "redeem": True, "transfer": False}
    assert (health["openOperations"], health["anomalies"], health["strays"]) == (1, 0, 0)


# --- Report-Request, Pause-Notice ---


def test_the_state_manager_may_ask_what_is_locked(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    sent = lm.send("state_manager", "Report-Request")
    assert lm.heard(sent) == [("state_manager", "Report-Locked")]
    assert tags_of(sent[0]) == {"Quantity": "100", "Seq": "2"}
    for sender in ("alice", "coordinator", "deployer"):
        assert lm.refusal(sender, "Report-Request") == "Unauthorized"


def test_every_change_of_what_is_locked_is_reported_under_a_new_seq(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    said = [
        lm.deposit(),
        lm.consume(1),
        lm.redeem(1, "30"),
        lm.debit(lm.redeem_id(1), quantity="30"),
    ]
    reports = [[tags_of(s) for s in sent if s.action == "Report-Locked"] for sent in said]
    assert reports == [
        [{"Quantity": "100", "Seq": "1"}],
        [],
        [],
        [{"Quantity": "70", "Seq": "2"}],
    ]


def test_without_a_state_manager_the_money_path_works(
    fresh_lock_manager: LockManagerStage,
) -> None:
    lm = fresh_lock_manager
    lm.set_up(without="state_manager")
    assert lm.heard(lm.deposit()) == [
        ("coordinator", "LockCollateral-Success"),
        ("alice", "Lock-Notice"),
    ]
    assert lm.health["missing"] == ["state_manager"]


def test_pauses_are_noted_and_the_greatest_seq_wins(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    sent = lm.pause("all", 5)
    assert lm.heard(sent) == [("coordinator", "Pause-Notice-Response")]
    assert tags_of(sent[0]) == {"Seq": "5"}
    assert tags_of(lm.pause("mint", 4, paused=False)[0]) == {"Seq": "4"}, "heard, and too old"
    assert lm.health["paused"]["mint"] is True
    lm.pause("mint", 6, paused=False)
    assert lm.health["paused"] == {"mint": False, "redeem": True, "transfer": False}


def test_a_pause_stops_nothing_here_that_the_coordinator_decides(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    lm.pause("all", 1)
    assert ("coordinator", "LockCollateral-Success") in lm.heard(lm.deposit())
    assert ("mock_usda", "Transfer") in lm.heard(lm.redeem(1)), "what was burned is paid"


def test_only_the_coordinator_pauses(lock_manager: LockManagerStage) -> None:
    tags = {"Scope": "all", "Pause": "true", "Seq": "1"}
    for sender in ("alice", "deployer", "state_manager"):
        assert lock_manager.refusal(sender, "Pause-Notice", tags) == "Unauthorized"
    assert lock_manager.health["paused"]["mint"] is False


@pytest.mark.parametrize(
    "tags", [{"Scope": "rain"}, {"Pause": "yes"}, {"Seq": "0"}, {"Seq": "x"}, {"Scope": ""}]
)
def test_an_unreadable_pause_is_ignored(
    lock_manager: LockManagerStage, tags: dict[str, str]
) -> None:
    said = {"Scope": "all", "Pause": "true", "Seq": "1", **tags}
    assert lock_manager.heard(lock_manager.send("coordinator", "Pause-Notice", said)) == []
    assert lock_manager.anomalies == 1
