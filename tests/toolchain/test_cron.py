from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from aosctl.emulator.clock import BLOCK, START, START_HEIGHT
from aosctl.emulator.cron import Cron, read_crons
from aosctl.emulator.trace import Step
from aosctl.emulator.world import World
from aosctl.errors import EmulatorError
from aosctl.message import Tag, make_tags, name_address
from aosctl.networks.local import LocalNetwork

OWNER, ALICE = name_address("deployer"), name_address("alice")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
COUNT = """
Ticks = {}
Handlers.add("tick", "Tick", function(msg)
  Ticks[#Ticks + 1] = msg.Timestamp
  if #Ticks == BadTick then error("no") end
end)
"""
EVERY_MINUTE = [("Cron-Interval", "1-minute"), ("Cron-Tag-Action", "Tick")]


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def spawn(world: World, tags: list[tuple[str, str]], code: str = COUNT) -> str:
    process = world.spawn(owner=OWNER, tags=make_tags([*tags, ("On-Boot", "Data")]), data=code)
    for step in world.run():
        assert step.result is not None
        step.result.raise_for_error()
    return process


def fired(steps: Sequence[Step]) -> list[Step]:
    return [step for step in steps if step.message.cron]


def times(steps: Sequence[Step]) -> list[int]:
    return [(step.message.timestamp or 0) - START for step in fired(steps)]


def evaluate(world: World, process: str, code: str) -> str:
    eval_ = make_tags({"Action": "Eval"})
    message = world.send(sender=OWNER, target=process, tags=eval_, data=code)
    world.run()
    shown: str = world.result(process, message).raise_for_error().output["data"]
    return shown


# --- what tags say -------------------------------------------------------------------------------


def test_groups_of_tags_are_read_in_order() -> None:
    tags = [*EVERY_MINUTE, ("Name", "x"), ("Cron-Tag-Word", "w"), ("Cron-Interval", "10-blocks")]
    first, second = read_crons(make_tags(tags))
    assert first == Cron(
        interval=MINUTE, counts_blocks=False, tags=(Tag("Action", "Tick"), Tag("Word", "w"))
    )
    assert second == Cron(interval=10, counts_blocks=True, tags=())


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("1-second", 1_000),
        ("90-seconds", 90_000),
        ("2-hours", 2 * HOUR),
        ("3-days", 3 * DAY),
        ("1-week", 7 * DAY),
        ("1-year", 31_557_600_000),
        ("2500-milliseconds", 2_000),
        ("5-Minutes", 5 * MINUTE),
    ],
)
def test_an_interval_is_whole_seconds(text: str, interval: int) -> None:
    (cron,) = read_crons(make_tags({"Cron-Interval": text}))
    assert cron.interval == interval


@pytest.mark.parametrize("text", ["", "5", "minutes", "0-minutes", "-1-minutes", "999-ms", "a-day"])
def test_an_interval_that_no_unit_would_take_is_refused(text: str) -> None:
    with pytest.raises(EmulatorError, match="Cron-Interval"):
        read_crons(make_tags({"Cron-Interval": text}))


def test_a_tag_before_any_interval_is_refused() -> None:
    with pytest.raises(EmulatorError, match="Cron-Tag-Action comes before any Cron-Interval"):
        read_crons(make_tags({"Cron-Tag-Action": "Tick"}))


def test_a_month_never_comes() -> None:
    assert read_crons(make_tags({"Cron-Interval": "1-month", "Cron-Tag-Action": "Tick"})) == ()


# --- when they fire ------------------------------------------------------------------------------


def test_a_time_cron_fires_at_whole_seconds_from_the_spawn_and_never_at_it(world: World) -> None:
    spawn(world, EVERY_MINUTE)
    assert times(world.advance(MINUTE - 2)) == []
    assert times(world.advance(1)) == [MINUTE]
    assert times(world.advance(3 * MINUTE)) == [2 * MINUTE, 3 * MINUTE, 4 * MINUTE]


def test_a_block_cron_fires_at_heights_counted_from_the_spawn(world: World) -> None:
    world.advance(BLOCK + 7)  # the spawn is in the block after the first
    spawn(world, [("Cron-Interval", "2-blocks"), ("Cron-Tag-Action", "Tick")])
    steps = fired(world.advance(6 * BLOCK))
    assert [step.message.block_height for step in steps] == [
        START_HEIGHT + 3,
        START_HEIGHT + 5,
        START_HEIGHT + 7,
    ]
    assert times(steps) == [3 * BLOCK, 5 * BLOCK, 7 * BLOCK]


def test_on_one_tick_block_crons_come_first_then_the_order_of_tags_and_spawns(world: World) -> None:
    def both(name: str) -> list[tuple[str, str]]:
        intervals = ("2-minutes", "1-block", "120-seconds")
        return [
            pair
            for place, interval in enumerate(intervals)
            for pair in (("Cron-Interval", interval), ("Cron-Tag-Action", f"{name}{place}"))
        ]

    spawn(world, both("a"))
    spawn(world, both("b"))
    steps = fired(world.advance(BLOCK))
    assert [step.message.action for step in steps] == ["a1", "b1", "a0", "a2", "b0", "b2"]


def test_a_cron_message_comes_from_the_owner_and_has_no_id_and_no_nonce(world: World) -> None:
    process = spawn(world, [*EVERY_MINUTE, ("Cron-Tag-Word", "w")])
    (step,) = world.advance(MINUTE)
    message = step.message
    assert (message.owner, message.sender, message.target) == (OWNER, OWNER, process)
    assert (message.id, message.nonce, message.hash_chain, message.data) == (None,) * 4
    assert message.cron is True
    assert [(tag.name, tag.value) for tag in message.tags] == [("Action", "Tick"), ("Word", "w")]
    assert step.result is not None
    assert step.result.handlers == ("tick",)


def test_a_cron_does_not_move_the_nonce_of_the_messages_around_it(world: World) -> None:
    process = spawn(world, EVERY_MINUTE)
    evaluate(world, process, "return 1")
    world.advance(2 * MINUTE)
    evaluate(world, process, "return 1")
    numbered = [m.nonce for m in world.evaluated(process)]
    assert numbered == [0, 1, None, None, 2]


def test_what_a_cron_sends_is_delivered_before_the_next_one_fires(world: World) -> None:
    sink = spawn(
        world, [], 'Got = {} Handlers.add("n", "N", function(m) Got[#Got + 1] = m.Timestamp end)'
    )
    spawn(
        world,
        EVERY_MINUTE,
        f"""Handlers.add("tick", "Tick", function()
          ao.send({{ Target = "{sink}", Action = "N" }})
        end)""",
    )
    steps = world.advance(2 * MINUTE)
    assert [step.message.action for step in steps] == ["Tick", "N", "Tick", "N"]
    assert steps[1].parent == steps[0].id == steps[1].root
    assert [(m.timestamp or 0) - START for m in world.evaluated(sink) if m.action == "N"] == [
        MINUTE + 1,
        2 * MINUTE + 1,
    ]
    assert [node.step.message.action for node in world.trace(steps[0].id).children] == ["N"]


def test_what_waits_is_delivered_before_the_first_cron(world: World) -> None:
    process = spawn(world, EVERY_MINUTE)
    world.send(sender=ALICE, target=process, tags=make_tags({"Action": "Early"}))
    assert [s.message.action for s in world.advance(MINUTE)] == ["Early", "Tick"]


def test_a_cron_goes_before_a_message_that_is_dated_later(world: World) -> None:
    process = spawn(world, EVERY_MINUTE)
    world.advance(MINUTE - 2)  # the next delivery is at the very tick
    world.send(sender=ALICE, target=process, tags=make_tags({"Action": "Hello"}))
    steps = world.run()
    assert [step.message.action for step in steps] == ["Tick", "Hello"]
    assert steps[0].message.timestamp == steps[1].message.timestamp


def test_without_crons_nothing_is_delivered_by_the_clock(world: World) -> None:
    process = spawn(world, [])
    world.send(sender=ALICE, target=process, tags=make_tags({"Action": "Hello"}))
    assert world.advance(DAY) == []
    assert not world.is_quiet


def test_a_cron_that_fails_is_undone_and_the_next_one_fires(world: World) -> None:
    process = spawn(world, EVERY_MINUTE, f"{COUNT} BadTick = 2")
    steps = fired(world.advance(3 * MINUTE))
    assert [step.result is not None and step.result.failed for step in steps] == [
        False,
        True,
        True,  # the second tick was undone, so this is it again
    ]
    assert evaluate(world, process, "#Ticks") == "1"


def test_a_child_of_a_process_has_its_crons_too(world: World) -> None:
    parent = spawn(
        world,
        [],
        """Handlers.add("make", "Make", function()
          Spawn(ao._module, { Data = "x", Tags = {
            { name = "Cron-Interval", value = "1-hour" },
            { name = "Cron-Tag-Action", value = "Tick" },
          } })
        end)""",
    )
    world.send(sender=ALICE, target=parent, tags=make_tags({"Action": "Make"}))
    world.run()
    (step,) = world.advance(HOUR)
    assert (step.message.cron, step.message.owner) == (True, world.authority)


def test_a_process_whose_cron_tags_make_no_sense_stays_and_says_why(world: World) -> None:
    process = world.spawn(owner=OWNER, tags=make_tags({"Cron-Tag-Action": "Tick"}))
    world.send(sender=ALICE, target=process, tags=make_tags({"Action": "Hello"}))
    steps = world.run()
    assert process in world.processes
    assert {step.refused for step in steps} == {
        "the tag Cron-Tag-Action comes before any Cron-Interval"
    }


def test_two_runs_are_the_same_run() -> None:
    def run() -> Sequence[Step]:
        world = World()
        spawn(world, EVERY_MINUTE)
        spawn(world, [("Cron-Interval", "7-seconds"), ("Cron-Tag-Action", "Tick")])
        world.advance(HOUR)
        world.close()
        return world.steps

    assert run() == run()


def test_three_days_of_a_minute_cron_take_well_under_a_second(world: World) -> None:
    process = spawn(
        world, EVERY_MINUTE, 'N = 0 Handlers.add("tick", "Tick", function() N = N + 1 end)'
    )
    began = time.perf_counter()
    world.advance(3 * DAY)
    assert time.perf_counter() - began < 1
    assert evaluate(world, process, "N") == "4320"


# --- on the local network ------------------------------------------------------------------------


def test_the_log_keeps_crons_and_goes_on_with_them(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        tags = make_tags([*EVERY_MINUTE, ("On-Boot", "Data")])
        process = network.submit(network.sign_spawn(tags=tags, data=COUNT))
        network.advance(2 * MINUTE)
        before = network.world.steps[:]
    with LocalNetwork(tmp_path) as network:
        assert network.world.steps == before
        network.advance(MINUTE)
        assert times(network.world.steps) == [MINUTE, 2 * MINUTE, 3 * MINUTE]
        code = make_tags({"Action": "Eval"})
        assert network.dryrun(process, tags=code, data="#Ticks").output["data"] == "3"
        last = fired(network.world.steps)[-1]
        assert network.trace(last.id).step.result is not None
