"""What the state manager is told, and what it tells of positions."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.state_manager_stage import StateManagerStage


def test_an_update_is_applied_and_confirmed(state_manager: StateManagerStage) -> None:
    (answer,) = state_manager.update(1, "100", "100")
    assert state_manager.heard([answer]) == [("coordinator", "UpdatePosition-Response")]
    assert tags_of(answer) == {"Op-Id": "M-abcdefgh-1", "Seq": "1"}
    position = state_manager.position()
    assert position["collateral"] == position["tim3Balance"] == position["net"] == "100"
    assert position["healthFactor"] == "1.0000"
    assert position["riskLevel"] == "healthy"
    assert position["lastUpdate"] > 0
    assert state_manager.published["positions"] == {state_manager.address("alice"): "100"}


def test_a_snapshot_needs_no_operation(state_manager: StateManagerStage) -> None:
    tags = {
        "Seq": "3",
        "User": state_manager.address("alice"),
        "User-Position": "5",
        "Total-Supply": "5",
        "Total-Collateral": "5",
        "Kind": "snapshot",
        "Page-End": "done",
    }
    (answer,) = state_manager.send("coordinator", "UpdatePosition", tags)
    assert tags_of(answer) == {"Seq": "3"}
    assert state_manager.position()["net"] == "5"


def test_the_end_of_a_page_asks_for_the_next(state_manager: StateManagerStage) -> None:
    sent = state_manager.update(1, "5", "5", Kind="snapshot", Page_End="more")
    assert state_manager.heard(sent) == [
        ("coordinator", "UpdatePosition-Response"),
        ("coordinator", "Need-Replay"),
    ]
    assert tags_of(sent[1]) == {"Cursor": state_manager.address("alice")}
    assert len(state_manager.update(2, "5", "5", Kind="snapshot", Page_End="done")) == 1


@pytest.mark.parametrize("seq", [4, 5])
def test_an_older_or_equal_seq_changes_nothing_and_is_confirmed(
    state_manager: StateManagerStage, seq: int
) -> None:
    state_manager.update(5, "100", "100")
    before = state_manager.published
    (answer,) = state_manager.update(seq, "7", "7")
    assert answer.tag("Seq") == str(seq)
    assert state_manager.published == before
    assert state_manager.position()["net"] == "100"


def test_each_figure_has_its_own_greatest_seq(state_manager: StateManagerStage) -> None:
    state_manager.update(5, "30", "100", user="bob")
    state_manager.update(4, "70", "70", user="alice")
    assert state_manager.position("alice")["net"] == "70"
    assert state_manager.system_health["totalTIM3Supply"] == "100"
    assert state_manager.system_health["activePositions"] == 2


def test_a_negative_position_shows_zero_and_is_not_active(
    state_manager: StateManagerStage,
) -> None:
    state_manager.update(1, "-30", "70", user="bob")
    position = state_manager.position("bob")
    assert position["collateral"] == position["tim3Balance"] == "0"
    assert position["net"] == "-30"
    assert position["riskLevel"] == "healthy"
    assert state_manager.system_health["activePositions"] == 0


def test_positions_come_and_go(state_manager: StateManagerStage) -> None:
    state_manager.update(1, "30", "30")
    assert state_manager.system_health["activePositions"] == 1
    state_manager.update(2, "0", "0")
    assert state_manager.system_health["activePositions"] == 0


def test_an_unknown_position_is_zero(state_manager: StateManagerStage) -> None:
    answer = state_manager.ask("alice", "GetPosition")
    assert answer["user"] == state_manager.address("alice")
    assert answer["position"] == {
        "collateral": "0",
        "tim3Balance": "0",
        "healthFactor": "1.0000",
        "riskLevel": "healthy",
        "net": "0",
        "lastUpdate": 0,
    }


def test_a_position_of_no_address_is_refused(state_manager: StateManagerStage) -> None:
    assert state_manager.refusal("alice", "GetPosition", {"User": "x"}) == "InvalidAddress"


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"User_Position": "1.5"}, "InvalidQuantity"),
        ({"User_Position": "--5"}, "InvalidQuantity"),
        ({"User_Position": "-0"}, "InvalidQuantity"),
        ({"User_Position": str(2**255)}, "InvalidQuantity"),
        ({"Total_Supply": "-1"}, "InvalidQuantity"),
        ({"Total_Collateral": "-1"}, "InvalidQuantity"),
        ({"Total_Supply": "007"}, "InvalidQuantity"),
        ({"Seq": "0"}, "InvalidQuantity"),
        ({"Seq": "x"}, "InvalidQuantity"),
        ({"User": "nobody"}, "InvalidAddress"),
    ],
    ids=str,
)
def test_an_unreadable_update_changes_nothing(
    state_manager: StateManagerStage, bad: dict[str, str], code: str
) -> None:
    state_manager.update(1, "100", "100")
    before = state_manager.published
    (answer,) = state_manager.update(2, "50", "50", **bad)
    assert (answer.action, answer.error) == ("UpdatePosition-Error", code)
    assert state_manager.published == before


@pytest.mark.parametrize("sender", ["mallory", "token_manager", "deployer"])
def test_only_the_coordinator_updates_positions(
    state_manager: StateManagerStage, sender: str
) -> None:
    tags = {"Seq": "1", "User": state_manager.address("alice"), "User-Position": "5"}
    assert state_manager.refusal(sender, "UpdatePosition", tags) == "Unauthorized"
    assert state_manager.position()["net"] == "0"


def test_reports_are_attested_without_an_answer(state_manager: StateManagerStage) -> None:
    assert state_manager.report_supply(1, "100") == []
    assert state_manager.report_locked(1, "120") == []
    health = state_manager.system_health
    assert (health["attestedSupply"], health["attestedCollateral"]) == ("100", "120")
    assert state_manager.published["attestedsupply"] == "100"
    assert state_manager.published["attestedlocked"] == "120"


@pytest.mark.parametrize("seq", [4, 5])
def test_an_older_report_changes_nothing(state_manager: StateManagerStage, seq: int) -> None:
    state_manager.report_supply(5, "100")
    assert state_manager.report_supply(seq, "7") == []
    assert state_manager.system_health["attestedSupply"] == "100"


@pytest.mark.parametrize(
    ("action", "wrong"),
    [
        ("Report-Supply", "lock_manager"),
        ("Report-Supply", "mallory"),
        ("Report-Locked", "token_manager"),
        ("Report-Locked", "coordinator"),
    ],
)
def test_only_the_holder_attests(state_manager: StateManagerStage, action: str, wrong: str) -> None:
    tags = {"Quantity": "5", "Seq": "1"}
    assert state_manager.refusal(wrong, action, tags) == "Unauthorized"


@pytest.mark.parametrize(
    "tags", [{"Quantity": "-5", "Seq": "1"}, {"Quantity": "5"}, {"Seq": "1"}], ids=str
)
def test_an_unreadable_report_is_refused(
    state_manager: StateManagerStage, tags: dict[str, str]
) -> None:
    assert state_manager.refusal("token_manager", "Report-Supply", tags) == "InvalidQuantity"


def test_a_pause_is_noted(state_manager: StateManagerStage) -> None:
    tags = {"Scope": "all", "Pause": "true", "Seq": "3"}
    (answer,) = state_manager.send("coordinator", "Pause-Notice", tags)
    assert state_manager.heard([answer]) == [("coordinator", "Pause-Notice-Response")]
    assert tags_of(answer) == {"Seq": "3"}
    assert state_manager.health["paused"]["mint"] is True


def test_a_pause_of_a_stranger_is_refused(state_manager: StateManagerStage) -> None:
    tags = {"Scope": "all", "Pause": "true", "Seq": "3"}
    assert state_manager.refusal("mallory", "Pause-Notice", tags) == "Unauthorized"


@pytest.mark.parametrize("role", ["mock_usda", "lock_manager", "token_manager"])
def test_a_holder_of_money_is_not_replaced_while_there_is_tim3(
    state_manager: StateManagerStage, role: str
) -> None:
    state_manager.update(1, "5", "5")
    (answer,) = state_manager.configure({role: state_manager.address("carol")})
    assert (answer.action, answer.error) == ("SetProcessConfig-Error", "WrongPhase")


def test_the_coordinator_is_replaced_only_while_mint_and_redeem_are_paused(
    state_manager: StateManagerStage,
) -> None:
    new = {"coordinator": state_manager.address("carol")}
    (answer,) = state_manager.configure(new)
    assert answer.error == "WrongPhase"
    tags = {"Scope": "all", "Pause": "true", "Seq": "9"}
    state_manager.send("coordinator", "Pause-Notice", tags)
    answers = state_manager.configure(new)
    assert only(answers, "SetProcessConfig-Response").json()["configured"] is True


def test_a_new_coordinator_counts_from_one(state_manager: StateManagerStage) -> None:
    state_manager.update(50, "100", "100")
    tags = {"Scope": "all", "Pause": "true", "Seq": "9"}
    state_manager.send("coordinator", "Pause-Notice", tags)
    state_manager.configure({"coordinator": state_manager.address("carol")})
    said = {
        "Seq": "1",
        "User": state_manager.address("alice"),
        "User-Position": "90",
        "Total-Supply": "90",
        "Total-Collateral": "90",
        "Kind": "mint",
    }
    state_manager.send("carol", "UpdatePosition", said)
    assert state_manager.position()["net"] == "90"
    assert state_manager.system_health["totalTIM3Supply"] == "90"
    state_manager.send("carol", "Pause-Notice", {"Scope": "all", "Pause": "false", "Seq": "1"})
    assert state_manager.health["paused"]["mint"] is False


def test_new_holders_attest_from_one(state_manager: StateManagerStage) -> None:
    state_manager.report_supply(50, "0")
    state_manager.report_locked(50, "0")
    carol, bob = state_manager.address("carol"), state_manager.address("bob")
    state_manager.configure({"token_manager": carol, "lock_manager": bob})
    state_manager.send("carol", "Report-Supply", {"Quantity": "5", "Seq": "1"})
    state_manager.send("bob", "Report-Locked", {"Quantity": "6", "Seq": "1"})
    health = state_manager.system_health
    assert (health["attestedSupply"], health["attestedCollateral"]) == ("5", "6")


def test_an_update_of_the_bundle_keeps_what_is_known(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    before = state_manager.published
    state_manager.actor.load("processes/tim3/state_manager/process.lua")
    assert state_manager.published == before
    assert state_manager.position()["net"] == "100"
    assert state_manager.system_health["systemHealthScore"] == 100


@pytest.mark.parametrize("action", ["Mint", "Transfer", "Risk-Alert", "nonsense"])
def test_unknown_actions_are_dropped(state_manager: StateManagerStage, action: str) -> None:
    assert state_manager.send("alice", action, {"Quantity": "5"}) == []


def test_info_names_the_process(state_manager: StateManagerStage) -> None:
    (answer,) = state_manager.send("alice", "Info")
    assert answer.action == "Info-Response"
    assert answer.json()["name"] == answer.tag("Name") == "TIM3 State Manager"
    assert answer.json()["ticker"] == "TIM3-STATE"
    assert answer.json()["systemHealthScore"] == 85
