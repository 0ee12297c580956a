"""The health score, alerts, and the comparison of totals with what the ledgers attest."""

from __future__ import annotations

import pytest

from aosctl.testing.stage import Actor
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.state_manager_stage import TIMEOUT_MS, StateManagerStage

ACCEPTANCE = {
    "systemHealthScore": 85,
    "targetCollateralRatio": "1",
    "totalTIM3Supply": "0",
    "totalCollateral": "0",
    "activePositions": 0,
}
REPORTS = [("lock_manager", "Report-Request"), ("token_manager", "Report-Request")]


@pytest.mark.parametrize("action", ["SystemHealth", "Health"])
def test_fresh_health_equals_the_acceptance_row(
    fresh_state_manager: StateManagerStage, action: str
) -> None:
    (answer,) = fresh_state_manager.send("alice", action)
    assert answer.action == f"{action}-Response"
    health = answer.json()
    shown = {key: health[key] for key in ACCEPTANCE}
    assert shown == ACCEPTANCE
    assert {key: type(value) for key, value in shown.items()} == {
        key: type(value) for key, value in ACCEPTANCE.items()
    }
    assert '"riskMetrics":[]' in answer.data
    assert health["globalCollateralRatio"] == "0.0000"
    assert health["pendingOperations"] == 0
    assert health["lastUpdate"] == 0


def test_health_is_that_of_any_process_too(fresh_state_manager: StateManagerStage) -> None:
    health = fresh_state_manager.health
    assert health["configured"] is False
    assert health["missing"] == ["coordinator", "lock_manager", "token_manager"]
    assert health["anomalies"] == health["strays"] == health["openOperations"] == 0
    assert health["stateVersion"] == 1
    assert len(health["bundleHash"]) == 64


def test_after_a_full_mint_the_score_is_100(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    health = state_manager.system_health
    assert health["systemHealthScore"] == 100
    assert health["totalTIM3Supply"] == health["totalCollateral"] == "100"
    assert health["globalCollateralRatio"] == "1.0000"
    assert health["activePositions"] == 1
    assert health["riskMetrics"] == {"healthy": 1, "warning": 0, "danger": 0, "critical": 0}
    assert health["lastUpdate"] > 0
    assert state_manager.published["score"] == "100"


@pytest.mark.parametrize(
    ("locked", "supply", "score"),
    [
        ("0", "0", 85),
        ("100", "0", 85),
        ("99", "100", 85),
        ("100", "100", 100),
        ("101", "100", 100),
        (str(2**255 - 1), str(2**255 - 1), 100),
        (str(2**255 - 2), str(2**255 - 1), 85),
    ],
)
def test_backing_is_shown_by_what_the_ledgers_attest(
    state_manager: StateManagerStage, locked: str, supply: str, score: int
) -> None:
    state_manager.report_locked(1, locked)
    state_manager.report_supply(1, supply)
    assert state_manager.system_health["systemHealthScore"] == score


def test_totals_without_attestation_show_nothing(state_manager: StateManagerStage) -> None:
    state_manager.update(1, "100", "100")
    assert state_manager.system_health["systemHealthScore"] == 85


@pytest.mark.parametrize(
    ("collateral", "tim3", "level"),
    [
        ("100", "100", "healthy"),
        ("101", "100", "healthy"),
        ("0", "0", "healthy"),
        ("9999999", "10000000", "warning"),
        ("95", "100", "warning"),
        ("9499999", "10000000", "danger"),
        ("90", "100", "danger"),
        ("8999999", "10000000", "critical"),
        ("0", "100", "critical"),
        ("1", str(2**255 - 1), "critical"),
    ],
)
def test_risk_levels_are_bands_of_the_ratio(
    state_manager: StateManagerStage, collateral: str, tim3: str, level: str
) -> None:
    assert rule(state_manager.actor, f"riskLevel('{collateral}', '{tim3}')") == level


@pytest.mark.parametrize(
    ("counts", "shown", "points"),
    [
        ((0, 0, 0), True, 100),
        ((0, 0, 0), False, 85),
        ((1, 0, 0), True, 80),
        ((0, 1, 0), True, 90),
        ((0, 0, 1), True, 90),
        ((1, 1, 1), False, 45),
        ((5, 0, 0), True, 0),
        ((9, 9, 9), False, 0),
    ],
)
def test_the_score_follows_its_formula(
    state_manager: StateManagerStage, counts: tuple[int, int, int], shown: bool, points: int
) -> None:
    critical, danger, warning = counts
    table = f"{{ critical = {critical}, danger = {danger}, warning = {warning} }}"
    locked = "10" if shown else "9"
    assert rule(state_manager.actor, f"of({table}, '{locked}', '10')") == str(points)


def test_an_empty_system_raises_no_alert(state_manager: StateManagerStage) -> None:
    (answer,) = state_manager.send("alice", "CheckRiskAlerts")
    assert answer.action == "RiskAlerts-Response"
    assert answer.json() == {"systemHealthScore": 85, "threshold": 90, "alerts": []}


def test_a_balanced_system_raises_no_alert(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    (answer,) = state_manager.send("alice", "CheckRiskAlerts")
    assert answer.json()["alerts"] == []


def test_one_unit_short_scores_85_and_alerts(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    state_manager.report_locked(2, "99")
    assert state_manager.system_health["systemHealthScore"] == 85
    sent = state_manager.send("alice", "CheckRiskAlerts")
    assert state_manager.heard(sent) == [
        ("coordinator", "Risk-Alert"),
        ("alice", "RiskAlerts-Response"),
    ]
    assert tags_of(sent[0]) == {
        "Score": "85",
        "Reason": "backing not shown: 99 attested for a supply of 100",
    }
    assert sent[0].tag("Protocol") is None
    assert len(sent[1].json()["alerts"]) == 1


def test_without_a_coordinator_an_alert_is_only_answered(
    fresh_state_manager: StateManagerStage,
) -> None:
    fresh_state_manager.actor.evaluate('Figures.attested.supply.quantity = "5"')
    (answer,) = fresh_state_manager.send("alice", "CheckRiskAlerts")
    assert len(answer.json()["alerts"]) == 1


def test_what_agrees_is_only_asked_for_again(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    sent = state_manager.send("alice", "Reconcile")
    assert state_manager.heard(sent) == [*REPORTS, ("alice", "Reconcile-Response")]
    assert sent[-1].json() == {"ok": True, "differences": []}
    assert all(tags_of(m) == {} for m in sent[:2])


def test_unanswered_reports_are_pending(state_manager: StateManagerStage) -> None:
    state_manager.send("alice", "Reconcile")
    assert state_manager.system_health["pendingOperations"] == 2
    state_manager.report_supply(1, "0")
    assert state_manager.system_health["pendingOperations"] == 1
    state_manager.report_locked(1, "0")
    assert state_manager.system_health["pendingOperations"] == 0


def test_a_difference_asks_for_a_replay(state_manager: StateManagerStage) -> None:
    state_manager.report_locked(1, "100")
    state_manager.report_supply(1, "90")
    sent = state_manager.send("alice", "Reconcile")
    assert state_manager.heard(sent) == [
        *REPORTS,
        ("coordinator", "Need-Replay"),
        ("alice", "Reconcile-Response"),
    ]
    assert sent[-1].json() == {
        "ok": False,
        "differences": [
            {"figure": "collateral", "recorded": "0", "attested": "100"},
            {"figure": "supply", "recorded": "0", "attested": "90"},
        ],
    }


def test_a_difference_that_stays_at_rest_is_an_alert(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    state_manager.report_supply(2, "90")
    for wait in (0, TIMEOUT_MS - 10):
        state_manager.advance(wait)
        assert "Risk-Alert" not in actions(state_manager)
    state_manager.advance(TIMEOUT_MS)
    sent = state_manager.send("alice", "Reconcile")
    alert = only(sent, "Risk-Alert")
    assert state_manager.name(alert.receiver) == "coordinator"
    assert alert.tag("Reason") == "unreconciled: supply 100 recorded, 90 attested"


def test_a_difference_that_moves_is_work_under_way(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    for number in range(2, 6):
        state_manager.report_supply(number, str(100 - number))
        assert "Risk-Alert" not in actions(state_manager)
        state_manager.advance(TIMEOUT_MS - 100)


def test_an_agreement_in_between_begins_anew(state_manager: StateManagerStage) -> None:
    state_manager.balance("100")
    state_manager.report_supply(2, "90")
    actions(state_manager)
    state_manager.report_supply(3, "100")
    actions(state_manager)
    state_manager.report_supply(4, "90")
    state_manager.advance(TIMEOUT_MS + 1)
    assert "Risk-Alert" not in actions(state_manager)


def test_without_peers_there_is_nobody_to_ask(fresh_state_manager: StateManagerStage) -> None:
    (answer,) = fresh_state_manager.send("alice", "Reconcile")
    assert answer.json()["ok"] is True


def actions(stage: StateManagerStage) -> list[str | None]:
    """Reconcile; return the Actions that were sent."""
    return [message.action for message in stage.send("alice", "Reconcile")]


def rule(actor: Actor, call: str) -> str:
    """Return what a pure rule of the score gives, from the text of the module alone."""
    source = (actor.stage.root / "processes/tim3/state_manager/score.lua").read_text("utf-8")
    amount = (actor.stage.root / "processes/lib/amount.lua").read_text("utf-8")
    return actor.evaluate(
        f"local amount = (function()\n{amount}\nend)()\n"
        "local require = function() return amount end\n"
        f"local score = (function()\n{source}\nend)()\n"
        f"return tostring(score.{call})"
    )
