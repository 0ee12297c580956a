from __future__ import annotations

from typing import Any

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import ROLES, only, tags_of
from tests.processes.tim3.lock_manager_stage import MOCK, STOCK, TIMEOUT_MS, LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")
HORIZON = 10_000
SOURCE = "processes/tim3/lock_manager/process.lua"


def tag_of(role: str) -> str:
    return f"{role.title().replace('_', '-')}-Process"


def pause(lm: LockManagerStage, scope: str, seq: int, *, paused: bool = True) -> Any:
    tags = {"Scope": scope, "Pause": str(paused).lower(), "Seq": str(seq)}
    return lm.send("coordinator", "Pause-Notice", tags)


def reconfigure(lm: LockManagerStage, tags: dict[str, str]) -> str | None:
    """Return the code of the refusal, or None when it was accepted."""
    return lm.send("deployer", "SetProcessConfig", tags)[-1].error


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
    pause(lm, "redeem", 1)
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
    reports = []
    for step in (
        lm.deposit,
        lambda: lm.consume(1),
        lambda: lm.redeem(1, "30"),
        lambda: lm.debit(lm.redeem_id(1), quantity="30"),
    ):
        reports.append([tags_of(s) for s in step() if s.action == "Report-Locked"])
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
    sent = pause(lm, "all", 5)
    assert lm.heard(sent) == [("coordinator", "Pause-Notice-Response")]
    assert tags_of(sent[0]) == {"Seq": "5"}
    assert tags_of(pause(lm, "mint", 4, paused=False)[0]) == {"Seq": "4"}, "heard, and too old"
    assert lm.health["paused"]["mint"] is True
    pause(lm, "mint", 6, paused=False)
    assert lm.health["paused"] == {"mint": False, "redeem": True, "transfer": False}


def test_a_pause_stops_nothing_here_that_the_coordinator_decides(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    pause(lm, "all", 1)
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


# --- SetProcessConfig ---


def test_the_configuration_shows_peers_limits_and_settings(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    config = lm.ask("bob", "GetConfig")
    assert config["peers"] == {role: lm.address(role) for role in ROLES}
    assert config["limits"] == {"Timeout-Ms": "300000"}
    assert config["settings"] == {**MOCK, "Refund-Wrong-Tokens": "true"}
    names = config["handlers"]
    assert (names[2], names[-1]) == ("guard", "drop")


def test_nothing_is_believed_of_a_token_until_it_is_said(
    fresh_lock_manager: LockManagerStage,
) -> None:
    fresh_lock_manager.set_up({})
    settings = fresh_lock_manager.ask("bob", "GetConfig")["settings"]
    assert settings == {**STOCK, "Refund-Wrong-Tokens": "true"}


@pytest.mark.parametrize("sender", ["alice", "mallory", "coordinator", "mock_usda"])
def test_nobody_but_owner_and_admin_configures(
    fresh_lock_manager: LockManagerStage, sender: str
) -> None:
    lm = fresh_lock_manager
    for _ in range(2):
        (answer,) = lm.set_up(sender=sender)
        assert (answer.action, answer.error) == ("SetProcessConfig-Error", "Unauthorized")
        lm.set_up()


@pytest.mark.parametrize(
    "tags",
    [
        {"Lock-Manager-Process": ALICE},
        {"Mock-Usda-Process": "short"},
        {"Mock-Usda-Process": name_address("token_manager")},
        {"Coordinator-Process": "self"},
        {"Token-Authenticated": "yes"},
        {"Token-Idempotent": ""},
        {"Refund-Wrong-Tokens": "1"},
    ],
)
def test_a_bad_configuration_changes_nothing(
    fresh_lock_manager: LockManagerStage, tags: dict[str, str]
) -> None:
    lm = fresh_lock_manager
    said = {name: lm.id if text == "self" else text for name, text in tags.items()}
    good = {tag_of(role): lm.address(role) for role in ROLES}
    assert reconfigure(lm, {**good, **MOCK, **said}) == "InvalidConfig"
    config = lm.ask("bob", "GetConfig")
    assert (config["peers"], config["settings"]["Token-Idempotent"]) == ({}, "false")


@pytest.mark.parametrize(
    "tags",
    [
        {"Mock-Usda-Process": BOB},
        {"Token-Manager-Process": BOB},
        {"Token-Idempotent": "false"},
        {"Token-Authenticated": "false"},
    ],
)
def test_the_token_stays_while_anything_is_locked(
    lock_manager: LockManagerStage, tags: dict[str, str]
) -> None:
    lm = lock_manager
    lm.back()
    pause(lm, "all", 1)
    assert reconfigure(lm, tags) == "WrongPhase", "locked"
    lm.redeem(1)
    assert reconfigure(lm, tags) == "WrongPhase", "open"
    lm.debit(lm.redeem_id(1))
    assert reconfigure(lm, tags) is None


@pytest.mark.parametrize("role", ["coordinator", "state_manager"])
def test_coordinator_and_state_manager_change_only_when_paused_and_nothing_is_open(
    lock_manager: LockManagerStage, role: str
) -> None:
    lm = lock_manager
    lm.back()
    assert reconfigure(lm, {tag_of(role): BOB}) == "WrongPhase"
    pause(lm, "mint", 1)
    assert reconfigure(lm, {tag_of(role): BOB}) == "WrongPhase"
    pause(lm, "redeem", 2)
    lm.deposit()
    assert reconfigure(lm, {tag_of(role): BOB}) == "WrongPhase"
    lm.refund(2)
    lm.debit(lm.lock_id(2))
    assert reconfigure(lm, {tag_of(role): BOB}) is None


def test_the_same_configuration_again_is_always_free(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit()
    assert lm.set_up()[-1].action == "SetProcessConfig-Response"


def test_a_new_token_starts_without_surplus(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.deposit(tags={"Sender": lm.id})
    question = only(lm.sweep(), "Balance")
    assert lm.stats["surplus"] == "100"
    assert reconfigure(lm, {"Mock-Usda-Process": BOB}) is None
    assert (lm.stats["surplus"], lm.locked) == ("0", "0")
    said = {"Balance": "5", "Account": lm.id, "X-Reference": question.tag("Reference") or ""}
    lm.actor.send("bob", None, said)
    assert lm.stats["surplus"] == "0", "the question was for the old token"


def test_the_redeems_of_a_replaced_coordinator_open_nothing(
    lock_manager: LockManagerStage,
) -> None:
    lm = lock_manager
    lm.back()
    pause(lm, "all", 1)
    reconfigure(lm, {"Coordinator-Process": BOB})
    said = {"User": ALICE, "Recipient": ALICE, "Quantity": "1", "Kind": "redeem"}
    old, new = {**said, "Op-Id": lm.redeem_id(1)}, {**said, "Op-Id": f"R-{BOB[:8]}-1"}
    assert lm.refusal("coordinator", "UnlockCollateral", old) == "Unauthorized"
    assert lm.refusal("bob", "UnlockCollateral", old) == "UnknownOperation"
    assert lm.heard(lm.send("bob", "UnlockCollateral", new)) == [
        ("mock_usda", "Transfer"),
        ("bob", "UnlockCollateral-Pending"),
    ]


def test_after_lock_config_nothing_changes(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    assert lm.ask("bob", "GetConfig")["locked"] is False
    lm.send("deployer", "Lock-Config")
    for tags in ({"Mock-Usda-Process": BOB}, {"Token-Idempotent": "false"}):
        assert reconfigure(lm, tags) == "Frozen"


def test_an_incomplete_configuration_cannot_be_locked(
    fresh_lock_manager: LockManagerStage,
) -> None:
    assert fresh_lock_manager.refusal("deployer", "Lock-Config") == "NotConfigured"


# --- what is forgotten ---


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


# --- upgrade ---


def test_an_upgrade_with_open_operations_changes_nothing(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("300")
    lm.deposit(tags={"Reference": "70"})
    lm.redeem(1)
    pause(lm, "mint", 1)
    before = (lm.stats, lm.published, lm.ask("bob", "GetConfig"), lm.health)
    for _ in range(2):
        lm.actor.load(SOURCE)
    assert (lm.stats, lm.published, lm.ask("bob", "GetConfig"), lm.health) == before
    assert lm.heard(lm.deposit(tags={"Reference": "70"})) == [
        ("coordinator", "LockCollateral-Success")
    ]
    assert ("alice", "Unlock-Notice") in lm.heard(lm.debit(lm.redeem_id(1)))


def test_globals_of_another_type_are_replaced(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.actor.evaluate("Strays, Probe, SweepCursor, LowWaters = 1, 2, {}, 'x'")
    lm.actor.load(SOURCE)
    assert lm.heard(lm.deposit(tags={"Sender": lm.id})) == []
    assert (lm.stats["strays"], lm.health["configured"]) == (1, True)
    assert lm.heard(lm.sweep())[-1] == ("bob", "Sweep-Response")
