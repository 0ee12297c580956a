from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from aosctl.emulator.trace import Step, walk
from aosctl.emulator.world import World
from aosctl.errors import HopLimitError, UsageError
from aosctl.message import Tag, make_tags, name_address

OWNER = name_address("deployer")
ALICE = name_address("alice")
ECHO = """
Handlers.add("echo", "Echo", function(msg) msg.reply({ Action = "Echoed", Data = msg.Data }) end)
"""


@pytest.fixture
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def start(world: World, code: str, name: str = "p") -> str:
    process = world.spawn(owner=OWNER, tags=make_tags({"Name": name}))
    world.send(sender=OWNER, target=process, tags=make_tags({"Action": "Eval"}), data=code)
    for step in world.run():
        if step.result is not None:
            step.result.raise_for_error()
    return process


def ask(world: World, process: str, action: str, **tags: str) -> Sequence[Step]:
    pairs = {"Action": action, **{k.replace("_", "-"): v for k, v in tags.items()}}
    world.send(sender=ALICE, target=process, tags=make_tags(pairs), data="hello")
    return world.run()


def test_a_wallet_gets_the_answer_that_a_process_sends(world: World) -> None:
    ask(world, start(world, ECHO), "Echo")
    (step,) = world.sent_to(ALICE)
    assert (step.message.action, step.message.data) == ("Echoed", "hello")
    assert step.result is None


def test_a_pushed_message_is_signed_by_the_messenger_and_names_its_sender(world: World) -> None:
    process = start(world, ECHO)
    ask(world, process, "Echo")
    message = world.sent_to(ALICE)[0].message
    assert (message.owner, message.sender) == (world.authority, process)
    assert message.forwarded_by == world.authority


def test_nonce_time_and_height_grow_and_the_same_run_is_the_same(world: World) -> None:
    process = start(world, ECHO)
    ask(world, process, "Echo")
    ask(world, process, "Echo")
    messages = world.evaluated(process)
    assert [message.nonce for message in messages] == [0, 1, 2, 3]
    times = [message.timestamp or 0 for message in messages]
    assert [time - times[0] for time in times] == [0, 1, 2, 3]
    other = World()
    again = start(other, ECHO)
    ask(other, again, "Echo")
    ask(other, again, "Echo")
    assert other.steps == world.steps
    other.close()


def test_messages_are_delivered_first_in_first_out_across_processes(world: World) -> None:
    sink = start(
        world, 'Got = {} Handlers.add("n", "N", function(m) table.insert(Got, m.Data) end)'
    )
    code = f"""Handlers.add("go", "Go", function(m)
      for i = 1, 3 do Send({{ Target = "{sink}", Action = "N", Data = m.Data .. i }}) end end)"""
    one, two = start(world, code, "one"), start(world, code, "two")
    for process, data in ((one, "a"), (two, "b")):
        world.send(sender=ALICE, target=process, tags=make_tags({"Action": "Go"}), data=data)
    world.run()
    got = [m.data for m in world.evaluated(sink) if m.action == "N"]
    assert got == ["a1", "a2", "a3", "b1", "b2", "b3"]


def test_a_failed_message_sends_nothing_and_changes_nothing(world: World) -> None:
    process = start(
        world,
        """N = 0
        Handlers.add("bad", "Bad", function(m) N = N + 1 Send({Target=m.From}) error("no") end)
        Handlers.add("get", "Get", function(m) m.reply({ Data = tostring(N) }) end)""",
    )
    (step,) = ask(world, process, "Bad")
    assert step.result is not None
    assert "no" in (step.result.failure or "")
    ask(world, process, "Get")
    assert [s.message.data for s in world.sent_to(ALICE)] == ["0"]


def test_a_spawned_process_is_announced_to_its_parent(world: World) -> None:
    process = start(
        world,
        """Handlers.add("make", "Make", function(m)
             Spawn(ao._module, { Name = "child", Authority = ao.authorities[1] }).receive()
             m.reply({ Data = "made" })
           end)""",
    )
    steps = ask(world, process, "Make")
    (child,) = set(world.processes) - {process}
    spawned = next(s for s in steps if s.message.action == "Spawned")
    assert spawned.receiver == process
    assert spawned.message.sender == process
    assert spawned.message.tag("Process") == child
    assert world.sent_to(ALICE)[0].message.data == "made"
    assert world.processes[child].process.owner == world.authority
    assert world.sent_to(child)[0].message.sender == process


def test_two_processes_that_answer_one_another_are_stopped_with_their_names() -> None:
    world = World(hop_limit=50)
    code = """Handlers.add("pong", "Ping", function(m)
      Send({ Target = m.Tags.To or m.From, Action = "Ping" }) end)"""
    one, two = start(world, code, "one"), start(world, code, "two")
    world.send(sender=ALICE, target=one, tags=make_tags({"Action": "Ping", "To": two}))
    with pytest.raises(HopLimitError, match="more than 50 deliveries") as error:
        world.run()
    assert f"{two} Ping" in (error.value.where or "")
    assert world.is_quiet
    world.close()


def test_a_claimed_sender_without_authority_is_not_trusted(world: World) -> None:
    process = start(world, ECHO)
    ask(world, process, "Echo", From_Process=name_address("usda"))
    assert world.sent_to(ALICE) == []
    message = world.evaluated(process)[-1]
    assert message.sender == name_address("usda")
    assert message.forwarded_by == ALICE


def test_an_assigned_message_keeps_its_target_and_is_refused_by_default(world: World) -> None:
    one, two = start(world, ECHO, "one"), start(world, ECHO, "two")
    ask(world, one, "Echo")
    original = next(m for m in world.evaluated(one) if m.action == "Echo")
    world.assign(two, original.id or "")
    world.run()
    assigned = world.evaluated(two)[-1]
    assert (assigned.id, assigned.target) == (original.id, one)
    assert [s.message.data for s in world.sent_to(ALICE)] == [
        "hello",
        "Assignment is not trusted by this process!",
    ]


def test_a_process_evaluates_a_message_once_however_often_it_is_assigned(world: World) -> None:
    process = start(world, ECHO)
    ask(world, process, "Echo")
    message = world.evaluated(process)[-1].id or ""
    world.assign(process, message)
    (step,) = world.run()
    assert step.refused == "it was delivered to this process before"
    assert len(world.sent_to(ALICE)) == 1


def test_tags_that_name_the_sender_are_hidden_from_the_process(world: World) -> None:
    process = start(world, ECHO)
    ask(world, process, "Echo", From="x", Owner="y")
    names = [tag.name for tag in world.evaluated(process)[-1].tags]
    assert "From" not in names
    assert "Owner" not in names


def test_a_dry_run_answers_and_keeps_nothing(world: World) -> None:
    code = 'N = 0 Handlers.add("n", "N", function(m) N = N + 1 m.reply({ Data = tostring(N) }) end)'
    process = start(world, code)
    for _ in range(2):
        result = world.dryrun(sender=ALICE, target=process, tags=make_tags({"Action": "N"}))
        assert result.messages[0].data == "1"
    assert len(world.evaluated(process)) == 2


def test_patch_messages_are_published_and_merged(world: World) -> None:
    process = start(
        world,
        """Handlers.add("p", "P", function(m)
             Send({ device = "patch@1.0", balances = { [m.Tags.Who] = "1" }, supply = "9" })
           end)""",
    )
    ask(world, process, "P", Who="a")
    ask(world, process, "P", Who="b")
    assert world.published(process) == {"balances": {"a": "1", "b": "1"}, "supply": "9"}


def test_the_trace_is_the_tree_of_what_a_message_caused(world: World) -> None:
    sink = start(world, ECHO, "sink")
    source = start(
        world,
        f'Handlers.add("go","Go",function(m) Send({{Target="{sink}",Action="Echo",Data="x"}}) end)',
    )
    message = world.send(sender=ALICE, target=source, tags=make_tags({"Action": "Go"}))
    world.run()
    tree = world.trace(message)
    assert [(s.receiver, s.message.action) for s in walk(tree)] == [
        (source, "Go"),
        (sink, "Echo"),
        (source, "Echoed"),
    ]
    assert tree.children[0].children[0].step.parent == tree.children[0].step.id


def test_time_moves_as_told_and_never_back(world: World) -> None:
    before, height = world.now, world.height
    world.advance(600_000)
    assert (world.now - before, world.height - height) == (600_000, 5)
    with pytest.raises(ValueError, match="forward"):
        world.advance(-1)


@pytest.mark.parametrize(("sender", "target"), [("alice", OWNER), (OWNER, ""), (OWNER, "../x")])
def test_what_is_no_address_is_refused(world: World, sender: str, target: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        world.send(sender=sender, target=target)


def test_unknown_processes_and_messages_are_refused(world: World) -> None:
    for question in (
        lambda: world.dryrun(sender=ALICE, target=OWNER),
        lambda: world.trace("m"),
        lambda: world.result(OWNER, "m"),
        lambda: world.published(OWNER),
        lambda: world.assign(OWNER, "m"),
    ):
        with pytest.raises(UsageError):
            question()


def test_a_lost_message_is_in_the_trace_with_its_reason(world: World) -> None:
    code = 'Handlers.add("n","N",function(m) Send({Target=m.From, Quantity=5, Action="Q"}) end)'
    (step,) = ask(world, start(world, code), "N")
    assert step.lost[0].what == "message 1 (Q)"
    assert "use tostring" in step.lost[0].reason


def test_bytes_that_are_not_text_pass_through_unharmed(world: World) -> None:
    process = start(world, ECHO)
    data = bytes(range(256)).decode("utf-8", "surrogateescape")
    world.send(sender=ALICE, target=process, tags=(Tag("Action", "Echo"),), data=data)
    world.run()
    assert world.sent_to(ALICE)[0].message.data == data
