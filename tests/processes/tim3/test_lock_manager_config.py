from __future__ import annotations

import pytest

from aosctl.message import name_address
from tests.processes.tim3.cast import ROLES, only
from tests.processes.tim3.lock_manager_stage import MOCK, STOCK, LockManagerStage

ALICE, BOB = name_address("alice"), name_address("bob")
SOURCE = "processes/tim3/lock_manager/process.lua"


def tag_of(role: str) -> str:
    return f"{role.title().replace('_', '-')}-Process"


def reconfigure(lm: LockManagerStage, tags: dict[str, str]) -> str | None:
    """Return the code of the refusal, or None when it was accepted."""
    return lm.send("deployer", "SetProcessConfig", tags)[-1].error


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
    lm.pause("all", 1)
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
    lm.pause("mint", 1)
    assert reconfigure(lm, {tag_of(role): BOB}) == "WrongPhase"
    lm.pause("redeem", 2)
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
    lm.pause("all", 1)
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


# --- upgrade ---


def test_an_upgrade_with_open_operations_changes_nothing(lock_manager: LockManagerStage) -> None:
    lm = lock_manager
    lm.back("300")
    lm.deposit(tags={"Reference": "70"})
    lm.redeem(1)
    lm.pause("mint", 1)
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
