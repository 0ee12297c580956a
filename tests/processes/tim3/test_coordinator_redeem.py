"""A redeem at the coordinator: the request, the burn, the collateral on its way."""

from __future__ import annotations

import pytest

from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import CoordinatorStage
from tests.processes.tim3.test_coordinator_mint import BAD_QUANTITIES


@pytest.mark.parametrize("action", ["RedeemTIM3", "BurnTIM3"])
def test_a_redeem_begins_with_a_burn(coordinator: CoordinatorStage, action: str) -> None:
    sent = coordinator.send("alice", action, {"Quantity": "40"})
    assert coordinator.heard(sent) == [("token_manager", "Burn"), ("alice", "BurnTIM3-Pending")]
    op_id = coordinator.redeem_id(1)
    assert tags_of(sent[0]) == {
        "Op-Id": op_id,
        "User": coordinator.address("alice"),
        "Quantity": "40",
        "Low-Water": "1",
    }
    assert sent[0].tag("Protocol") == "TIM3/1"
    assert sent[1].tag("Op-Id") == op_id
    pending = sent[1].json()
    assert pending["burnId"] == op_id
    assert pending["user"] == coordinator.address("alice")
    assert pending["tim3Amount"] == pending["collateralToRelease"] == "40"
    assert pending["status"] == "burning"


def test_a_burn_releases_the_collateral_to_the_recipient(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40", Recipient=coordinator.address("bob"))
    (command,) = coordinator.burned(1, "40")
    assert coordinator.heard([command]) == [("lock_manager", "UnlockCollateral")]
    assert tags_of(command) == {
        "Op-Id": coordinator.redeem_id(1),
        "User": coordinator.address("alice"),
        "Recipient": coordinator.address("bob"),
        "Quantity": "40",
        "Kind": "redeem",
        "Low-Water": "1",
    }
    assert coordinator.info["totalTIM3MintedQty"] == "60"
    assert coordinator.info["totalCollateralQty"] == "60"
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "unlocking"


def test_paid_collateral_closes_the_redeem(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40")
    coordinator.burned(1, "40")
    op_id = coordinator.redeem_id(1)
    assert coordinator.say("lock_manager", "UnlockCollateral-Pending", op_id, Quantity="40") == []
    sent = coordinator.paid(op_id, "40")
    assert coordinator.heard(sent) == [
        ("state_manager", "UpdatePosition"),
        ("alice", "BurnTIM3-Response"),
    ]
    assert tags_of(sent[0]) == {
        "Op-Id": op_id,
        "Seq": "2",
        "User": coordinator.address("alice"),
        "User-Position": "60",
        "Total-Supply": "60",
        "Total-Collateral": "60",
        "Kind": "redeem",
        "Low-Water": "2",
    }
    answer = sent[1].json()
    assert answer["burnId"] == sent[1].tag("Op-Id") == op_id
    assert answer["user"] == coordinator.address("alice")
    assert answer["tim3Burned"] == answer["collateralReleased"] == "40"
    assert answer["newPosition"]["tim3Minted"] == "60"
    assert coordinator.operation(op_id)["phase"] == "done"
    assert coordinator.health["openOperations"] == 0
    assert coordinator.paid(op_id, "40") == []
    assert coordinator.anomalies == 0


def test_whoever_was_sent_tim3_redeems_with_a_negative_position(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.mint(1, "100", user="alice")
    coordinator.redeem("100", user="bob")
    coordinator.burned(1, "100", user="bob")
    sent = coordinator.paid(coordinator.redeem_id(1), "100")
    assert only(sent, "UpdatePosition").tag("User-Position") == "-100"
    assert only(sent, "BurnTIM3-Response").json()["newPosition"]["tim3Minted"] == "0"


@pytest.mark.parametrize("quantity", BAD_QUANTITIES)
def test_a_bad_quantity_is_refused(coordinator: CoordinatorStage, quantity: str) -> None:
    assert coordinator.refusal("alice", "RedeemTIM3", {"Quantity": quantity}) == "InvalidQuantity"
    assert coordinator.health["openOperations"] == 0


@pytest.mark.parametrize(
    "recipient",
    [
        "",
        "x",
        "a/b" * 15,
        "nil",
        "x" * 1000,
        "coordinator",
        "mock_usda",
        "lock_manager",
        "token_manager",
        "state_manager",
    ],
)
def test_a_recipient_is_an_address_outside_tim3(
    coordinator: CoordinatorStage, recipient: str
) -> None:
    if "_" in recipient or recipient == "coordinator":
        recipient = coordinator.address(recipient)
    tags = {"Quantity": "5", "Recipient": recipient}
    assert coordinator.refusal("alice", "RedeemTIM3", tags) == "InvalidAddress"


def test_an_ethereum_address_may_receive(coordinator: CoordinatorStage) -> None:
    sent = coordinator.redeem("5", Recipient="0x" + "aB" * 20)
    assert sent[0].action == "Burn"


@pytest.mark.parametrize("scope", ["redeem", "all"])
def test_a_pause_refuses_redeems_before_the_burn(coordinator: CoordinatorStage, scope: str) -> None:
    coordinator.pause(scope)
    assert coordinator.refusal("alice", "RedeemTIM3", {"Quantity": "5"}) == "Paused"


def test_a_pause_of_mint_leaves_redeem_alone(coordinator: CoordinatorStage) -> None:
    coordinator.pause("mint")
    assert coordinator.redeem("5")[0].action == "Burn"


def test_what_is_burned_is_paid_although_redeem_is_paused(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40")
    coordinator.pause("all")
    assert coordinator.burned(1, "40")[0].action == "UnlockCollateral"
    assert len(coordinator.paid(coordinator.redeem_id(1), "40")) == 2


def test_a_user_has_five_open_redeems_at_most(coordinator: CoordinatorStage) -> None:
    for _ in range(5):
        coordinator.redeem("1")
    assert coordinator.refusal("alice", "RedeemTIM3", {"Quantity": "1"}) == "RateLimited"
    assert coordinator.redeem("1", user="bob")[0].action == "Burn"
    op_id = coordinator.redeem_id(3)
    coordinator.say("token_manager", "Burn-Cancelled", op_id)
    assert coordinator.redeem("1")[0].action == "Burn"


def test_a_request_id_opens_one_redeem(coordinator: CoordinatorStage) -> None:
    coordinator.redeem("40", Request_Id="first")
    (again,) = coordinator.redeem("40", Request_Id="first")
    assert again.action == "BurnTIM3-Pending"
    assert again.json()["burnId"] == coordinator.redeem_id(1)
    assert coordinator.health["openOperations"] == 1
    assert coordinator.redeem("40", Request_Id="second")[0].action == "Burn"
    assert coordinator.redeem("40", user="bob", Request_Id="first")[0].action == "Burn"


def test_a_repeated_request_tells_what_became_of_the_first(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40", Request_Id="first")
    coordinator.burned(1, "40")
    assert coordinator.redeem("40", Request_Id="first")[0].json()["status"] == "unlocking"
    coordinator.paid(coordinator.redeem_id(1), "40")
    (again,) = coordinator.redeem("40", Request_Id="first")
    assert again.action == "BurnTIM3-Response"
    coordinator.redeem("70", Request_Id="second")
    tags = {"Error": "InsufficientBalance", "Final": "true"}
    coordinator.say("token_manager", "Burn-Error", coordinator.redeem_id(2), **tags)
    (again,) = coordinator.redeem("70", Request_Id="second")
    assert (again.action, again.error) == ("BurnTIM3-Error", "InsufficientBalance")


@pytest.mark.parametrize("other", [{"Quantity": "41"}, {"Recipient": "bob"}], ids=str)
def test_a_request_id_of_another_redeem_is_refused(
    coordinator: CoordinatorStage, other: dict[str, str]
) -> None:
    coordinator.redeem("40", Request_Id="first")
    tags = {"Quantity": "40", "Request-Id": "first", **other}
    if "Recipient" in tags:
        tags["Recipient"] = coordinator.address("bob")
    (answer,) = coordinator.send("alice", "RedeemTIM3", tags)
    assert (answer.action, answer.error) == ("RedeemTIM3-Error", "WrongPhase")
    assert answer.tag("Op-Id") == coordinator.redeem_id(1)


def test_a_final_refusal_of_the_burn_rejects_the_redeem(coordinator: CoordinatorStage) -> None:
    coordinator.redeem("40")
    op_id = coordinator.redeem_id(1)
    tags = {"Error": "InsufficientBalance", "Final": "true"}
    (notice,) = coordinator.say("token_manager", "Burn-Error", op_id, **tags)
    assert coordinator.heard([notice]) == [("alice", "BurnTIM3-Error")]
    assert (notice.error, notice.tag("Op-Id")) == ("InsufficientBalance", op_id)
    operation = coordinator.operation(op_id)
    assert (operation["phase"], operation["closed"]) == ("rejected", True)
    assert coordinator.burned(1, "40") == []
    assert coordinator.anomalies == 1


@pytest.mark.parametrize("code", ["Unauthorized", "NotConfigured", "WrongPhase", "Duplicate"])
def test_an_error_that_is_not_final_leaves_the_redeem_open(
    coordinator: CoordinatorStage, code: str
) -> None:
    coordinator.redeem("40")
    op_id = coordinator.redeem_id(1)
    assert coordinator.say("token_manager", "Burn-Error", op_id, Error=code) == []
    assert coordinator.operation(op_id)["note"] == f"Burn-Error {code}"
    assert coordinator.operation(op_id)["phase"] == "burning"


def test_a_cancelled_burn_rejects_the_redeem(coordinator: CoordinatorStage) -> None:
    coordinator.redeem("40")
    coordinator.advance(300_001)
    assert coordinator.heard(coordinator.sweep()) == [("token_manager", "Cancel-Burn")]
    (notice,) = coordinator.say("token_manager", "Burn-Cancelled", coordinator.redeem_id(1))
    assert (notice.action, notice.error) == ("BurnTIM3-Error", "Timeout")
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "rejected"


def test_a_burn_confirmed_while_it_is_cancelled_counts(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40")
    coordinator.advance(300_001)
    coordinator.sweep()
    assert coordinator.burned(1, "40")[0].action == "UnlockCollateral"


@pytest.mark.parametrize(
    ("action", "tags"),
    [
        ("Burn-Response", {"Quantity": "41"}),
        ("Burn-Response", {"User": "bob"}),
        ("Burn-Response", {"User": ""}),
        ("Burn-Cancelled", {"User": "bob"}),
        ("Mint-Response", {}),
    ],
    ids=str,
)
def test_an_answer_about_something_else_is_an_anomaly(
    coordinator: CoordinatorStage, action: str, tags: dict[str, str]
) -> None:
    coordinator.redeem("40")
    said = {"User": coordinator.address("alice"), "Quantity": "40"}
    for name, value in tags.items():
        said[name] = coordinator.address(value) if value == "bob" else value
    assert coordinator.say("token_manager", action, coordinator.redeem_id(1), **said) == []
    assert coordinator.anomalies == 1
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "burning"


def test_collateral_of_another_amount_is_not_believed(coordinator: CoordinatorStage) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40")
    coordinator.burned(1, "40")
    assert coordinator.paid(coordinator.redeem_id(1), "39") == []
    assert coordinator.say("lock_manager", "UnlockCollateral-Success", "R-abcdefgh-9") == []
    assert coordinator.anomalies == 2
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "unlocking"


def test_an_unlock_that_fails_stays_open_and_is_asked_for_again(
    coordinator: CoordinatorStage,
) -> None:
    coordinator.mint(1, "100")
    coordinator.redeem("40")
    coordinator.burned(1, "40")
    op_id = coordinator.redeem_id(1)
    coordinator.say("lock_manager", "UnlockCollateral-Error", op_id, Error="InsufficientBalance")
    operation = coordinator.operation(op_id)
    assert operation["phase"] == "unlock-failed"
    assert operation["note"] == "UnlockCollateral-Error InsufficientBalance"
    coordinator.advance(300_001)
    (command,) = coordinator.sweep()
    assert (command.action, tags_of(command)["Kind"]) == ("UnlockCollateral", "redeem")
    assert len(coordinator.paid(op_id, "40")) == 2


def test_the_word_of_a_burn_may_overtake_that_of_the_mint(coordinator: CoordinatorStage) -> None:
    coordinator.lock(1, "100")
    coordinator.redeem("40")
    assert coordinator.burned(1, "40")[0].action == "UnlockCollateral"
    assert coordinator.info["totalTIM3Minted"] == 0
    (update,) = [m for m in coordinator.minted(1, "100") if m.action == "UpdatePosition"]
    assert (update.tag("Total-Supply"), update.tag("User-Position")) == ("60", "60")
    assert coordinator.info["totalTIM3MintedQty"] == coordinator.info["totalCollateralQty"] == "60"
    assert coordinator.anomalies == 0


def test_the_oldest_open_redeem_is_the_low_water(coordinator: CoordinatorStage) -> None:
    for number in (1, 2, 3):
        sent = coordinator.redeem("1", user=("alice", "bob", "carol")[number - 1])
        assert tags_of(sent[0])["Low-Water"] == "1"
    for number in (1, 2):
        coordinator.say("token_manager", "Burn-Cancelled", coordinator.redeem_id(number))
    assert tags_of(coordinator.redeem("1")[0])["Low-Water"] == "3"
