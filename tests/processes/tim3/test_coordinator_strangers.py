"""What users send as if they were somebody else."""

from __future__ import annotations

import pytest

from tests.processes.tim3.coordinator_stage import CoordinatorStage

FORGED_ANSWERS = [
    "Mint-Response",
    "Mint-Cancelled",
    "Mint-Error",
    "Cancel-Mint-Error",
    "Consume-Lock-Response",
    "Consume-Lock-Error",
    "Lock-Cancelled-Error",
    "UnlockCollateral-Success",
    "UnlockCollateral-Error",
    "UnlockCollateral-Pending",
    "UpdatePosition-Response",
    "Pause-Notice-Response",
    "Set-Cap-Response",
]
COMMANDS = [
    "LockCollateral-Success",
    "Cancel-Lock",
    "Need-Replay",
    "Risk-Alert",
    "EmergencyPause",
    "Set-Guardian",
    "SetLimits",
    "SetProcessConfig",
    "Lock-Config",
    "Propose-Admin",
    "Accept-Admin",
    "Renounce-Owner",
]


@pytest.mark.parametrize("action", FORGED_ANSWERS)
def test_a_forged_answer_is_ignored_and_counted(coordinator: CoordinatorStage, action: str) -> None:
    coordinator.lock(1)
    before = coordinator.published
    tags = {
        "Op-Id": coordinator.lock_id(1),
        "User": coordinator.address("alice"),
        "Recipient": coordinator.address("alice"),
        "Quantity": "100",
        "Seq": "1",
        "Final": "true",
        "Error": "CapExceeded",
    }
    assert coordinator.send("mallory", action, tags) == []
    assert coordinator.published == before
    assert coordinator.anomalies == 1


@pytest.mark.parametrize("action", ["Burn-Response", "Burn-Cancelled", "Burn-Error"])
def test_a_forged_burn_is_ignored_and_counted(coordinator: CoordinatorStage, action: str) -> None:
    coordinator.redeem("40", user="mallory")
    tags = {
        "Op-Id": coordinator.redeem_id(1),
        "User": coordinator.address("mallory"),
        "Quantity": "40",
        "Final": "true",
        "Error": "InsufficientBalance",
    }
    assert coordinator.send("mallory", action, tags) == []
    assert coordinator.operation(coordinator.redeem_id(1))["phase"] == "burning"
    assert coordinator.anomalies == 1


@pytest.mark.parametrize("action", ["Debit-Notice", "Credit-Notice", "Lock-Cancelled"])
def test_what_is_not_for_the_coordinator_is_dropped(
    coordinator: CoordinatorStage, action: str
) -> None:
    assert coordinator.send("mallory", action, {"Quantity": "100"}) == []


@pytest.mark.parametrize("action", COMMANDS)
def test_a_command_of_a_stranger_is_refused(coordinator: CoordinatorStage, action: str) -> None:
    before = coordinator.published
    tags = {
        "Op-Id": coordinator.lock_id(1),
        "Lock-Id": coordinator.lock_id(1),
        "User": coordinator.address("mallory"),
        "Recipient": coordinator.address("mallory"),
        "Quantity": "100",
        "Scope": "all",
        "Pause": "true",
        "Guardian": coordinator.address("mallory"),
        "Admin": coordinator.address("mallory"),
        "Confirm": coordinator.id,
        "Mock-Usda-Process": coordinator.address("mallory"),
    }
    assert coordinator.refusal("mallory", action, tags) == "Unauthorized"
    assert coordinator.published == before


@pytest.mark.parametrize("peer", ["mock_usda", "state_manager", "token_manager"])
def test_a_peer_announces_no_lock_but_the_lock_manager(
    coordinator: CoordinatorStage, peer: str
) -> None:
    tags = {
        "Op-Id": coordinator.lock_id(1),
        "Lock-Id": coordinator.lock_id(1),
        "User": coordinator.address("alice"),
        "Recipient": coordinator.address("alice"),
        "Quantity": "100",
    }
    assert coordinator.refusal(peer, "LockCollateral-Success", tags) == "Unauthorized"


def test_a_genuine_answer_redirected_by_a_user_moves_nothing(
    coordinator: CoordinatorStage,
) -> None:
    """A token's reply can be sent here by anyone's Reply-To: the operation must expect it."""
    coordinator.lock(1, "100")
    for tags in (
        {"Op-Id": coordinator.lock_id(2), "Quantity": "100"},
        {"X-Reference": "1", "Balance": "100"},
        {"Op-Id": coordinator.lock_id(1), "Quantity": "99"},
    ):
        said = {"Recipient": coordinator.address("alice"), **tags}
        assert coordinator.send("token_manager", "Mint-Response", said) == []
    assert coordinator.info["totalTIM3MintedQty"] == "0"
    assert coordinator.anomalies == 3


def test_an_untrusted_process_is_not_heard(coordinator: CoordinatorStage) -> None:
    tags = {"From-Process": coordinator.address("lock_manager"), "Op-Id": coordinator.lock_id(1)}
    assert coordinator.send("mallory", "Cancel-Lock", tags) == []
    assert coordinator.health["openOperations"] == 0


def test_the_ring_of_anomalies_is_bounded(coordinator: CoordinatorStage) -> None:
    for _ in range(20):
        coordinator.send("mallory", "Mint-Response", {"Op-Id": "x" * 1000})
    assert coordinator.anomalies == 20
    kept = coordinator.actor.evaluate("return tostring(#Anomalies.items)")
    assert int(kept) == 20
