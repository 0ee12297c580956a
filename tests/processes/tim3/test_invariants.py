"""The laws of TIM3, each with a state that keeps it and one that breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from aosctl.scenario.invariants import Invariants, load_invariants
from aosctl.scenario.scenario import Laws
from aosctl.scenario.source import make_scenario

ROOT = Path(__file__).parents[3]
NAMES = ("mock_usda", "lock_manager", "coordinator", "token_manager", "state_manager")
IDS = {name: name.upper() for name in NAMES}
MINT, REDEEM = "M-abcdefgh-1", "R-abcdefgh-1"

State = dict[str, dict[str, Any]]
Change = Callable[[State], None]


@cache
def invariants() -> Invariants:
    folder = ROOT / "processes/tim3"
    text = (folder / "smoke.toml").read_text()
    laws = make_scenario(text, shown="smoke.toml", processes=NAMES).invariants
    loaded = load_invariants(ROOT, folder / "invariants.lua", laws=laws)
    assert loaded is not None
    return loaded


def laws() -> tuple[str, ...]:
    asked: Laws = invariants().laws
    return (*asked.always, *asked.at_rest)


def broken(now: State, before: State | None = None) -> dict[str, str]:
    found = invariants().broken(laws(), now, before, IDS)
    return {one.law: one.reason for one in found}


def at_rest() -> State:
    """Alice minted 100 and redeemed 40; all is done."""
    order = {"user": "alice", "recipient": "alice", "closed": "true"}
    mint = {**order, "kind": "mint", "quantity": "100"}
    redeem = {**order, "kind": "redeem", "quantity": "40"}
    return {
        "mock_usda": {"supply": "100", "balances": {"alice": "40", "LOCK_MANAGER": "60"}},
        "lock_manager": {
            "totallocked": "60",
            "totalunlocked": "40",
            "backing": "60",
            "surplus": "0",
            "ops": {MINT: {**mint, "phase": "consumed"}, REDEEM: {**redeem, "phase": "unlocked"}},
        },
        "coordinator": {
            "totaltim3minted": "60",
            "totalcollateral": "60",
            "windowused": "100",
            "windowcap": "1000",
            "mintpaused": "false",
            "redeempaused": "false",
            "unconfirmedupdates": "0",
            "configured": "true",
            "peers": dict(IDS),
            "configlocked": "false",
            "positions": {"alice": "60"},
            "ops": {MINT: {**mint, "phase": "minted"}, REDEEM: {**redeem, "phase": "done"}},
        },
        "token_manager": {
            "supply": "60",
            "minted": "100",
            "burned": "40",
            "cap": "1000",
            "balances": {"alice": "60"},
            "ops": {
                MINT: {"kind": "mint", "phase": "minted", "quantity": "100", "user": "alice"},
                REDEEM: {"kind": "burn", "phase": "burned", "quantity": "40", "user": "alice"},
            },
        },
        "state_manager": {
            "totaltim3supply": "60",
            "totalcollateral": "60",
            "attestedsupply": "60",
            "attestedlocked": "60",
            "positions": {"alice": "60"},
        },
    }


def put(*path: Any) -> Change:
    """Return a change that puts the last of `path` where the others lead."""

    def change(state: State) -> None:
        *outer, last, value = path
        place: dict[str, Any] = state
        for part in outer:
            place = place.setdefault(part, {})
        place[last] = value

    return change


def after(*changes: Change, state: State | None = None) -> State:
    changed = copy.deepcopy(state or at_rest())
    for change in changes:
        change(changed)
    return changed


def test_every_law_holds_at_rest_and_of_an_empty_system() -> None:
    assert broken(at_rest()) == {}
    assert broken(at_rest(), at_rest()) == {}
    assert broken({name: {} for name in NAMES}) == {}


def mint_under_way(phase: str, custody: str) -> State:
    """A deposit of 100 that is not minted yet."""
    order = {"user": "alice", "recipient": "alice", "kind": "mint", "quantity": "100"}
    return {
        "mock_usda": {"supply": "100", "balances": {"alice": "0", "LOCK_MANAGER": "100"}},
        "lock_manager": {
            "totallocked": "100",
            "totalunlocked": "0",
            "ops": {MINT: {**order, "phase": custody, "closed": "false"}},
        },
        "coordinator": {"ops": {MINT: {**order, "phase": phase, "closed": "false"}}},
        "token_manager": {},
        "state_manager": {},
    }


@pytest.mark.parametrize(
    ("phase", "custody"),
    [("minting", "locked"), ("cancelling", "cancelling"), ("refunding", "refunding"),
     ("refunding", "refund-failed")],
)  # fmt: skip
def test_a_deposit_on_its_way_breaks_no_law(phase: str, custody: str) -> None:
    assert broken(mint_under_way(phase, custody)) == {}


def test_a_mint_that_custody_has_not_heard_of_breaks_no_law() -> None:
    minted = {"kind": "mint", "phase": "minted", "quantity": "100", "user": "alice"}
    now = mint_under_way("minting", "locked")
    now["token_manager"] = {
        "supply": "100",
        "minted": "100",
        "burned": "0",
        "balances": {"alice": "100"},
        "ops": {MINT: minted},
    }
    assert broken(now) == {}


def test_a_redeem_that_is_burned_and_not_paid_breaks_no_law() -> None:
    now = after(
        put("lock_manager", "totallocked", "100"),
        put("lock_manager", "totalunlocked", "0"),
        put("lock_manager", "ops", REDEEM, "phase", "unlocking"),
        put("lock_manager", "ops", REDEEM, "closed", "false"),
        put("mock_usda", "balances", "alice", "0"),
        put("mock_usda", "balances", "LOCK_MANAGER", "100"),
        put("coordinator", "ops", REDEEM, "phase", "unlocking"),
        put("coordinator", "ops", REDEEM, "closed", "false"),
    )
    assert broken(now) == {}


def test_forgotten_operations_break_no_law() -> None:
    for process in ("lock_manager", "coordinator", "token_manager"):
        now = after(*(put(process, "ops", op, "") for op in (MINT, REDEEM)))
        assert broken(now, at_rest()) == {}


ANOTHER = "M-abcdefgh-2"
NEW_MINT = {"kind": "mint", "phase": "minting", "user": "bob", "quantity": "1", "closed": "false"}


@pytest.mark.parametrize(
    ("law", "reason", "changes"),
    [
        (
            "supply_equals_balances",
            "TIM3, balances and supply: 61 is not 60",
            [put("token_manager", "balances", "bob", "1")],
        ),
        (
            "supply_equals_balances",
            "USDA, balances and supply: 101 is not 100",
            [put("mock_usda", "balances", "bob", "1")],
        ),
        (
            "supply_equals_balances",
            "TIM3, supply and minted - burned: 60 is not 61",
            [put("token_manager", "minted", "101")],
        ),
        (
            "holds_are_covered",
            "alice holds back 41 of 40",
            [put("mock_usda", "locked", "alice", "41")],
        ),
        (
            "custody_is_explained",
            "K = 61, S 60 + P 0 + R 0 + F 0",
            [put("lock_manager", "totallocked", "61")],
        ),
        (
            "every_unit_is_backed",
            "S = 60, but K = 59",
            [put("lock_manager", "totallocked", "59")],
        ),
        (
            "every_unit_is_backed",
            "S = 60, but H = 59",
            [put("mock_usda", "balances", "LOCK_MANAGER", "59")],
        ),
        (
            "every_unit_is_backed",
            "K = 61, but H = 60 and only 0 is leaving",
            [put("lock_manager", "totallocked", "61")],
        ),
        (
            "each_effect_happens_once",
            "token_manager.minted and its operations: 200 is not 100",
            [put("token_manager", "minted", "200")],
        ),
        (
            "each_effect_happens_once",
            "lock_manager.totalunlocked and its operations: 80 is not 40",
            [put("lock_manager", "totalunlocked", "80")],
        ),
        (
            "outcomes_exclude_one_another",
            f"{MINT} is minted and refunded",
            [put("lock_manager", "ops", MINT, "phase", "refunded")],
        ),
        (
            "outcomes_exclude_one_another",
            f"{REDEEM} is burned and rejected",
            [put("coordinator", "ops", REDEEM, "phase", "rejected")],
        ),
        (
            "outcomes_exclude_one_another",
            f"{MINT} is refused, yet its lock is consumed",
            [put("token_manager", "ops", MINT, "phase", "refused")],
        ),
        (
            "outcomes_exclude_one_another",
            f"{REDEEM} is cancelled, yet its unlock is unlocked",
            [put("token_manager", "ops", REDEEM, "phase", "cancelled")],
        ),
        (
            "no_operation_goes_back",
            f"lock_manager, {MINT}: locked after consumed",
            [put("lock_manager", "ops", MINT, "phase", "locked")],
        ),
        (
            "no_operation_goes_back",
            f"coordinator, {REDEEM}: another quantity or user",
            [put("coordinator", "ops", REDEEM, "user", "mallory")],
        ),
        (
            "caps_hold",
            "token_manager.supply = 61, cap 50",
            [put("token_manager", "supply", "61"), put("token_manager", "cap", "50")],
        ),
        (
            "caps_hold",
            "coordinator.windowused = 1001, cap 1000",
            [put("coordinator", "windowused", "1001")],
        ),
        (
            "five_distinct_ids",
            "lock_manager: coordinator and mock_usda are one",
            [
                put("lock_manager", "peers", "mock_usda", "X"),
                put("lock_manager", "peers", "coordinator", "X"),
            ],
        ),
        (
            "five_distinct_ids",
            "lock_manager has another id as its own",
            [put("lock_manager", "peers", "lock_manager", "X")],
        ),
        (
            "quantities_are_digits",
            "token_manager.balances.bob is '0x10'",
            [put("token_manager", "balances", "bob", "0x10")],
        ),
        (
            "quantities_are_digits",
            "mock_usda.supply is '1e+14'",
            [put("mock_usda", "supply", "1e+14")],
        ),
        (
            "quantities_are_digits",
            "state_manager.positions.alice is '--5'",
            [put("state_manager", "positions", "alice", "--5")],
        ),
        (
            "totals_agree_at_rest",
            "coordinator.totalcollateral and the supply: 61 is not 60",
            [put("coordinator", "totalcollateral", "61")],
        ),
        (
            "positions_agree_at_rest",
            "alice has 60, the State Manager knows 100",
            [put("state_manager", "positions", "alice", "100")],
        ),
    ],
)
def test_a_law_that_is_broken_says_what_differs(
    law: str, reason: str, changes: list[Change]
) -> None:
    assert broken(after(*changes), at_rest()).get(law) == reason


def test_a_cap_that_is_lowered_below_what_is_there_breaks_no_law() -> None:
    now = after(put("token_manager", "cap", "50"), put("coordinator", "windowcap", "50"))
    assert broken(now, at_rest()) == {}


def test_a_configured_coordinator_must_know_all() -> None:
    now = after()
    del now["coordinator"]["peers"]["token_manager"]
    assert broken(now)["five_distinct_ids"] == (
        "the Coordinator is configured and does not know token_manager"
    )


@pytest.mark.parametrize(
    ("phase", "flag"), [("minting", "mintpaused"), ("burning", "redeempaused")]
)
def test_a_paused_gate_lets_nothing_new_through(phase: str, flag: str) -> None:
    before = after(put("coordinator", flag, "true"))
    now = after(put("coordinator", "ops", ANOTHER, {**NEW_MINT, "phase": phase}), state=before)
    assert broken(now, before)["a_pause_holds"] == f"{ANOTHER} began to be {phase} although {flag}"
    assert "a_pause_holds" not in broken(now, now)
    assert "a_pause_holds" not in broken(now, at_rest())


def test_what_is_locked_stays_as_it_is() -> None:
    before = after(put("coordinator", "configlocked", "true"))
    moved = after(put("coordinator", "peers", "mock_usda", "X"), state=before)
    assert broken(moved, before)["a_locked_config_stays"] == (
        "coordinator: mock_usda changed after Lock-Config"
    )
    assert broken(at_rest(), before)["a_locked_config_stays"] == "coordinator is unlocked again"


def test_totals_may_differ_while_an_operation_is_open() -> None:
    now = after(
        put("coordinator", "ops", ANOTHER, {**NEW_MINT}),
        put("coordinator", "totalcollateral", "61"),
        put("state_manager", "positions", "alice", "100"),
    )
    assert "totals_agree_at_rest" not in broken(now)
    assert "positions_agree_at_rest" not in broken(now)
