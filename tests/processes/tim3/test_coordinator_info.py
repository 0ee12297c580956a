"""What anyone may ask of the coordinator, and what it drops."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage

ACCEPTANCE = {
    "collateralRatio": 1,
    "ticker": "TIM3-COORD",
    "totalTIM3Minted": 0,
    "systemActive": True,
    "totalCollateral": 0,
    "name": "coordinator-test",
}


def test_fresh_info_equals_the_acceptance_row(fresh_coordinator: CoordinatorStage) -> None:
    info = fresh_coordinator.info
    shown = {key: info[key] for key in ACCEPTANCE}
    assert shown == ACCEPTANCE
    assert {key: type(value) for key, value in shown.items()} == {
        key: type(value) for key, value in ACCEPTANCE.items()
    }
    assert info["totalTIM3MintedQty"] == info["totalCollateralQty"] == "0"
    assert isinstance(info["version"], str)


@pytest.mark.parametrize(
    ("total", "number"),
    [
        ("100000000000000", 100_000_000_000_000),
        ("9007199254740991", 9_007_199_254_740_991),
        ("9007199254740992", None),
    ],
)
def test_totals_are_exact_numbers_or_null_above_two_to_the_53(
    coordinator: CoordinatorStage, total: str, number: int | None
) -> None:
    coordinator.mint(1, total)
    answer = coordinator.send("alice", "Info")[0]
    written = "null" if number is None else str(number)
    assert f'"totalTIM3Minted":{written},' in answer.data
    assert f'"totalCollateral":{written},' in answer.data
    assert answer.json()["totalTIM3MintedQty"] == total
    assert answer.json()["totalCollateralQty"] == total


def test_info_names_the_process_in_tags_too(fresh_coordinator: CoordinatorStage) -> None:
    (answer,) = fresh_coordinator.send("alice", "Info")
    assert answer.action == "Info-Response"
    assert tags_of(answer) == {
        "Name": "coordinator-test",
        "Ticker": "TIM3-COORD",
        "Version": "1.0.0",
    }


def test_answers_go_to_the_sender_and_carry_its_reference(
    coordinator: CoordinatorStage,
) -> None:
    tags = {"Reference": "77", "Reply-To": coordinator.address("token_manager")}
    (answer,) = coordinator.send("alice", "Info", tags)
    assert coordinator.name(answer.receiver) == "alice"
    assert answer.tag("X-Reference") == "77"


def test_health_and_system_health_say_the_same(coordinator: CoordinatorStage) -> None:
    health = coordinator.ask("alice", "Health")
    assert health == coordinator.ask("alice", "SystemHealth")
    assert health["configured"] is True
    assert health["missing"] == []
    assert health["paused"] == {"mint": False, "redeem": False, "transfer": False}
    assert health["openOperations"] == 0
    assert health["strays"] == 0
    assert health["stateVersion"] == 1
    assert len(health["bundleHash"]) == 64


def test_health_counts_open_operations(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.redeem("5")
    assert coordinator.health["openOperations"] == 2
    assert coordinator.published["openoperations"] == "2"


def test_an_operation_can_be_looked_at(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "70", user="alice")
    operation = coordinator.operation(coordinator.lock_id(1))
    assert operation["kind"] == "mint"
    assert operation["phase"] == "minting"
    assert operation["closed"] is False
    assert operation["user"] == operation["recipient"] == coordinator.address("alice")
    assert operation["quantity"] == "70"


@pytest.mark.parametrize("op_id", ["M-abcdefgh-9", "M-7", "", "R-abcdefgh-0"])
def test_an_unknown_operation_is_an_error(coordinator: CoordinatorStage, op_id: str) -> None:
    assert coordinator.refusal("alice", "GetOperation", {"Op-Id": op_id}) == "UnknownOperation"


def test_a_position_without_history_is_zero(coordinator: CoordinatorStage) -> None:
    answer = coordinator.ask("alice", "GetPosition")
    assert answer["user"] == coordinator.address("alice")
    assert answer["position"] == {
        "collateral": "0",
        "tim3Minted": "0",
        "collateralRatio": "1",
        "healthFactor": "1.0000",
        "net": "0",
    }


def test_a_position_of_another_user_can_be_asked_for(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100", user="alice")
    answer = coordinator.ask("bob", "GetPosition", {"User": coordinator.address("alice")})
    assert answer["position"]["tim3Minted"] == answer["position"]["collateral"] == "100"


def test_whoever_redeems_more_than_they_minted_shows_zero(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100", user="alice")
    coordinator.redeem("30", user="bob")
    coordinator.burned(1, "30", user="bob")
    position = coordinator.ask("bob", "GetPosition")["position"]
    assert position["tim3Minted"] == position["collateral"] == "0"
    assert position["net"] == "-30"


def test_a_position_of_no_address_is_refused(coordinator: CoordinatorStage) -> None:
    assert coordinator.refusal("alice", "GetPosition", {"User": "x/y"}) == "InvalidAddress"


@pytest.mark.parametrize("action", ["Mint", "Nonsense", "info", "", "MintTIM3-Pending"])
def test_unknown_actions_are_dropped(coordinator: CoordinatorStage, action: str) -> None:
    before = coordinator.actor.evaluate("return #Inbox")
    assert coordinator.send("alice", action, {"Quantity": "5"}) == []
    assert coordinator.actor.evaluate("return #Inbox") == before


@pytest.mark.parametrize(
    "tags",
    [
        {"Timestamp": "1"},
        {"Id": "x"},
        {"block_height": "1"},
        {"Nonce": "1"},
        {"Forwarded-By": "x"},
        {"Cron": "true"},
        {"Huge": "x" * 1025},
    ],
)
def test_the_guard_drops_what_could_forge_the_envelope(
    coordinator: CoordinatorStage, tags: dict[str, str]
) -> None:
    assert coordinator.send("alice", "Info", tags) == []


@pytest.mark.parametrize(
    ("action", "tag"),
    [
        ("MintTIM3", "Quantity"),
        ("RedeemTIM3", "Request-Id"),
        ("EmergencyPause", "Scope"),
        ("SetLimits", "Supply-Cap"),
        ("Set-Guardian", "Guardian"),
        ("GetOperation", "Op-Id"),
        ("Need-Replay", "Cursor"),
    ],
)
def test_a_repeated_tag_is_refused(coordinator: CoordinatorStage, action: str, tag: str) -> None:
    pairs = [(tag, "1"), (tag.lower(), "2")]
    (answer,) = coordinator.actor.send("alice", action, pairs)
    assert (answer.action, answer.error) == (f"{action}-Error", "Duplicate")


def test_a_repeated_tag_in_an_answer_is_ignored_and_counted(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.lock(1)
    pairs = [("Op-Id", coordinator.lock_id(1)), ("Quantity", "100"), ("quantity", "1")]
    assert coordinator.actor.send("token_manager", "Mint-Response", pairs) == []
    assert coordinator.anomalies == 1
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "minting"


def test_an_update_keeps_the_state_and_the_order_of_handlers(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.mint(1, "100")
    coordinator.lock(2, "50")
    before = coordinator.published
    handlers = coordinator.ask("alice", "GetConfig")["handlers"]
    coordinator.actor.load("processes/tim3/coordinator/process.lua")
    coordinator.actor.load("processes/tim3/coordinator/process.lua")
    assert coordinator.published == before
    assert coordinator.info["totalTIM3MintedQty"] == "100"
    assert coordinator.ask("alice", "GetConfig")["handlers"] == handlers
    assert handlers[2] == "guard"
    assert handlers[-1] == "drop"
    assert coordinator.health["configured"] is True
