from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from aosctl.message import make_tags
from aosctl.testing.stage import Actor

SOURCE = "processes/probe/left/process.lua"
Call = Callable[[str], Any]


def anomalies(probe: Actor) -> Any:
    return probe.ask("bob", "Health").json()["anomalies"]


def test_what_is_in_order_goes_on_to_the_handlers(probe: Actor) -> None:
    answer = probe.ask("alice", "Echo", {"Word": "hello", "X-One": "1", "Reference": "8"})
    assert (answer.action, answer.tag("Word")) == ("Echo-Response", "hello")
    assert (answer.tag("X-One"), answer.tag("X-Reference")) == ("1", "8")


@pytest.mark.parametrize("name", ["word", "WORD", "w-o-r-d", "Word"])
def test_a_tag_is_found_however_its_name_is_spelt(probe: Actor, name: str) -> None:
    assert probe.ask("alice", "Echo", {name: "hello"}).tag("Word") == "hello"


@pytest.mark.parametrize(
    "name",
    [
        "Id", "Timestamp", "Block-Height", "Nonce", "Module", "Cron", "Forwarded-By",
        "id", "block_height", "FORWARDED-BY",
    ],
)  # fmt: skip
def test_a_reserved_tag_name_drops_the_message(probe: Actor, lua: Call, name: str) -> None:
    before = lua("LastNow")
    assert probe.send("alice", "Echo", {"Word": "hello", name: "99999999999999"}) == []
    assert lua("LastNow") == before


def test_claiming_to_be_the_spawn_message_does_not_help(probe: Actor) -> None:
    tags = [("Word", "hello"), ("Id", probe.id), ("Timestamp", "99999999999999")]
    assert probe.send("alice", "Echo", tags) == []


@pytest.mark.parametrize(
    "tags",
    [
        [(f"T{n}", "x") for n in range(61)],
        [("N" * 129, "x")],
        [("Word", "x" * 1025)],
        [("Word", "x" * 1_000_000)],
    ],
    ids=["many", "long name", "long value", "huge value"],
)
def test_too_much_is_dropped_in_silence(probe: Actor, tags: list[tuple[str, str]]) -> None:
    assert probe.send("alice", "Echo", tags) == []
    assert anomalies(probe) == 0


@pytest.mark.parametrize(
    "tags",
    [
        [(f"T{n}", "x") for n in range(60)],
        [("N" * 128, "x")],
        [("Word", "x" * 1024)],
    ],
    ids=["many", "long name", "long value"],
)
def test_the_limits_themselves_are_allowed(probe: Actor, tags: list[tuple[str, str]]) -> None:
    # An Action and three tags of the protocol make 64 of 60.
    assert len(probe.send("alice", "Echo", tags)) == 1


@pytest.mark.parametrize(
    ("size", "answers"), [(65_536, 1), (65_537, 0)], ids=["at the limit", "above"]
)
def test_data_is_at_most_64_kilobytes(probe: Actor, size: int, answers: int) -> None:
    assert len(probe.send("alice", "Echo", data="x" * size)) == answers


@pytest.mark.parametrize(
    ("document", "answers"),
    [
        (["x"] * 1_000, 1),
        (["x" * 100] * 1_000, 0),
        ({str(n): n for n in range(20_000)}, 0),
        ({"deep": [[[[[["x"]]]]]]}, 1),
    ],
    ids=["small", "large", "many keys", "deep"],
)
def test_data_that_arrives_as_a_table_is_measured_too(
    probe: Actor, document: Any, answers: int
) -> None:
    tags = {"Content-Type": "application/json"}
    sent = probe.send("alice", "Echo", tags, data=json.dumps(document))
    assert len(sent) == answers


@pytest.mark.parametrize(
    "tags",
    [
        [("Word", "a"), ("Word", "b")],
        [("Word", "a"), ("word", "a")],
        [("Word", "a"), ("W-ord", "a")],
        [("X-One", "a"), ("X-Two", "b"), ("x-one", "c")],
    ],
)
def test_a_repeat_of_a_tag_that_the_action_reads_is_answered_duplicate(
    probe: Actor, tags: list[tuple[str, str]]
) -> None:
    answer = probe.ask("alice", "Echo", tags)
    assert (answer.action, answer.error) == ("Echo-Error", "Duplicate")


def test_a_repeat_of_another_tag_does_not_matter(probe: Actor) -> None:
    assert probe.ask("alice", "Echo", [("Foo", "a"), ("Foo", "b")]).action == "Echo-Response"


def test_a_second_action_is_a_repeat_too(probe: Actor) -> None:
    assert probe.ask("alice", "Echo", [("Action", "Health")]).error == "Duplicate"


def test_a_notice_that_repeats_a_tag_is_ignored_and_counted(probe: Actor) -> None:
    tags = [("Scope", "mint"), ("Pause", "true"), ("Seq", "1"), ("Seq", "2")]
    assert probe.send("right", "Pause-Notice", tags) == []
    assert anomalies(probe) == 1


@pytest.mark.parametrize(
    "tags",
    [
        [("Quantity", "5"), ("quantity", "6")],
        [("Quantity", "5"), ("X-Memo", "m" * 1025)],
        [("Action", "Echo"), ("Quantity", "5")],
    ],
    ids=["repeat", "size", "two actions"],
)
def test_a_refused_credit_notice_is_handed_over_as_a_stray(
    probe: Actor, tags: list[tuple[str, str]]
) -> None:
    assert probe.send("token", "Credit-Notice", tags) == []
    health = probe.ask("bob", "Health").json()
    assert (health["strays"], health["anomalies"]) == (1, 0)


def test_a_message_for_somebody_else_is_dropped(probe: Actor) -> None:
    world = probe.stage.world
    echo = make_tags({"Action": "Echo"})
    message = world.send(sender=probe.stage.address("alice"), target=probe.id, tags=echo)
    other = probe.stage.start(SOURCE)
    world.assign(other.id, message)
    sent = probe.stage.run()
    assert [s.action for s in sent if s.message.sender == other.id] == [None]  # aos's own refusal


def test_an_unknown_action_is_dropped_and_nothing_is_kept(probe: Actor, lua: Call) -> None:
    before = lua("#Inbox")
    assert probe.send("alice", "Nonsense", data="x" * 1000) == []
    assert probe.send("alice", None) == []
    assert lua("#Inbox") == before
    assert anomalies(probe) == 0


@pytest.mark.parametrize("action", ["Debit-Notice", "Mint-Response", "Transfer-Error"])
def test_a_notice_that_nothing_waits_for_is_counted(probe: Actor, action: str) -> None:
    assert probe.send("alice", action) == []
    assert anomalies(probe) == 1


def test_an_action_is_matched_exactly(probe: Actor) -> None:
    assert probe.send("alice", "echo") == []
    assert probe.send("alice", "Echo ") == []


def test_a_stranger_cannot_evaluate(probe: Actor, lua: Call) -> None:
    assert probe.send("alice", "Eval", data="Owner = 'alice'") == []
    assert lua("Owner") == [probe.stage.address("deployer")]


def test_an_update_keeps_guard_first_and_drop_last(probe: Actor) -> None:
    probe.evaluate('Handlers.add("of-an-old-bundle", "Old", function() end)')
    probe.load(SOURCE)
    names = probe.ask("alice", "GetConfig").json()["handlers"]
    assert names[:3] == ["_eval", "_default", "guard"]
    assert names[-1] == "drop"
    assert len(names) == len(set(names))
    assert "of-an-old-bundle" not in names


def test_the_owner_is_heard_though_aos_may_put_eval_behind_our_handlers(probe: Actor) -> None:
    probe.evaluate('Handlers.remove("_eval")')  # aos adds it again: now behind the drop handler
    names = probe.ask("alice", "GetConfig").json()["handlers"]
    assert names[-2:] == ["drop", "_eval"]
    assert probe.evaluate("return 1 + 1") == "2"


def test_time_only_moves_forward_and_seconds_become_milliseconds(lua: Call) -> None:
    shown = lua(
        """(function()
          LastNow = 0
          lib.clock.observe({ Timestamp = 1700000000 })
          local first = lib.clock.now()
          lib.clock.observe({ Timestamp = 1600000000000 })
          lib.clock.observe({ Timestamp = "junk" })
          lib.clock.observe({ Timestamp = -5 })
          lib.clock.observe({})
          local same = lib.clock.now() == first
          lib.clock.observe({ Timestamp = "1700000000001" })
          return lib.clock.text() .. " " .. tostring(same)
        end)()"""
    )
    assert shown == ["1700000000001 true"]


def test_lower_case_messages_are_read_alike(lua: Call) -> None:
    shown = lua(
        """(function()
          local tags = lib.tags
          local msg = { TagArray = {
            { name = "op-id", value = "M-1" }, { name = "x-op_ref", value = "" },
          } }
          local x = tags.xTags(msg)
          return tags.get(msg, "Op-Id") .. x[1].name .. x[1].value .. tags.count(msg)
        end)()"""
    )
    assert shown == ["M-1X-Op-Ref2"]


def test_only_true_and_on_are_true(lua: Call) -> None:
    words = ["true", "On", "TRUE", "false", "1", "yes", ""]
    calls = ", ".join(f'lib.tags.isTrue("{word}")' for word in words)
    assert lua(calls) == [True, True, True, False, False, False, False]
    assert lua('lib.tags.isTrue(nil), lib.tags.ofProcess("FAUCET")') == [False, "on"]
