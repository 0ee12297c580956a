from __future__ import annotations

from typing import Any

import pytest

from aosctl.emulator.messenger import Post, Spawn, push, spawned_tags
from aosctl.message import Definition, Environment, Outgoing, Result, Tag, make_tags, name_address

PARENT, MODULE, SCHEDULER = (name_address(name) for name in ("parent", "module", "scheduler"))
SENDER = Environment(
    process=Definition(
        PARENT, name_address("deployer"), make_tags({"Module": MODULE, "Scheduler": SCHEDULER})
    ),
    module=Definition(MODULE, name_address("deployer")),
)
ANCHOR = "1".zfill(32)
STANDARD = (
    ("Data-Protocol", "ao"),
    ("Variant", "ao.TN.1"),
    ("Type", "Message"),
    ("Reference", "1"),
)


def outgoing(*tags: tuple[Any, Any], target: str | None = PARENT, data: Any = None) -> Outgoing:
    return Outgoing(anchor=ANCHOR, tags=(*STANDARD, *tags), target=target, data=data)


def post(*messages: Outgoing, spawns: tuple[Outgoing, ...] = (), assign: Any = ()) -> Post:
    result = Result(messages=messages, spawns=spawns, assignments=tuple(assign))
    return push(result, cause="cause", root="root", sender=SENDER)


def test_the_messenger_replaces_the_protocol_tags_and_says_who_sent_it() -> None:
    pushed = post(outgoing(("From-Process", "liar"), ("Action", "Hi"))).messages[0]
    assert pushed.tags == make_tags(
        [
            ("Variant", "ao.TN.1"),
            ("Reference", "1"),
            ("Action", "Hi"),
            ("Data-Protocol", "ao"),
            ("Type", "Message"),
            ("From-Process", PARENT),
            ("From-Module", MODULE),
            ("Pushed-For", "root"),
        ]
    )
    assert pushed.data == " "


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (outgoing(target=None), "no Target"),
        (outgoing(target="nil"), "no id or address"),
        (outgoing(("Quantity", 5)), "tag 'Quantity' is a number"),
        (outgoing(("Flag", True)), "tag 'Flag' is a boolean"),
        (outgoing(("Map", {"a": 1})), "tag 'Map' is a table"),
        (outgoing(data=12), "Data is a number"),
        (outgoing(("Long", "x" * 4100)), "more than 4096 bytes"),
    ],
)
def test_what_is_no_data_item_is_lost_with_its_reason(entry: Outgoing, reason: str) -> None:
    made = post(entry)
    assert made.messages == ()
    assert reason in made.lost[0].reason


def test_ids_depend_on_the_cause_and_the_place_alone() -> None:
    one, two = post(outgoing(), outgoing()).messages
    assert one.id != two.id
    assert post(outgoing(("Action", "Other"))).messages[0].id == one.id


def test_a_spawn_gets_a_scheduler_and_the_parent_is_told_its_id() -> None:
    asked = (
        ("Data-Protocol", "ao"),
        ("Variant", "ao.TN.1"),
        ("Type", "Process"),
        ("From-Process", PARENT),
        ("From-Module", MODULE),
        ("Module", MODULE),
        ("Reference", "7"),
        ("Name", "child"),
    )
    spawn: Spawn = post(spawns=(Outgoing(anchor=ANCHOR, tags=asked),)).spawns[0]
    assert Tag("Scheduler", SCHEDULER) in spawn.tags
    assert spawn.tags.count(Tag("Type", "Process")) == 1
    told = spawned_tags(spawn)
    assert Tag("Process", spawn.id) in told
    assert Tag("Action", "Spawned") in told
    assert Tag("Reference", "7") in told
    assert Tag("Type", "Process") not in told


def test_assignments_come_from_the_outbox_and_from_tags() -> None:
    made = post(
        outgoing(("Assignments", [PARENT])),
        assign=[{"Processes": [PARENT], "Message": "m"}, {"Processes": "x"}],
    )
    assert [(a.process, a.message) for a in made.assignments] == [
        (PARENT, made.messages[0].id),
        (PARENT, "m"),
    ]
    assert made.lost[0].reason == "it names no Processes, or no Message"
