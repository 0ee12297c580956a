"""Stopping the system: who may, what stops, and who is told."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage

LISTENERS = ["token_manager", "lock_manager", "state_manager"]


def acknowledge(stage: CoordinatorStage, seq: int, *roles: str) -> None:
    """Confirm a notice, as those who were told."""
    for role in roles or LISTENERS:
        assert stage.send(role, "Pause-Notice-Response", {"Seq": str(seq)}) == []


@pytest.mark.parametrize(
    ("scope", "mint", "redeem", "active"),
    [
        ("mint", True, False, True),
        ("redeem", False, True, True),
        ("all", True, True, False),
    ],
)
def test_a_pause_sets_the_flags_of_its_scope(
    coordinator: CoordinatorStage, scope: str, mint: bool, redeem: bool, active: bool
) -> None:
    sent = coordinator.pause(scope)
    answer = only(sent, "EmergencyPause-Response")
    assert tags_of(answer) == {"Scope": scope, "Pause": "true", "Seq": "1"}
    assert answer.json()["systemActive"] is active
    paused = coordinator.health["paused"]
    assert (paused["mint"], paused["redeem"]) == (mint, redeem)
    assert coordinator.info["systemActive"] is active
    assert coordinator.published["mintpaused"] == str(mint).lower()
    assert coordinator.published["redeempaused"] == str(redeem).lower()


def test_everyone_is_told_of_a_pause(coordinator: CoordinatorStage) -> None:
    sent = [m for m in coordinator.pause("mint") if m.action == "Pause-Notice"]
    assert [coordinator.name(m.receiver) for m in sent] == LISTENERS
    assert all(tags_of(m) == {"Scope": "mint", "Pause": "true", "Seq": "1"} for m in sent)
    assert all(m.tag("Protocol") is None for m in sent)


def test_unpausing_is_a_later_notice(coordinator: CoordinatorStage) -> None:
    coordinator.pause("all")
    sent = coordinator.pause("redeem", "false")
    assert tags_of(sent[0]) == {"Scope": "redeem", "Pause": "false", "Seq": "2"}
    assert coordinator.health["paused"]["mint"] is True
    assert coordinator.health["paused"]["redeem"] is False
    assert coordinator.info["systemActive"] is True


def test_a_notice_is_repeated_to_those_who_have_not_confirmed(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.pause("mint")
    acknowledge(coordinator, 1, "token_manager", "state_manager")
    assert coordinator.heard(coordinator.sweep()) == [("lock_manager", "Pause-Notice")]
    acknowledge(coordinator, 9, "lock_manager")
    assert len(coordinator.sweep()) == 1
    acknowledge(coordinator, 1, "lock_manager")
    assert coordinator.sweep() == []


def test_notices_of_different_scopes_are_confirmed_apart(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.pause("redeem")
    acknowledge(coordinator, 2)
    sent = coordinator.sweep()
    assert len(sent) == len(LISTENERS)
    assert {tags_of(m)["Seq"] for m in sent} == {"1"}


def test_a_notice_for_all_replaces_the_earlier_ones(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.pause("all", "false")
    acknowledge(coordinator, 2)
    assert coordinator.sweep() == []


def test_an_unpause_of_one_scope_follows_the_pause_of_all(coordinator: CoordinatorStage) -> None:
    coordinator.pause("all")
    coordinator.pause("mint", "false")
    sent = [m for m in coordinator.sweep() if coordinator.name(m.receiver) == "lock_manager"]
    assert [(tags_of(m)["Scope"], tags_of(m)["Seq"]) for m in sent] == [("all", "1"), ("mint", "2")]


def test_a_stranger_confirms_nothing(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    assert coordinator.send("mallory", "Pause-Notice-Response", {"Seq": "1"}) == []
    assert coordinator.anomalies == 1
    assert len(coordinator.sweep()) == len(LISTENERS)


@pytest.mark.parametrize("sender", ["mallory", "lock_manager", "state_manager", "guardian"])
def test_strangers_pause_nothing(coordinator: CoordinatorStage, sender: str) -> None:
    tags = {"Scope": "all", "Pause": "true"}
    assert coordinator.refusal(sender, "EmergencyPause", tags) == "Unauthorized"
    assert coordinator.info["systemActive"] is True


def test_nobody_pauses_first(fresh_coordinator: CoordinatorStage) -> None:
    tags = {"Scope": "all", "Pause": "true"}
    assert fresh_coordinator.refusal("mallory", "EmergencyPause", tags) == "Unauthorized"


def test_the_guardian_pauses_and_cannot_unpause(coordinator: CoordinatorStage) -> None:
    coordinator.send("deployer", "Set-Guardian", {"Guardian": coordinator.address("guardian")})
    sent = coordinator.pause("all", sender="guardian")
    assert only(sent, "EmergencyPause-Response").tag("Scope") == "all"
    tags = {"Scope": "all", "Pause": "false"}
    assert coordinator.refusal("guardian", "EmergencyPause", tags) == "Unauthorized"
    assert coordinator.refusal("guardian", "SetLimits", {"Min-Mint": "2"}) == "Unauthorized"
    assert coordinator.info["systemActive"] is False


def test_the_guardian_can_be_dismissed(coordinator: CoordinatorStage) -> None:
    coordinator.send("deployer", "Set-Guardian", {"Guardian": coordinator.address("guardian")})
    (answer,) = coordinator.send("deployer", "Set-Guardian", {"Guardian": ""})
    assert answer.action == "Set-Guardian-Response"
    tags = {"Scope": "all", "Pause": "true"}
    assert coordinator.refusal("guardian", "EmergencyPause", tags) == "Unauthorized"


def test_a_guardian_is_an_address_named_by_the_admin(coordinator: CoordinatorStage) -> None:
    guardian = {"Guardian": coordinator.address("guardian")}
    assert coordinator.refusal("mallory", "Set-Guardian", guardian) == "Unauthorized"
    assert coordinator.refusal("deployer", "Set-Guardian", {"Guardian": "x"}) == "InvalidAddress"
    assert coordinator.refusal("deployer", "Set-Guardian") == "InvalidAddress"


@pytest.mark.parametrize(
    "tags",
    [
        {"Scope": "transfer", "Pause": "true"},
        {"Scope": "mint", "Pause": "yes"},
        {"Scope": "mint"},
        {"Pause": "true"},
    ],
    ids=str,
)
def test_a_pause_says_what_and_whether(coordinator: CoordinatorStage, tags: dict[str, str]) -> None:
    assert coordinator.refusal("deployer", "EmergencyPause", tags) == "InvalidConfig"


def test_after_the_handover_the_old_admin_has_no_rights(coordinator: CoordinatorStage) -> None:
    coordinator.send("deployer", "Propose-Admin", {"Admin": coordinator.address("admin")})
    coordinator.send("admin", "Accept-Admin")
    tags = {"Scope": "all", "Pause": "true"}
    assert coordinator.refusal("deployer", "EmergencyPause", tags) == "Unauthorized"
    assert coordinator.refusal("deployer", "SetLimits", {"Min-Mint": "2"}) == "Unauthorized"
    assert coordinator.refusal("deployer", "Set-Guardian", {"Guardian": ""}) == "Unauthorized"
    assert only(coordinator.pause("all", sender="admin"), "EmergencyPause-Response")


def test_a_pause_of_mint_refunds_and_what_is_under_way_goes_on(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.lock(1)
    coordinator.pause("mint")
    sent = coordinator.lock(2)
    assert (tags_of(sent[0])["Kind"], tags_of(sent[0])["Reason"]) == ("refund", "Paused")
    assert sent[1].error == "Paused"
    assert coordinator.minted(1)[0].action == "Consume-Lock"


def test_a_pause_of_redeem_leaves_mint_alone(coordinator: CoordinatorStage) -> None:
    coordinator.pause("redeem")
    assert coordinator.lock(1)[0].action == "Mint"


def test_an_alert_is_recorded_and_people_decide(coordinator: CoordinatorStage) -> None:
    tags = {"Score": "85", "Reason": "backing not shown"}
    assert coordinator.send("state_manager", "Risk-Alert", tags) == []
    health = coordinator.health
    assert health["riskAlerts"] == 1
    assert health["paused"]["mint"] is False


def test_an_alert_pauses_mint_where_auto_pause_is_on(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Auto_Pause="on")
    sent = coordinator.send("state_manager", "Risk-Alert", {"Score": "85", "Reason": "short"})
    assert coordinator.heard(sent) == [(role, "Pause-Notice") for role in LISTENERS]
    assert tags_of(sent[0]) == {"Scope": "mint", "Pause": "true", "Seq": "1"}
    assert coordinator.health["paused"] == {"mint": True, "redeem": False, "transfer": False}
    assert coordinator.send("state_manager", "Risk-Alert", {"Score": "85", "Reason": "short"}) == []


def test_only_the_state_manager_raises_alerts(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Auto_Pause="on")
    tags = {"Score": "0", "Reason": "panic"}
    assert coordinator.refusal("mallory", "Risk-Alert", tags) == "Unauthorized"
    assert coordinator.health["paused"]["mint"] is False
