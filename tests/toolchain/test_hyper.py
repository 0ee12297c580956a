"""The profile `hyper`: the surface of aos 2.0.6, where an error undoes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from aosctl.emulator.profile import HYPER
from aosctl.emulator.trace import Step
from aosctl.emulator.world import World
from aosctl.message import Result, make_tags, name_address, strip_colours

OWNER, ALICE, BOB = (name_address(name) for name in ("deployer", "alice", "bob"))


@pytest.fixture
def world() -> Iterator[World]:
    world = World(profile=HYPER)
    yield world
    world.close()


def start(world: World, code: str) -> str:
    process = world.spawn(owner=OWNER)
    world.run()
    evaluate(world, process, code)
    return process


def evaluate(world: World, process: str, code: str) -> str:
    eval_ = make_tags({"Action": "Eval"})
    message = world.send(sender=OWNER, target=process, tags=eval_, data=code)
    world.run()
    shown: str = world.result(process, message).raise_for_error().output["data"]
    return strip_colours(shown)


def send(world: World, process: str, action: str, data: str = "", **tags: str) -> Sequence[Step]:
    pairs = {"Action": action, **{k.replace("_", "-"): v for k, v in tags.items()}}
    world.send(sender=ALICE, target=process, tags=make_tags(pairs), data=data)
    return world.run()


def result_of(step: Step) -> Result:
    assert step.result is not None
    return step.result


BAD = """N = 0
Handlers.add("bad", "Bad", function(m)
  N = N + 1
  print("half way")
  ao.send({ Target = m.from, Action = "Sent" })
  error("no")
end)"""


def test_an_error_keeps_state_and_outbox(world: World) -> None:
    process = start(world, BAD)
    bad, sent = send(world, process, "Bad")
    result = result_of(bad)
    assert "no" in (result.failure or "")
    assert (result.failed, result.kept, result.is_undone) == (True, True, False)
    assert "half way" in result.output["data"]
    assert (sent.receiver, sent.message.action) == (ALICE, "Sent")
    assert evaluate(world, process, "N .. ao.reference .. #Errors") == "111"


def test_an_eval_that_fails_keeps_what_it_did_too(world: World) -> None:
    process = start(world, "")
    world.send(
        sender=OWNER,
        target=process,
        tags=make_tags({"Action": "Eval"}),
        data="N = 1 error('no')",
    )
    (step,) = world.run()
    assert result_of(step).kept
    assert evaluate(world, process, "N") == "1"


def test_a_failure_of_the_host_is_undone_here_too(world: World) -> None:
    process = start(
        world, 'Handlers.add("b", "B", function() N = 1 ao.send({ Target = "t", Bad = 0/0 }) end)'
    )
    (step,) = send(world, process, "B")
    assert result_of(step).host_error == "Unexpected end of JSON input"
    assert result_of(step).is_undone
    assert evaluate(world, process, "tostring(N)") == "nil"


def test_a_process_comes_back_from_a_log_with_what_its_errors_kept(world: World) -> None:
    process = start(world, BAD)
    send(world, process, "Bad")
    send(world, process, "Bad")
    again = World(profile=HYPER)
    definitions = [environment.process for environment in world.processes.values()]
    again.restore(definitions, world.steps, now=world.now, count=world.count)
    assert evaluate(again, process, "N") == evaluate(world, process, "N") == "2"
    again.close()


def test_a_dry_run_of_an_error_keeps_nothing(world: World) -> None:
    process = start(world, BAD)
    result = world.dryrun(sender=ALICE, target=process, tags=make_tags({"Action": "Bad"}))
    assert result.failed
    assert evaluate(world, process, "N") == "0"


def test_incoming_keys_are_in_lower_case_and_nothing_else_is_there(world: World) -> None:
    process = start(
        world,
        """Handlers.add("see", "See", function(m)
          Keys = {}
          for key in pairs(m) do Keys[#Keys + 1] = key end
          table.sort(Keys)
          Tag = m["vote-id"] .. m.Tags["vote-id"] .. tostring(m.Tags["Vote-Id"])
          Seen = m.data .. m.from .. tostring(m.From) .. m.TagArray[1].name
        end)""",
    )
    send(world, process, "See", "hello", Vote_ID="7")
    keys = evaluate(world, process, 'table.concat(Keys, " ")').split()
    assert [key for key in keys if key != key.lower()] == ["TagArray", "Tags"]
    assert {"from", "id", "target", "timestamp", "block-height", "reply", "forward"} <= {*keys}
    assert evaluate(world, process, "Tag") == "77nil"
    assert evaluate(world, process, "Seen") == f"hello{ALICE}nilaction"


def test_a_spec_names_keys_as_they_are(world: World) -> None:
    process = start(
        world,
        """Hits = {}
        local specs = { text = "Go", lower = { action = "Go" }, title = { Action = "Go" } }
        for name, spec in pairs(specs) do
          Hits[name] = 0
          Handlers.add(name, function(m)
            return require(".utils").matchesSpec(m, spec) and "continue"
          end, function() Hits[name] = Hits[name] + 1 end)
        end""",
    )
    send(world, process, "Go")
    assert evaluate(world, process, "Hits.text .. Hits.lower .. Hits.title") == "110"


def test_the_clock_counts_seconds(world: World) -> None:
    process = start(
        world,
        'Handlers.add("t", "T", function(m) Times = m.timestamp .. " " .. os.time() end)',
    )
    send(world, process, "T")
    seconds = world.now // 1000
    assert evaluate(world, process, "Times") == f"{seconds} {seconds}"


def test_a_reply_goes_to_the_sender_whatever_reply_to_says(world: World) -> None:
    process = start(
        world, 'Handlers.add("ping", "Ping", function(m) m.reply({ Action = "Pong" }) end)'
    )
    _, answer = send(world, process, "Ping", Reply_To=BOB, Reference="8")
    assert answer.receiver == ALICE
    assert answer.message.tag("X-Reference") == "8"


def test_a_forwarded_message_keeps_its_data_and_action(world: World) -> None:
    process = start(world, f'Handlers.add("pass", "Pass", function(m) m.forward("{BOB}") end)')
    _, passed = send(world, process, "Pass", "hello", Word="w")
    assert (passed.receiver, passed.message.data) == (BOB, "hello")
    said = {tag.name: tag.value for tag in passed.message.tags}
    assert (said["Action"], said["Word"], said["X-Origin"]) == ("Pass", "w", ALICE)


def test_receive_is_not_implemented_and_on_reply_is(world: World) -> None:
    echo = start(world, 'Handlers.add("ping", "Ping", function(m) m.reply({ Data = "pong" }) end)')
    process = start(world, f'ECHO = "{echo}"')
    assert evaluate(world, process, "Receive({ action = 'X' })") == "not implemented"
    evaluate(
        world,
        process,
        'ao.send({ Target = ECHO, Action = "Ping" }).onReply(function(m) Got = m.data end)',
    )
    assert evaluate(world, process, "Got") == "pong"


def test_aos_itself_reads_what_it_needs(world: World) -> None:
    process = start(world, "")
    (step,) = send(world, process, "Unknown")
    assert result_of(step).handlers == ("_default",)
    assert "New Message From" in strip_colours(result_of(step).output["data"])
    assert evaluate(world, process, "#Inbox .. Inbox[2].action") == "2Unknown"
    send(world, process, "Eval", "Owner = 'mine'")
    assert evaluate(world, process, "Owner") == OWNER


def test_a_spawn_message_with_on_boot_boots(world: World) -> None:
    process = world.spawn(owner=OWNER, tags=make_tags({"On-Boot": "Data"}), data="Booted = 1")
    world.run()
    assert evaluate(world, process, "Booted") == "1"


def test_processes_of_two_profiles_live_in_one_world() -> None:
    world = World()
    aos, hyper = world.spawn(owner=OWNER), world.spawn(owner=OWNER, profile=HYPER)
    world.run()
    assert [world.profile_of(process).name for process in (aos, hyper)] == ["2.0.6", "hyper"]
    code = "tostring(Inbox[1].From ~= nil) .. tostring(Inbox[1].from ~= nil)"
    assert [evaluate(world, process, code) for process in (aos, hyper)] == [
        "truefalse",
        "falsetrue",
    ]
    world.close()
