"""What the limits let pass, exactly at their edges, and how they change."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aosctl.testing.stage import Actor, Stage
from tests.processes.tim3.cast import only, tags_of
from tests.processes.tim3.coordinator_stage import TOKEN, CoordinatorStage

HOUR = 3_600_000
SMALL = {
    "Max_Mint": "100",
    "User_Window_Cap": "150",
    "Window_Cap": "200",
    "Supply_Cap": "300",
    "Large_Threshold": "1000",
}


@pytest.fixture
def limited(coordinator: CoordinatorStage) -> CoordinatorStage:
    """A coordinator with limits that a test can reach."""
    coordinator.set_limits(**SMALL)
    return coordinator


def outcome(stage: CoordinatorStage, n: int, quantity: str, user: str = "alice") -> str | None:
    """Return the code with which a mint is refused, or None when it begins."""
    (told,) = [m for m in stage.lock(n, quantity, user=user) if stage.name(m.receiver) == user]
    return told.error


def test_default_limits_agree_with_one_another(fresh_coordinator: CoordinatorStage) -> None:
    limits = fresh_coordinator.ask("alice", "GetConfig")["limits"]
    assert limits == {
        "Min-Mint": "1",
        "Max-Mint": str(100_000 * TOKEN),
        "User-Window-Cap": str(250_000 * TOKEN),
        "Window-Cap": str(1_000_000 * TOKEN),
        "Supply-Cap": str(10_000_000 * TOKEN),
        "Large-Threshold": str(50_000 * TOKEN),
        "Window-Ms": "3600000",
        "Cooldown-Ms": "600000",
        "Timeout-Ms": "300000",
        "Raise-Delay-Ms": "0",
        "Auto-Pause": "off",
    }


def test_limits_follow_the_denomination(
    stage: Stage, start: Callable[[str, dict[str, str]], Actor]
) -> None:
    fresh = CoordinatorStage(stage, start("coordinator", {"Denomination": "2"}), "coordinator")
    assert fresh.ask("alice", "GetConfig")["limits"]["Max-Mint"] == "10000000"


@pytest.mark.parametrize(
    ("limits", "quantity", "code"),
    [
        ({"Min_Mint": "10"}, "9", "BelowMinimum"),
        ({"Min_Mint": "10"}, "10", None),
        ({}, "100", None),
        ({}, "101", "AboveMaximum"),
    ],
)
def test_one_mint_is_between_minimum_and_maximum(
    limited: CoordinatorStage, limits: dict[str, str], quantity: str, code: str | None
) -> None:
    limited.set_limits(**limits)
    assert outcome(limited, 1, quantity) == code


def test_a_refused_deposit_goes_back_with_the_reason(limited: CoordinatorStage) -> None:
    sent = limited.lock(1, "101")
    assert limited.heard(sent) == [
        ("lock_manager", "UnlockCollateral"),
        ("alice", "MintTIM3-Error"),
    ]
    assert tags_of(sent[0])["Reason"] == sent[1].error == "AboveMaximum"
    assert tags_of(sent[0])["Kind"] == "refund"
    assert limited.published["windowused"] == "0"


def test_the_supply_cap_is_reached_exactly_and_not_passed(limited: CoordinatorStage) -> None:
    for n, user in enumerate(("alice", "bob", "carol"), start=1):
        limited.mint(n, "100", user=user)
        limited.advance(HOUR)
    assert limited.info["totalTIM3MintedQty"] == "300"
    assert outcome(limited, 4, "1") == "CapExceeded"
    limited.redeem("1")
    limited.burned(1, "1")
    assert outcome(limited, 5, "1") is None


def test_mints_under_way_count_for_the_supply_cap(coordinator: CoordinatorStage) -> None:
    caps = dict.fromkeys(("Supply_Cap", "Window_Cap", "User_Window_Cap", "Max_Mint"), "100")
    coordinator.set_limits(**caps)
    assert outcome(coordinator, 1, "60") is None
    coordinator.advance(HOUR)
    assert outcome(coordinator, 2, "41") == "CapExceeded"
    assert outcome(coordinator, 3, "40") is None


def test_splitting_a_mint_does_not_dodge_the_user_window(limited: CoordinatorStage) -> None:
    for n in range(1, 16):
        assert outcome(limited, n, "10") is None
    assert outcome(limited, 16, "1") == "RateLimited"
    assert outcome(limited, 17, "1", "bob") is None


def test_many_users_share_one_window(limited: CoordinatorStage) -> None:
    assert outcome(limited, 1, "100", "alice") is None
    assert outcome(limited, 2, "100", "bob") is None
    assert outcome(limited, 3, "1", "carol") == "RateLimited"


@pytest.mark.profile("aos")  # counts single milliseconds
def test_the_window_slides_to_the_millisecond(limited: CoordinatorStage) -> None:
    limited.lock(1, "100", user="alice")
    began = limited.stage.now
    limited.lock(2, "100", user="bob")
    limited.advance(HOUR - (limited.stage.now - began) - 2)
    assert outcome(limited, 3, "1", "carol") == "RateLimited"  # one millisecond before the edge
    assert outcome(limited, 4, "1", "carol") is None  # the first mint is an hour old
    assert limited.stage.now - began == HOUR


def test_a_mint_that_fell_out_makes_room_for_no_more_than_itself(
    limited: CoordinatorStage,
) -> None:
    limited.lock(1, "60", user="alice")
    limited.advance(HOUR // 2)
    limited.lock(2, "90", user="alice")
    limited.advance(HOUR // 2)
    assert outcome(limited, 3, "61", "alice") == "RateLimited"
    assert outcome(limited, 4, "60", "alice") is None


def test_a_refunded_mint_leaves_the_window(limited: CoordinatorStage) -> None:
    limited.lock(1, "100")
    limited.lock(2, "50")
    limited.say("token_manager", "Mint-Cancelled", limited.lock_id(1))
    assert limited.published["windowused"] == "50"
    assert outcome(limited, 3, "100") is None
    assert outcome(limited, 4, "1") == "RateLimited"


@pytest.mark.profile("aos")  # counts single milliseconds
def test_a_large_mint_waits_for_the_cooldown(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Large_Threshold="100", Cooldown_Ms="60000")
    assert outcome(coordinator, 1, "100") is None
    began = coordinator.stage.now
    assert outcome(coordinator, 2, "100") == "Cooldown"
    assert outcome(coordinator, 3, "100", "bob") is None
    coordinator.advance(60_000 - (coordinator.stage.now - began) - 2)
    assert outcome(coordinator, 4, "100") == "Cooldown"
    assert outcome(coordinator, 5, "100") is None


def test_splitting_does_not_dodge_the_cooldown(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Large_Threshold="100", Cooldown_Ms="60000")
    assert outcome(coordinator, 1, "60") is None
    assert outcome(coordinator, 2, "60") is None
    assert outcome(coordinator, 3, "1") == "Cooldown"


def test_small_mints_know_no_cooldown(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Large_Threshold="100", Cooldown_Ms="60000")
    for n in range(1, 10):
        assert outcome(coordinator, n, "11") is None


def test_a_refunded_large_mint_starts_no_cooldown(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Large_Threshold="100", Cooldown_Ms="60000")
    coordinator.lock(1, "100")
    coordinator.say("token_manager", "Mint-Cancelled", coordinator.lock_id(1))
    assert outcome(coordinator, 2, "100") is None


def test_a_cap_below_the_supply_blocks_mints_and_not_redeems(limited: CoordinatorStage) -> None:
    limited.mint(1, "100")
    caps = dict.fromkeys(("Supply_Cap", "Window_Cap", "User_Window_Cap", "Max_Mint"), "50")
    limited.set_limits(**caps)
    limited.advance(HOUR)
    assert outcome(limited, 2, "1") == "CapExceeded"
    limited.redeem("40")
    assert limited.burned(1, "40")[0].action == "UnlockCollateral"


def test_setting_limits_answers_with_all_of_them(coordinator: CoordinatorStage) -> None:
    sent = coordinator.send("deployer", "SetLimits", {"Min-Mint": "5"})
    assert coordinator.heard(sent) == [("deployer", "SetLimits-Response")]
    answer = sent[0].json()
    assert answer["limits"]["Min-Mint"] == "5"
    assert answer["waiting"] is None
    assert coordinator.ask("alice", "GetConfig")["limits"] == answer["limits"]


def test_a_new_cap_is_told_to_the_token_manager_until_it_confirms(
    coordinator: CoordinatorStage,
) -> None:
    cap = str(20_000_000 * TOKEN)
    sent = coordinator.send("deployer", "SetLimits", {"Supply-Cap": cap})
    assert tags_of(only(sent, "Set-Cap")) == {"Supply-Cap": cap, "Seq": "2"}
    assert coordinator.heard(coordinator.sweep()) == [("token_manager", "Set-Cap")]
    coordinator.send("token_manager", "Set-Cap-Response", {"Seq": "1"})
    assert coordinator.heard(coordinator.sweep()) == [("token_manager", "Set-Cap")]
    coordinator.send("token_manager", "Set-Cap-Response", {"Seq": "2"})
    assert coordinator.sweep() == []


@pytest.mark.parametrize("sender", ["mallory", "lock_manager", "guardian"])
def test_only_the_admin_sets_limits(coordinator: CoordinatorStage, sender: str) -> None:
    assert coordinator.refusal(sender, "SetLimits", {"Min-Mint": "5"}) == "Unauthorized"


def test_nobody_sets_limits_first(fresh_coordinator: CoordinatorStage) -> None:
    assert fresh_coordinator.refusal("mallory", "SetLimits", {"Min-Mint": "5"}) == "Unauthorized"


@pytest.mark.parametrize(
    "limits",
    [
        {"Min-Mint": "0"},
        {"Min-Mint": "1.5"},
        {"Max-Mint": "0x10"},
        {"Supply-Cap": str(2**255)},
        {"Window-Ms": "0"},
        {"Window-Ms": "99999999999"},
        {"Cooldown-Ms": "-1"},
        {"Timeout-Ms": "0"},
        {"Auto-Pause": "yes"},
        {"Min-Mint": "11", "Max-Mint": "10"},
        {"Max-Mint": str(250_001 * TOKEN)},
        {"User-Window-Cap": str(1_000_001 * TOKEN)},
        {"Window-Cap": str(10_000_001 * TOKEN)},
        {"Supply-Cap": str(999_999 * TOKEN)},
        {"Cooldown-Ms": "3600001"},
        {"Min-Mint": "5", "Max-Mint": "nonsense"},
    ],
    ids=str,
)
def test_limits_that_do_not_agree_are_refused_as_a_whole(
    coordinator: CoordinatorStage, limits: dict[str, str]
) -> None:
    before = coordinator.ask("alice", "GetConfig")["limits"]
    assert coordinator.refusal("deployer", "SetLimits", limits) == "InvalidConfig"
    assert coordinator.ask("alice", "GetConfig")["limits"] == before


def test_a_raise_waits_where_a_delay_is_set(coordinator: CoordinatorStage) -> None:
    day = 86_400_000
    coordinator.set_limits(Raise_Delay_Ms=str(day))
    cap = str(20_000_000 * TOKEN)
    answer = coordinator.set_limits(Supply_Cap=cap, Timeout_Ms="1000")
    assert answer["limits"]["Supply-Cap"] == str(10_000_000 * TOKEN)
    assert answer["limits"]["Timeout-Ms"] == "1000"
    assert answer["waiting"]["Supply-Cap"] == cap
    assert answer["waitingUntil"] == coordinator.stage.now + day
    assert coordinator.sweep() == []
    coordinator.advance(day)
    assert tags_of(only(coordinator.sweep(), "Set-Cap"))["Supply-Cap"] == cap
    assert coordinator.ask("alice", "GetConfig")["limits"]["Supply-Cap"] == cap


def test_a_lowered_limit_never_waits(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Raise_Delay_Ms="86400000")
    answer = coordinator.set_limits(Max_Mint="5", Min_Mint="2")
    assert answer["limits"]["Max-Mint"] == "5"
    assert answer["waiting"] is None


def test_the_delay_itself_is_shortened_with_delay(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Raise_Delay_Ms="1000")
    answer = coordinator.set_limits(Raise_Delay_Ms="0")
    assert answer["limits"]["Raise-Delay-Ms"] == "1000"
    assert answer["waiting"]["Raise-Delay-Ms"] == "0"


def test_a_new_setting_replaces_what_waits(coordinator: CoordinatorStage) -> None:
    coordinator.set_limits(Raise_Delay_Ms="1000")
    coordinator.set_limits(Min_Mint="5")
    coordinator.set_limits(Min_Mint="1")
    assert coordinator.set_limits(Max_Mint="100")["waiting"] is None
    coordinator.advance(2000)
    assert coordinator.ask("alice", "GetConfig")["limits"]["Min-Mint"] == "5"
