"""Whom the coordinator knows, and the handshake that makes sure of it."""

from __future__ import annotations

import itertools
import json

import pytest

from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage

MONEY_ACTIONS = ["MintTIM3", "RedeemTIM3", "BurnTIM3"]
QUESTIONS = [
    ("lock_manager", "GetConfig"),
    ("mock_usda", "Info"),
    ("token_manager", "Info"),
    ("token_manager", "GetConfig"),
]


@pytest.mark.parametrize("action", MONEY_ACTIONS)
def test_before_configuration_every_money_action_is_refused(
    fresh_coordinator: CoordinatorStage, action: str
) -> None:
    assert fresh_coordinator.refusal("alice", action, {"Quantity": "5"}) == "NotConfigured"
    assert fresh_coordinator.health["openOperations"] == 0


def test_before_configuration_a_lock_is_not_believed(fresh_coordinator: CoordinatorStage) -> None:
    (answer,) = fresh_coordinator.lock(1)
    assert (answer.action, answer.error) == ("LockCollateral-Success-Error", "Unauthorized")


@pytest.mark.parametrize("action", MONEY_ACTIONS)
def test_before_the_handshake_every_money_action_is_refused(
    fresh_coordinator: CoordinatorStage, action: str
) -> None:
    fresh_coordinator.configure()
    assert fresh_coordinator.refusal("alice", action, {"Quantity": "5"}) == "NotConfigured"


def test_before_the_handshake_a_deposit_goes_back(fresh_coordinator: CoordinatorStage) -> None:
    fresh_coordinator.configure()
    sent = fresh_coordinator.lock(1)
    assert fresh_coordinator.heard(sent) == [
        ("lock_manager", "UnlockCollateral"),
        ("alice", "MintTIM3-Error"),
    ]
    assert tags_of(sent[0])["Reason"] == "NotConfigured"
    assert sent[1].error == "NotConfigured"


def test_the_handshake_asks_both_tokens_and_both_managers(
    fresh_coordinator: CoordinatorStage,
) -> None:
    sent = fresh_coordinator.configure()
    asked = [m for m in sent if m.action in {"Info", "GetConfig"}]
    assert fresh_coordinator.heard(asked) == QUESTIONS
    assert all(tags_of(question) == {} for question in asked)
    answer = only(sent, "SetProcessConfig-Response").json()
    assert answer["configured"] is False
    assert answer["missing"] == [
        "handshake:lock_manager",
        "handshake:mock_usda",
        "handshake:token_manager",
    ]


def test_agreement_of_all_completes_the_handshake(fresh_coordinator: CoordinatorStage) -> None:
    fresh_coordinator.shake_hands(fresh_coordinator.configure())
    assert fresh_coordinator.health["missing"] == []
    assert fresh_coordinator.sweep() == []


def test_a_stock_info_answer_needs_no_action(fresh_coordinator: CoordinatorStage) -> None:
    sent = fresh_coordinator.configure()
    (question,) = [m for m in sent if fresh_coordinator.name(m.receiver) == "mock_usda"]
    assert fresh_coordinator.reply(question, Denomination="12", Name="USDA") == []
    assert "handshake:mock_usda" not in fresh_coordinator.health["missing"]


def test_a_silent_usda_is_named_and_asked_at_each_sweep(
    fresh_coordinator: CoordinatorStage,
) -> None:
    sent = fresh_coordinator.configure()
    asked = [m for m in sent if fresh_coordinator.name(m.receiver) != "mock_usda"]
    fresh_coordinator.shake_hands(asked)
    assert fresh_coordinator.health["missing"] == ["handshake:mock_usda"]
    for _ in range(2):
        assert fresh_coordinator.heard(fresh_coordinator.sweep()) == [("mock_usda", "Info")]


def test_unequal_denominations_are_no_agreement(fresh_coordinator: CoordinatorStage) -> None:
    fresh_coordinator.shake_hands(fresh_coordinator.configure(), mock_usda={"Denomination": "6"})
    assert fresh_coordinator.health["missing"] == [
        "handshake:mock_usda",
        "handshake:token_manager",
    ]
    fresh_coordinator.shake_hands(fresh_coordinator.sweep())
    assert fresh_coordinator.health["configured"] is True


@pytest.mark.parametrize("denomination", ["twelve", "1e1", "-12", ""])
def test_a_denomination_is_digits(fresh_coordinator: CoordinatorStage, denomination: str) -> None:
    said = {"Denomination": denomination}
    sent = fresh_coordinator.configure()
    fresh_coordinator.shake_hands(sent, mock_usda=said, token_manager=said)
    assert "handshake:mock_usda" in fresh_coordinator.health["missing"]


@pytest.mark.parametrize(
    ("peers", "missing"),
    [
        ('{"coordinator":"%(other)s","mock_usda":"%(usda)s"}', True),
        ('{"coordinator":"%(self)s","mock_usda":"%(other)s"}', True),
        ('{"coordinator":"%(self)s"}', True),
        ("[]", True),
        ('{"coordinator":"%(self)s","mock_usda":"%(usda)s"}', False),
    ],
)
def test_the_lock_manager_must_name_this_coordinator_and_the_same_usda(
    fresh_coordinator: CoordinatorStage, peers: str, missing: bool
) -> None:
    text = peers % {
        "other": fresh_coordinator.address("mallory"),
        "self": fresh_coordinator.id,
        "usda": fresh_coordinator.address("mock_usda"),
    }
    (question,) = _asked(fresh_coordinator.configure(), fresh_coordinator, "lock_manager")
    fresh_coordinator.reply(question, Action="Config-Response", data=f'{{"peers":{text}}}')
    assert ("handshake:lock_manager" in fresh_coordinator.health["missing"]) is missing


def test_the_token_manager_need_not_name_a_usda(fresh_coordinator: CoordinatorStage) -> None:
    sent = fresh_coordinator.configure()
    fresh_coordinator.shake_hands([m for m in sent if m.action == "Info"])
    (_, question) = _asked(sent, fresh_coordinator, "token_manager")
    data = json.dumps({"peers": {"coordinator": fresh_coordinator.id}})
    fresh_coordinator.reply(question, Action="Config-Response", data=data)
    assert "handshake:token_manager" not in fresh_coordinator.health["missing"]


@pytest.mark.parametrize("data", ["", "not json", "[1,2", "null", '{"peers":7}', '{"peers":null}'])
def test_an_unreadable_config_is_no_answer(fresh_coordinator: CoordinatorStage, data: str) -> None:
    (question,) = _asked(fresh_coordinator.configure(), fresh_coordinator, "lock_manager")
    assert fresh_coordinator.reply(question, Action="Config-Response", data=data) == []
    assert "handshake:lock_manager" in fresh_coordinator.health["missing"]


def test_an_answer_of_a_stranger_or_to_no_question_counts_for_nothing(
    fresh_coordinator: CoordinatorStage,
) -> None:
    sent = fresh_coordinator.configure()
    (question,) = _asked(sent, fresh_coordinator, "mock_usda")
    reference = question.tag("Reference") or ""
    answer = {"Denomination": "12", "X-Reference": reference}
    fresh_coordinator.send("mallory", "Info-Response", answer)
    fresh_coordinator.send("mock_usda", "Info-Response", {**answer, "X-Reference": "999"})
    fresh_coordinator.send("token_manager", "Info-Response", answer)
    assert "handshake:mock_usda" in fresh_coordinator.health["missing"]


def test_a_slow_answer_to_an_earlier_question_counts(fresh_coordinator: CoordinatorStage) -> None:
    (first,) = _asked(fresh_coordinator.configure(), fresh_coordinator, "mock_usda")
    for _ in range(3):
        fresh_coordinator.sweep()
    fresh_coordinator.reply(first, Denomination="12")
    assert "handshake:mock_usda" not in fresh_coordinator.health["missing"]


def test_configuring_the_same_again_keeps_the_agreement(coordinator: CoordinatorStage) -> None:
    sent = coordinator.configure()
    assert coordinator.heard(sent)[:4] == QUESTIONS
    assert only(sent, "SetProcessConfig-Response").json()["configured"] is True


def test_the_token_manager_is_told_the_cap_until_it_confirms(
    fresh_coordinator: CoordinatorStage,
) -> None:
    sent = fresh_coordinator.configure()
    assert tags_of(only(sent, "Set-Cap")) == {"Supply-Cap": "10000000000000000000", "Seq": "1"}
    assert only(fresh_coordinator.sweep(), "Set-Cap").tag("Seq") == "1"
    fresh_coordinator.send("token_manager", "Set-Cap-Response", {"Seq": "7"})
    fresh_coordinator.send("mallory", "Set-Cap-Response", {"Seq": "1"})
    assert only(fresh_coordinator.sweep(), "Set-Cap").tag("Seq") == "1"
    fresh_coordinator.send("token_manager", "Set-Cap-Response", {"Seq": "1"})
    assert "Set-Cap" not in [m.action for m in fresh_coordinator.sweep()]


@pytest.mark.parametrize("role", ["mock_usda", "lock_manager", "token_manager"])
def test_a_holder_of_money_is_not_replaced_while_there_is_tim3(
    coordinator: CoordinatorStage, role: str
) -> None:
    coordinator.mint(1)
    coordinator.pause("all")
    (answer,) = coordinator.configure({role: coordinator.address("mallory")})
    assert answer.error == "WrongPhase"


@pytest.mark.parametrize("role", ["mock_usda", "lock_manager", "token_manager", "state_manager"])
def test_no_peer_is_replaced_while_an_operation_is_open(
    coordinator: CoordinatorStage, role: str
) -> None:
    coordinator.pause("all")
    coordinator.lock(1)
    (answer,) = coordinator.configure({role: coordinator.address("mallory")})
    assert answer.error == "WrongPhase"


def test_the_state_manager_is_replaced_only_while_mint_and_redeem_are_paused(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.mint(1)
    new = {"state_manager": coordinator.address("carol")}
    coordinator.pause("mint")
    (answer,) = coordinator.configure(new)
    assert answer.error == "WrongPhase"
    coordinator.pause("redeem")
    sent = coordinator.configure(new)
    assert only(sent, "SetProcessConfig-Response").json()["configured"] is True


def test_a_new_peer_is_told_of_the_pause(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.pause("redeem")
    for role, seq in itertools.product(("token_manager", "lock_manager", "state_manager"), "12"):
        coordinator.send(role, "Pause-Notice-Response", {"Seq": seq})
    sent = coordinator.configure({"state_manager": coordinator.address("carol")})
    notices = [m for m in sent if m.action == "Pause-Notice"]
    assert [tags_of(notice) for notice in notices] == [
        {"Scope": "mint", "Pause": "true", "Seq": "1"},
        {"Scope": "redeem", "Pause": "true", "Seq": "2"},
    ]
    assert {coordinator.name(notice.receiver) for notice in notices} == {"carol"}


def test_a_replaced_peer_has_to_agree_anew(coordinator: CoordinatorStage) -> None:
    sent = coordinator.configure({"token_manager": coordinator.address("carol")})
    assert only(sent, "SetProcessConfig-Response").json()["missing"] == ["handshake:token_manager"]
    assert only(sent, "Set-Cap").tag("Seq") == "1"


def test_another_usda_undoes_what_the_lock_manager_agreed_to(
    coordinator: CoordinatorStage,
) -> None:
    sent = coordinator.configure({"mock_usda": coordinator.address("carol")})
    missing = only(sent, "SetProcessConfig-Response").json()["missing"]
    assert "handshake:lock_manager" in missing
    assert "handshake:mock_usda" in missing


def test_the_configuration_is_locked_only_when_it_is_complete(
    fresh_coordinator: CoordinatorStage,
) -> None:
    sent = fresh_coordinator.configure()
    assert fresh_coordinator.refusal("deployer", "Lock-Config") == "NotConfigured"
    fresh_coordinator.shake_hands(sent)
    (answer,) = fresh_coordinator.send("deployer", "Lock-Config")
    assert tags_of(answer) == {"Locked": "true"}
    (answer,) = fresh_coordinator.configure()
    assert (answer.action, answer.error) == ("SetProcessConfig-Error", "Frozen")


@pytest.mark.parametrize(
    "peers",
    [
        {"coordinator": "mallory"},
        {"mock_usda": "token_manager"},
        {"lock_manager": "coordinator"},
        {"state_manager": "no id"},
    ],
    ids=str,
)
def test_five_ids_that_cannot_be_are_refused_as_a_whole(
    fresh_coordinator: CoordinatorStage, peers: dict[str, str]
) -> None:
    wrong = {
        role: name if " " in name else fresh_coordinator.address(name)
        for role, name in peers.items()
    }
    (answer,) = fresh_coordinator.configure(wrong)
    assert (answer.action, answer.error) == ("SetProcessConfig-Error", "InvalidConfig")
    assert fresh_coordinator.ask("alice", "GetConfig")["peers"] == {}


def _asked(sent: list[Sent], stage: CoordinatorStage, role: str) -> list[Sent]:
    asked = [m for m in sent if m.action in {"Info", "GetConfig"}]
    return [m for m in asked if stage.name(m.receiver) == role]
