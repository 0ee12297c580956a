from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor

Call = Callable[[str], Any]
RIGHT, FAR = name_address("right"), name_address("far_side")


@pytest.fixture
def ready(probe: Actor) -> Actor:
    probe.send("deployer", "SetProcessConfig", {"Right-Process": RIGHT, "Far-Side-Process": FAR})
    return probe


def test_an_error_names_its_code_its_operation_and_its_cause(probe: Actor) -> None:
    answer = probe.ask("alice", "Refuse", {"Op-Id": "M-abcdefgh-1", "Reference": "3"})
    assert (answer.action, answer.error, answer.data) == ("Refuse-Error", "WrongPhase", "not now")
    assert answer.tag("Final") == "true"
    assert answer.tag("Op-Id") == "M-abcdefgh-1"
    assert answer.tag("X-Reference") == "3"


def test_an_answer_goes_to_its_asker_whatever_reply_to_says(probe: Actor) -> None:
    tags = {"Reply-To": name_address("victim"), "Reference": "3", "X-Reference": "99"}
    (answer,) = probe.send("alice", "Echo", tags)
    assert answer.receiver == name_address("alice")
    assert answer.tag("X-Reference") == "3"


def test_an_error_is_never_the_answer_to_a_notice(probe: Actor) -> None:
    assert probe.send("alice", "Odd-Notice") == []
    assert probe.ask("alice", "Health").json()["anomalies"] == 1


def test_a_command_says_its_protocol(probe: Actor) -> None:
    command = probe.ask("alice", "Order")
    assert (command.action, command.tag("Protocol")) == ("Do", "TIM3/1")
    assert (command.tag("Op-Id"), command.tag("Low-Water")) == ("M-abcdefgh-1", "12")


def test_tags_leave_in_one_order(probe: Actor) -> None:
    tags = [tag.name for tag in probe.ask("alice", "Order").message.tags]
    own = tags[tags.index("Action") :]
    assert own[:4] == ["Action", "Low-Water", "Op-Id", "Protocol"]


def test_what_is_published_is_text_in_lower_case_and_only_news(probe: Actor) -> None:
    probe.evaluate("lib.publish.publish({ Total = 5, On = true, Who = { Alice = 1 } })")
    assert probe.published == {"total": "5", "on": "true", "who": {"Alice": "1"}}
    probe.evaluate("lib.publish.publish({ Total = 5, On = false, Who = { Bob = '2' } })")
    assert probe.published == {"total": "5", "on": "false", "who": {"Alice": "1", "Bob": "2"}}
    steps = probe.stage.world.steps
    probe.evaluate("lib.publish.publish({ Total = '5', On = false, Who = {} })")
    assert steps[-1].result is not None
    assert steps[-1].result.messages == ()


def pause(probe: Actor, scope: str, paused: str, seq: str, sender: str = "right") -> list[Any]:
    return probe.send(sender, "Pause-Notice", {"Scope": scope, "Pause": paused, "Seq": seq})


def paused(lua: Call) -> Any:
    return lua("(Pauses.mint or {}).paused or false, (Pauses.redeem or {}).paused or false")


def test_a_pause_is_acknowledged_and_takes_effect(ready: Actor, lua: Call) -> None:
    (answer,) = pause(ready, "mint", "true", "4")
    assert (answer.receiver, answer.action) == (RIGHT, "Pause-Notice-Response")
    assert answer.tag("Seq") == "4"
    assert paused(lua) == [True, False]


def test_each_scope_follows_its_greatest_seq_in_any_order(ready: Actor, lua: Call) -> None:
    for scope, on, seq in (("redeem", "true", "3"), ("mint", "false", "2"), ("all", "true", "1")):
        assert pause(ready, scope, on, seq)[0].tag("Seq") == seq
    assert paused(lua) == [False, True]
    pause(ready, "all", "false", "9")
    assert paused(lua) == [False, False]


def test_only_the_controller_pauses(ready: Actor, lua: Call) -> None:
    (answer,) = pause(ready, "all", "true", "1", sender="mallory")
    assert (answer.action, answer.error) == ("Pause-Notice-Error", "Unauthorized")
    assert paused(lua) == [False, False]


@pytest.mark.parametrize(
    ("scope", "on", "seq"),
    [("moon", "true", "1"), ("all", "yes", "1"), ("all", "true", "x"), ("all", "true", "0")],
)
def test_an_unreadable_pause_is_ignored_and_counted(
    ready: Actor, lua: Call, scope: str, on: str, seq: str
) -> None:
    assert pause(ready, scope, on, seq) == []
    assert paused(lua) == [False, False]
    assert ready.ask("bob", "Health").json()["anomalies"] == 1


def test_a_report_is_numbered_and_for_the_observer_alone(ready: Actor) -> None:
    assert ready.ask("mallory", "Report-Request").error == "Unauthorized"
    for seq in ("1", "2"):
        (report,) = ready.send("far_side", "Report-Request")
        assert (report.receiver, report.action) == (FAR, "Report-Words")
        assert (report.tag("Quantity"), report.tag("Seq")) == ("5", seq)
