from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent

SOURCE = "processes/probe/left/process.lua"
Call = Callable[[str], Any]
RIGHT, FAR = name_address("right"), name_address("far_side")
FRESH = {"Right-Process": RIGHT, "Far-Side-Process": FAR}


def configure(probe: Actor, sender: str = "deployer", **tags: str) -> Sent:
    given = {name.replace("_", "-"): value for name, value in tags.items()} or FRESH
    return probe.ask(sender, "SetProcessConfig", given)


def config(probe: Actor) -> Any:
    return probe.ask("bob", "GetConfig").json()


def test_a_fresh_process_says_what_it_is_and_what_it_misses(probe: Actor) -> None:
    answer = probe.ask("bob", "GetConfig", {"Reference": "5"})
    deployer = name_address("deployer")
    assert (answer.action, answer.tag("X-Reference")) == ("Config-Response", "5")
    shown = answer.json()
    assert (shown["owner"], shown["admin"], shown["locked"]) == (deployer, deployer, False)
    assert (shown["peers"], shown["limits"], shown["stateVersion"]) == ({}, {"Max-Word": "9"}, 3)
    assert shown["settings"] == {"Mode": "fast"}
    assert len(shown["bundleHash"]) == 64
    health = probe.ask("bob", "Health").json()
    assert health == {
        "configured": False,
        "missing": ["right"],
        "paused": {"mint": False, "redeem": False, "transfer": False},
        "openOperations": 2,
        "anomalies": 0,
        "strays": 0,
        "stateVersion": 3,
        "bundleHash": shown["bundleHash"],
    }


def test_peers_are_set_and_shown(probe: Actor, lua: Call) -> None:
    answer = configure(probe)
    assert answer.action == "SetProcessConfig-Response"
    shown = answer.json()
    assert shown.pop("timestamp") == probe.stage.now
    assert shown == {
        "leftProcess": probe.id,
        "rightProcess": RIGHT,
        "farSideProcess": FAR,
        "configured": True,
        "missing": [],
    }
    assert config(probe)["peers"] == {"right": RIGHT, "far_side": FAR}
    assert lua("Applied") == [["far_side", "right"]]


def test_the_spelling_of_the_first_report_works_too(probe: Actor) -> None:
    answer = probe.ask("deployer", "SetProcessConfig", {"RightProcess": RIGHT, "mode": "slow"})
    assert answer.json()["rightProcess"] == RIGHT
    assert answer.json()["farSideProcess"] is None
    assert config(probe)["settings"] == {"Mode": "slow"}


@pytest.mark.parametrize(
    "tags",
    [
        {"Left-Process": FAR, "Far-Side-Process": RIGHT},
        {"Right-Process": RIGHT, "Far-Side-Process": RIGHT},
        {"Right-Process": RIGHT, "Far-Side-Process": "short"},
        {"Right-Process": RIGHT, "Far-Side-Process": ""},
        {"Right-Process": RIGHT, "Far-Side-Process": "0x" + "a" * 40},
        {"Right-Process": RIGHT, "Mode": "sideways"},
        {"Stranger-Process": RIGHT},
    ],
)
def test_one_fault_refuses_all_of_it(probe: Actor, tags: dict[str, str]) -> None:
    answer = probe.ask("deployer", "SetProcessConfig", tags)
    assert (answer.action, answer.error) == ("SetProcessConfig-Error", "InvalidConfig")
    assert config(probe)["peers"] == {}
    assert config(probe)["settings"] == {"Mode": "fast"}


def test_another_process_in_ones_own_place_is_refused(probe: Actor) -> None:
    assert configure(probe, Right_Process=probe.id).error == "InvalidConfig"
    assert configure(probe, Left_Process=probe.id).action == "SetProcessConfig-Response"


def test_a_repeated_peer_is_duplicate_under_any_spelling(probe: Actor) -> None:
    tags = [("Right-Process", RIGHT), ("RightProcess", FAR)]
    assert probe.ask("deployer", "SetProcessConfig", tags).error == "Duplicate"
    assert config(probe)["peers"] == {}


def test_a_stranger_is_refused_before_and_after(probe: Actor) -> None:
    assert configure(probe, "mallory").error == "Unauthorized"
    configure(probe)
    assert configure(probe, "mallory").error == "Unauthorized"
    assert configure(probe, "right").error == "Unauthorized"
    assert config(probe)["peers"] == {"right": RIGHT, "far_side": FAR}


def test_a_change_is_asked_for_but_first_settings_and_repeats_are_free(probe: Actor) -> None:
    probe.evaluate("MayChange = nil")
    configure(probe, Right_Process=RIGHT, Mode="slow")
    assert configure(probe).action == "SetProcessConfig-Response"
    other = name_address("other")
    answer = configure(probe, Right_Process=other)
    assert (answer.error, answer.data) == ("WrongPhase", "right is needed")
    assert configure(probe, Mode="slow").action == "SetProcessConfig-Response"
    assert configure(probe, Mode="fast").error == "WrongPhase"
    assert config(probe)["settings"] == {"Mode": "slow"}
    probe.evaluate("MayChange = true")
    assert configure(probe, Right_Process=other, Mode="fast").json()["rightProcess"] == other


def test_locked_means_frozen_for_good(probe: Actor) -> None:
    assert probe.ask("deployer", "Lock-Config").error == "NotConfigured"
    configure(probe)
    assert probe.ask("mallory", "Lock-Config").error == "Unauthorized"
    answer = probe.ask("deployer", "Lock-Config")
    assert (answer.action, answer.tag("Locked")) == ("Lock-Config-Response", "true")
    assert configure(probe).error == "Frozen"
    assert config(probe)["locked"] is True
    probe.load(SOURCE)
    assert configure(probe).error == "Frozen"


def test_the_admin_is_handed_over_in_two_steps(probe: Actor) -> None:
    bob, deployer = name_address("bob"), name_address("deployer")
    assert probe.ask("mallory", "Propose-Admin", {"Admin": bob}).error == "Unauthorized"
    assert probe.ask("deployer", "Propose-Admin", {"Admin": "bob"}).error == "InvalidAddress"
    assert probe.ask("deployer", "Propose-Admin").error == "InvalidAddress"
    assert probe.ask("bob", "Accept-Admin").error == "Unauthorized"
    sent = probe.send("deployer", "Propose-Admin", {"Admin": bob})
    assert [(s.receiver, s.action, s.tag("Admin")) for s in sent] == [
        (deployer, "Propose-Admin-Response", bob),
        (bob, "Admin-Proposed-Notice", bob),
    ]
    assert config(probe)["admin"] == deployer
    assert probe.ask("mallory", "Accept-Admin").error == "Unauthorized"
    answer = probe.ask("bob", "Accept-Admin")
    assert (answer.tag("Admin"), answer.tag("Previous")) == (bob, deployer)
    assert config(probe)["admin"] == bob
    assert probe.ask("bob", "Accept-Admin").error == "Unauthorized"


def test_the_latest_proposal_counts(probe: Actor) -> None:
    for name in ("bob", "carol"):
        probe.ask("deployer", "Propose-Admin", {"Admin": name_address(name)})
    assert probe.ask("bob", "Accept-Admin").error == "Unauthorized"
    assert probe.ask("carol", "Accept-Admin").action == "Accept-Admin-Response"


def test_owner_and_admin_part_at_the_handover(probe: Actor, lua: Call) -> None:
    probe.ask("deployer", "Propose-Admin", {"Admin": name_address("bob")})
    probe.ask("bob", "Accept-Admin")
    who = ("deployer", "bob", "mallory")
    message = [f'{{ From = "{name_address(name)}" }}' for name in who]
    assert lua(", ".join(f"lib.roles.isAdmin({m})" for m in message)) == [True, True, False]
    assert lua(", ".join(f"lib.roles.isAdminItself({m})" for m in message)) == [False, True, False]
    assert lua(", ".join(f"lib.roles.isOwner({m})" for m in message)) == [True, False, False]


def test_a_renounced_owner_never_comes_back_and_the_admin_stays(probe: Actor) -> None:
    assert probe.ask("mallory", "Renounce-Owner", {"Confirm": probe.id}).error == "Unauthorized"
    assert probe.ask("deployer", "Renounce-Owner").error == "InvalidConfig"
    probe.ask("deployer", "Propose-Admin", {"Admin": name_address("bob")})
    probe.ask("bob", "Accept-Admin")
    assert probe.ask("bob", "Renounce-Owner", {"Confirm": probe.id}).error == "Unauthorized"
    answer = probe.ask("deployer", "Renounce-Owner", {"Confirm": probe.id})
    assert answer.action == "Renounce-Owner-Response"
    assert probe.send("deployer", "Eval", data="Owner = 'x'") == []
    assert configure(probe).error == "Unauthorized"
    assert configure(probe, "bob").action == "SetProcessConfig-Response"
    assert (config(probe)["owner"], config(probe)["admin"]) == ("", name_address("bob"))


def test_nobody_is_the_peer_that_is_not_set(lua: Call) -> None:
    calls = 'lib.roles.isPeer({ From = "" }, "right"), lib.roles.isPeer({}, "right")'
    assert lua(calls) == [False, False]


def test_ours_are_this_process_and_its_peers(probe: Actor, lua: Call) -> None:
    configure(probe)
    calls = f'lib.roles.isOurs("{probe.id}"), lib.roles.isOurs("{RIGHT}"), lib.roles.isOurs("x")'
    assert lua(calls) == [True, True, False]
