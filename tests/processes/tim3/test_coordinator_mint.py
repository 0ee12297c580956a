"""A mint at the coordinator: the quote, the lock, the word of the token manager."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage

BAD_QUANTITIES = [
    "-5",
    "0",
    "",
    "1.5",
    "1e3",
    "NaN",
    "inf",
    " 5",
    "5\n",
    "\u0665",  # a digit, and not one of ours
    "0x10",
    "0b101",
    "+5",
    "007",
    str(2**255),
    str(2**256 + 1),
    "9" * 1000,
]


def test_a_quote_says_how_to_deposit_and_changes_nothing(coordinator: CoordinatorStage) -> None:
    before = coordinator.published
    (answer,) = coordinator.send("alice", "MintTIM3", {"Quantity": "250"})
    assert answer.action == "MintTIM3-Pending"
    quote = answer.json()
    assert quote["accepted"] is True
    assert quote["reason"] == ""
    assert quote["depositTarget"] == coordinator.address("lock_manager")
    assert quote["usdaProcess"] == coordinator.address("mock_usda")
    assert quote["requiredCollateral"] == quote["tim3Amount"] == "250"
    assert quote["tags"] == {
        "Action": "Transfer",
        "Recipient": coordinator.address("lock_manager"),
        "Quantity": "250",
        "X-Action": "Mint-TIM3",
    }
    assert quote["limits"]["Min-Mint"] == "1"
    assert coordinator.published == before


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_quote_of_a_bad_quantity_is_refused(coordinator: CoordinatorStage, quantity: str) -> None:
    assert coordinator.refusal("alice", "MintTIM3", {"Quantity": quantity}) == "InvalidQuantity"


def test_a_quote_without_quantity_is_refused(coordinator: CoordinatorStage) -> None:
    assert coordinator.refusal("alice", "MintTIM3") == "InvalidQuantity"


def test_a_quote_that_a_limit_refuses_says_so(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Min_Mint="10")
    (answer,) = coordinator.send("alice", "MintTIM3", {"Quantity": "9"})
    assert (answer.action, answer.error) == ("MintTIM3-Pending", "BelowMinimum")
    assert answer.json()["accepted"] is False
    assert answer.json()["reason"].startswith("BelowMinimum: ")


def test_a_quote_while_mint_is_paused_says_so(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    (answer,) = coordinator.send("alice", "MintTIM3", {"Quantity": "9"})
    assert answer.error == "Paused"
    assert answer.json()["accepted"] is False


def test_a_lock_becomes_a_mint(coordinator: CoordinatorStage) -> None:
    sent = coordinator.lock(1, "100", Recipient=coordinator.address("bob"))
    assert coordinator.heard(sent) == [("token_manager", "Mint"), ("alice", "MintTIM3-Progress")]
    assert tags_of(sent[0]) == {
        "Op-Id": coordinator.lock_id(1),
        "Recipient": coordinator.address("bob"),
        "Quantity": "100",
        "Low-Water": "1",
    }
    assert sent[0].tag("Protocol") == "TIM3/1"
    assert tags_of(sent[1])["Op-Id"] == coordinator.lock_id(1)
    assert coordinator.published["minting"] == coordinator.published["windowused"] == "100"
    assert coordinator.info["totalTIM3MintedQty"] == "0"


def test_a_confirmed_mint_is_told_to_everyone(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "100")
    sent = coordinator.minted(1, "100")
    assert coordinator.heard(sent) == [
        ("lock_manager", "Consume-Lock"),
        ("state_manager", "UpdatePosition"),
        ("alice", "MintTIM3-Response"),
    ]
    assert tags_of(sent[1]) == {
        "Op-Id": coordinator.lock_id(1),
        "Seq": "1",
        "User": coordinator.address("alice"),
        "User-Position": "100",
        "Total-Supply": "100",
        "Total-Collateral": "100",
        "Kind": "mint",
        "Low-Water": "1",
    }
    answer = sent[2].json()
    assert answer["mintId"] == sent[2].tag("Op-Id") == coordinator.lock_id(1)
    assert answer["user"] == coordinator.address("alice")
    assert answer["tim3Minted"] == answer["collateralLocked"] == "100"
    assert answer["newPosition"]["tim3Minted"] == "100"
    assert coordinator.published["minting"] == "0"
    assert coordinator.published["totaltim3minted"] == "100"
    assert coordinator.published["totalcollateral"] == "100"


def test_a_consumed_lock_closes_the_mint(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.minted(1)
    assert coordinator.health["openOperations"] == 1
    assert coordinator.say("lock_manager", "Consume-Lock-Response", coordinator.lock_id(1)) == []
    operation = coordinator.operation(coordinator.lock_id(1))
    assert (operation["phase"], operation["closed"]) == ("minted", True)
    assert coordinator.health["openOperations"] == 0


def test_a_repeated_lock_repeats_the_command_of_its_phase(coordinator: CoordinatorStage) -> None:
    first = coordinator.lock(1)
    again = coordinator.lock(1)
    assert coordinator.heard(again) == [("token_manager", "Mint")]
    assert tags_of(again[0]) == tags_of(first[0])
    assert coordinator.published["minting"] == "100"
    coordinator.minted(1)
    assert coordinator.heard(coordinator.lock(1)) == [("lock_manager", "Consume-Lock")]
    coordinator.say("lock_manager", "Consume-Lock-Response", coordinator.lock_id(1))
    assert coordinator.lock(1) == []
    assert coordinator.info["totalTIM3MintedQty"] == "100"


@pytest.mark.parametrize(
    "other", [{"Quantity": "101"}, {"User": "bob"}, {"Recipient": "bob"}], ids=str
)
def test_a_known_lock_with_other_content_is_an_anomaly(
    coordinator: CoordinatorStage, other: dict[str, str]
) -> None:
    coordinator.lock(1, "100")
    said = {k: v if k == "Quantity" else coordinator.address(v) for k, v in other.items()}
    (answer,) = coordinator.lock(1, "100", **said)
    assert (answer.action, answer.error) == ("LockCollateral-Success-Error", "WrongPhase")
    assert answer.tag("Final") is None
    assert coordinator.anomalies == 1
    assert coordinator.operation(coordinator.lock_id(1))["quantity"] == "100"


@pytest.mark.parametrize(
    "bad",
    [
        {"Quantity": "0"},
        {"Quantity": "1.5"},
        {"User": "nobody"},
        {"Recipient": ""},
        {"Lock_Id": "M-abcdefgh-2"},
        {"Op_Id": "R-abcdefgh-1", "Lock_Id": "R-abcdefgh-1"},
        {"Op_Id": "M-7", "Lock_Id": "M-7"},
    ],
    ids=str,
)
def test_an_unreadable_lock_opens_nothing(
    coordinator: CoordinatorStage, bad: dict[str, str]
) -> None:
    assert coordinator.lock(1, **bad) == []
    assert coordinator.anomalies == 1
    assert coordinator.health["openOperations"] == 0


def test_two_equal_deposits_of_one_user_are_two_operations(coordinator: CoordinatorStage) -> None:
    coordinator.lock(2)
    coordinator.lock(1)
    assert coordinator.minted(2)[0].tag("Op-Id") == coordinator.lock_id(2)
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "minting"
    coordinator.minted(1)
    assert coordinator.info["totalTIM3MintedQty"] == "200"


def test_a_mint_to_a_process_of_tim3_goes_back(coordinator: CoordinatorStage) -> None:
    sent = coordinator.lock(1, Recipient=coordinator.address("token_manager"))
    assert sent[1].error == "InvalidAddress"
    assert tags_of(sent[0])["Kind"] == "refund"


def test_a_final_refusal_gives_the_deposit_back(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "100")
    op_id = coordinator.lock_id(1)
    sent = coordinator.say("token_manager", "Mint-Error", op_id, Error="CapExceeded", Final="true")
    assert coordinator.heard(sent) == [
        ("lock_manager", "UnlockCollateral"),
        ("alice", "MintTIM3-Error"),
    ]
    assert tags_of(sent[0]) == {
        "Op-Id": op_id,
        "User": coordinator.address("alice"),
        "Recipient": coordinator.address("alice"),
        "Quantity": "100",
        "Kind": "refund",
        "Reason": "CapExceeded",
        "Low-Water": "1",
    }
    assert (sent[1].error, sent[1].tag("Op-Id")) == ("CapExceeded", op_id)
    assert coordinator.published["minting"] == coordinator.published["windowused"] == "0"


@pytest.mark.parametrize("code", ["Unauthorized", "NotConfigured", "WrongPhase", "Duplicate"])
def test_an_error_that_is_not_final_leaves_the_mint_open(
    coordinator: CoordinatorStage, code: str
) -> None:
    coordinator.lock(1)
    op_id = coordinator.lock_id(1)
    assert coordinator.say("token_manager", "Mint-Error", op_id, Error=code) == []
    operation = coordinator.operation(op_id)
    assert (operation["phase"], operation["note"]) == ("minting", f"Mint-Error {code}")
    coordinator.minted(1)
    assert coordinator.operation(op_id)["phase"] == "minted"


def test_a_cancelled_mint_is_refunded_and_closed(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "100")
    op_id = coordinator.lock_id(1)
    coordinator.advance(300_001)
    assert coordinator.heard(coordinator.sweep()) == [("token_manager", "Cancel-Mint")]
    sent = coordinator.say("token_manager", "Mint-Cancelled", op_id)
    assert tags_of(only(sent, "UnlockCollateral"))["Reason"] == "Timeout"
    assert coordinator.say("lock_manager", "UnlockCollateral-Pending", op_id, Quantity="100") == []
    (notice,) = coordinator.paid(op_id, "100")
    assert coordinator.heard([notice]) == [("alice", "Refund-Notice")]
    assert tags_of(notice) == {"Op-Id": op_id, "Quantity": "100", "Reason": "Timeout"}
    assert coordinator.operation(op_id)["phase"] == "refunded"
    assert coordinator.health["openOperations"] == 0
    assert coordinator.info["totalTIM3MintedQty"] == "0"


def test_a_mint_confirmed_while_it_is_cancelled_counts(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    coordinator.advance(300_001)
    coordinator.sweep()
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "cancelling"
    assert only(coordinator.minted(1), "Consume-Lock").tag("Op-Id") == coordinator.lock_id(1)


def test_a_refund_that_fails_stays_open_until_it_succeeds(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.lock(1, "100")
    op_id = coordinator.lock_id(1)
    code = "InsufficientBalance"
    assert coordinator.say("lock_manager", "UnlockCollateral-Error", op_id, Error=code) == []
    assert coordinator.operation(op_id)["phase"] == "unlock-failed"
    assert coordinator.health["openOperations"] == 1
    assert coordinator.say("lock_manager", "UnlockCollateral-Error", op_id, Error=code) == []
    assert coordinator.anomalies == 0
    assert coordinator.heard(coordinator.paid(op_id, "100")) == [("alice", "Refund-Notice")]


@pytest.mark.parametrize(
    ("action", "tags"),
    [
        ("Mint-Response", {"Quantity": "99"}),
        ("Mint-Response", {"Recipient": "bob"}),
        ("Mint-Response", {"Recipient": ""}),
        ("Mint-Error", {"Quantity": "99", "Error": "CapExceeded", "Final": "true"}),
        ("Mint-Cancelled", {"Recipient": "bob"}),
        ("Burn-Response", {}),
        ("Consume-Lock-Response", {}),
    ],
    ids=str,
)
def test_an_answer_about_something_else_is_an_anomaly(
    coordinator: CoordinatorStage, action: str, tags: dict[str, str]
) -> None:
    coordinator.lock(1, "100")
    said = {"Recipient": coordinator.address("alice"), "Quantity": "100"}
    for name, value in tags.items():
        said[name] = coordinator.address(value) if value == "bob" else value
    assert coordinator.say("token_manager", action, coordinator.lock_id(1), **said) == []
    assert coordinator.anomalies == 1
    assert coordinator.operation(coordinator.lock_id(1))["phase"] == "minting"


def test_an_answer_that_says_too_little_confirms_nothing(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1)
    assert coordinator.say("token_manager", "Mint-Response", coordinator.lock_id(1)) == []
    assert coordinator.info["totalTIM3MintedQty"] == "0"


def test_repeated_answers_are_no_anomaly_and_change_nothing(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1)
    assert coordinator.minted(1) == []
    assert coordinator.say("lock_manager", "Consume-Lock-Response", coordinator.lock_id(1)) == []
    assert coordinator.info["totalTIM3MintedQty"] == "100"
    assert coordinator.anomalies == 0


def test_a_mint_that_was_refunded_is_never_minted(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.lock(1)
    assert coordinator.minted(1) == []
    coordinator.paid(coordinator.lock_id(1), "100")
    assert coordinator.minted(1) == []
    assert coordinator.info["totalTIM3MintedQty"] == "0"
    assert coordinator.anomalies == 2


@pytest.mark.parametrize("action", ["Cancel-Mint-Error", "Consume-Lock-Error"])
def test_an_error_about_another_command_is_only_noted(
    coordinator: CoordinatorStage, action: str
) -> None:
    coordinator.lock(1)
    peer = "lock_manager" if action.startswith("Consume") else "token_manager"
    op_id = coordinator.lock_id(1)
    assert coordinator.say(peer, action, op_id, Error="Unauthorized") == []
    assert coordinator.operation(op_id)["note"] == f"{action} Unauthorized"
    assert coordinator.operation(op_id)["phase"] == "minting"


def test_cancelling_an_unseen_lock_leaves_a_tombstone(coordinator: CoordinatorStage) -> None:
    op_id = coordinator.lock_id(1)
    for _ in range(2):
        (answer,) = coordinator.say("lock_manager", "Cancel-Lock", op_id)
        assert coordinator.heard([answer]) == [("lock_manager", "Lock-Cancelled")]
        assert tags_of(answer) == {"Op-Id": op_id, "Low-Water": "1"}
    (late,) = coordinator.lock(1)
    assert late.action == "Lock-Cancelled"
    assert coordinator.operation(op_id)["phase"] == "cancelled"
    assert coordinator.health["openOperations"] == 0


def test_cancelling_a_seen_lock_repeats_the_command_of_its_phase(
    coordinator: CoordinatorStage,
) -> None:
    op_id = coordinator.lock_id(1)
    coordinator.lock(1)
    heard = [coordinator.say("lock_manager", "Cancel-Lock", op_id)[0].action]
    coordinator.advance(300_001)
    coordinator.sweep()
    heard.append(coordinator.say("lock_manager", "Cancel-Lock", op_id)[0].action)
    coordinator.minted(1)
    heard.append(coordinator.say("lock_manager", "Cancel-Lock", op_id)[0].action)
    coordinator.say("lock_manager", "Consume-Lock-Response", op_id)
    assert heard == ["Mint", "Cancel-Mint", "Consume-Lock"]
    assert coordinator.say("lock_manager", "Cancel-Lock", op_id) == []


def test_cancelling_a_refused_lock_repeats_the_refund(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    coordinator.lock(1)
    (command,) = coordinator.say("lock_manager", "Cancel-Lock", coordinator.lock_id(1))
    assert (command.action, tags_of(command)["Kind"]) == ("UnlockCollateral", "refund")


@pytest.mark.parametrize("op_id", ["", "M-7", "R-abcdefgh-1", "x"])
def test_cancelling_no_lock_is_an_anomaly(coordinator: CoordinatorStage, op_id: str) -> None:
    assert coordinator.say("lock_manager", "Cancel-Lock", op_id) == []
    assert coordinator.anomalies == 1


def test_an_unseen_lock_below_low_water_is_closed_and_forgotten(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.lock(9, Low_Water="8")
    (answer,) = coordinator.lock(7, Low_Water="8")
    assert (answer.action, answer.error) == ("LockCollateral-Success-Error", "Duplicate")
    assert answer.tag("Final") is None
    (answer,) = coordinator.say("lock_manager", "Cancel-Lock", coordinator.lock_id(6))
    assert (answer.action, answer.error) == ("Cancel-Lock-Error", "Duplicate")
    assert coordinator.health["openOperations"] == 1


def test_low_water_is_the_smaller_of_ours_and_the_lock_managers(
    coordinator: CoordinatorStage,
) -> None:
    assert tags_of(coordinator.lock(3, Low_Water="3")[0])["Low-Water"] == "3"
    assert tags_of(coordinator.lock(5, Low_Water="4")[0])["Low-Water"] == "3"
    coordinator.minted(3)
    coordinator.say("lock_manager", "Consume-Lock-Response", coordinator.lock_id(3))
    assert tags_of(coordinator.lock(6, Low_Water="4")[0])["Low-Water"] == "4"
