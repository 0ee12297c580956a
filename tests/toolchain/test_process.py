from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import pytest

from aosctl.emulator.process import Process
from aosctl.errors import EmulatorError
from aosctl.message import Definition, Environment, Location, Message, Result, make_tags

ID, MODULE = "p" * 43, "m" * 43
OWNER, STRANGER, AUTHORITY = "o" * 43, "s" * 43, "a" * 43
SPAWN_TAGS = {"Type": "Process", "Module": MODULE, "Name": "tested", "Authority": AUTHORITY}
ENVIRONMENT = Environment(
    Definition(ID, OWNER, make_tags(SPAWN_TAGS)), Definition(MODULE, OWNER, make_tags({}))
)


def make_message(data: str = "", sender: str = OWNER, **tags: str) -> Message:
    return Message(
        id="i" * 43,
        owner=sender,
        sender=sender,
        target=ID,
        data=data,
        timestamp=1_000,
        block_height=7,
        nonce=1,
        tags=make_tags({key.replace("_", "-"): value for key, value in tags.items()}),
    )


SPAWN = Message(
    id=ID,
    owner=OWNER,
    sender=OWNER,
    target=ID,
    data="",
    timestamp=1,
    block_height=1,
    nonce=0,
    tags=make_tags(SPAWN_TAGS),
)

Eval = Callable[[str], str]


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process(ENVIRONMENT)
    process.evaluate(SPAWN).raise_for_error()
    yield process
    process.close()


@pytest.fixture
def run(process: Process) -> Eval:
    """Evaluate Lua text as the owner and return what the console shows."""

    def evaluate(text: str) -> str:
        result = process.evaluate(make_message(text, Action="Eval")).raise_for_error()
        shown: str = result.output["data"]
        return shown

    return evaluate


def send(process: Process, action: str, data: str = "", **tags: str) -> Result:
    return process.evaluate(make_message(data, sender=STRANGER, Action=action, **tags))


def test_a_spawned_process_knows_its_owner_its_name_and_its_id(run: Eval) -> None:
    assert run("Owner .. Name .. ao.id") == OWNER + "tested" + ID


def test_a_handler_answers_the_sender(process: Process, run: Eval) -> None:
    run('Handlers.add("ping", "Ping", function(msg) msg.reply({Data = "pong", Extra = "e"}) end)')
    (answer,) = send(process, "Ping", Reference="9").messages
    assert (answer.target, answer.data, answer.tag("Extra")) == (STRANGER, "pong", "e")
    assert (answer.tag("Reference"), answer.tag("X-Reference")) == ("1", "9")


def test_a_result_names_the_handlers_that_ran_and_where_the_last_one_is_written(
    process: Process, run: Eval
) -> None:
    run(
        'Handlers.add("first", function() return "continue" end, function() end)\n'
        'Handlers.add("second", "Go", function()\nend)'
    )
    result = send(process, "Go")
    assert result.handlers == ("first", "second")
    assert result.location == Location("aos", 2)


def test_a_message_that_nothing_handles_reaches_the_inbox(process: Process, run: Eval) -> None:
    result = send(process, "Unknown")
    assert result.handlers == ("_default",)
    assert result.location is None
    assert run("#Inbox") == "2"


def test_bytes_that_are_not_utf8_go_in_and_out_unchanged(process: Process, run: Eval) -> None:
    run('Handlers.add("echo", "Echo", function(msg) msg.reply({Data = msg.Data .. "\\255"}) end)')
    data = b"\x00\xfe".decode("utf-8", "surrogateescape")
    (answer,) = send(process, "Echo", data).messages
    assert answer.data.encode("utf-8", "surrogateescape") == b"\x00\xfe\xff"


def test_a_tag_that_is_a_table_leaves_as_json(process: Process, run: Eval) -> None:
    run(
        'Handlers.add("p", "P", function() ao.send({device = "patch@1.0", '
        'balances = {a = "1"}, none = {}, n = 2.0, f = print}) end)'
    )
    (patch,) = send(process, "P").messages
    assert patch.tag("balances") == {"a": "1"}
    assert patch.tag("none") == []
    assert (patch.tag("n"), patch.tag("f")) == (2, None)
    assert patch.target is None


def test_plain_results_and_json_results_agree_on_numbers(process: Process, run: Eval) -> None:
    numbers = "A = 123456789012345, B = 2^53, C = 0.1, D = 5, E = -0.5"
    run(f'Handlers.add("n", "N", function() ao.send({{Target = "t", {numbers}}}) end)')
    run(f'Handlers.add("t", "T", function() ao.send({{Target = "t", {numbers}, Z = {{1}}}}) end)')
    (plain,), (encoded,) = send(process, "N").messages, send(process, "T").messages
    assert dict(plain.tags[4:]) == {
        "A": 123456789012340,
        "B": 9007199254741000,
        "C": 0.1,
        "D": 5,
        "E": -0.5,
    }
    assert dict(encoded.tags[4:]) == {**dict(plain.tags[4:]), "Z": [1]}


@pytest.mark.parametrize("value", ["0/0", "1/0", "-1/0", "coroutine.create(print)", "io.stdout"])
def test_what_json_cannot_say_fails_the_message_outside_the_module(
    process: Process, run: Eval, value: str
) -> None:
    run(f'Handlers.add("b", "B", function() N = 1 ao.send({{Target = "t", Bad = {value}}}) end)')
    assert send(process, "B").host_error == "Unexpected end of JSON input"
    assert run("tostring(N) .. ao.reference") == "nil0"


def test_more_tags_than_the_lua_stack_holds_leave_all_the_same(process: Process, run: Eval) -> None:
    run(
        'Handlers.add("m", "M", function() local t = {} '
        'for i = 1, 60000 do t[i] = {name = "n" .. i, value = "v"} end '
        'ao.send({Target = "t", Tags = t}) end)'
    )
    (message,) = send(process, "M").messages
    assert len(message.tags) == 60_004


def test_an_unwatched_result_has_neither_cost_nor_changes(process: Process) -> None:
    result = process.evaluate(make_message("X = 1", Action="Eval"))
    assert (result.cost, result.changed) == (None, None)


def test_the_cost_of_a_handler_is_the_same_each_time(run: Eval) -> None:
    costs = set()
    for _ in range(3):
        process = Process(ENVIRONMENT)
        process.evaluate(SPAWN)
        text = 'Handlers.add("w", "W", function() for i = 1, 100 do N = i end end)'
        process.evaluate(make_message(text, Action="Eval"))
        costs.add(process.evaluate(make_message(Action="W"), observe=True).cost)
    (cost,) = costs
    assert cost is not None
    assert 200 < cost < 400


def test_changed_names_the_globals_whose_content_is_another(process: Process, run: Eval) -> None:
    run("Same = {deep = {1}} Deep = {deep = {1}} Gone = 1 Function = function() return 1 end")
    text = (
        "Same = {deep = {1}} Deep.deep[1] = 2 Gone = nil New = false "
        "Function = function() return 2 end Inbox[1].x = 1"
    )
    result = process.evaluate(make_message(text, Action="Eval"), observe=True)
    assert result.changed == ("Deep", "Function", "Gone", "New")
    assert process.evaluate(make_message("Same", Action="Eval"), observe=True).changed == ()


def test_a_dry_run_answers_and_leaves_no_trace(process: Process, run: Eval) -> None:
    run("N = 0 List = {}")
    change = make_message("N = N + 1 List[#List + 1] = N return N", Action="Eval")
    for _ in range(3):
        assert process.dryrun(change).output["data"] == "1"
    assert run("N .. #List") == "00"


def test_replay_brings_a_process_to_where_its_log_left_it(process: Process, run: Eval) -> None:
    text = "N = (N or 0) + math.random(1000) return N"
    messages = [make_message(text, Action="Eval") for _ in range(5)]
    for message in messages:
        process.evaluate(message)
    restored = Process(ENVIRONMENT)
    restored.replay([SPAWN, *messages])
    again = make_message("return N .. ' ' .. math.random(1000)", Action="Eval")
    assert restored.evaluate(again).output == process.evaluate(again).output


def test_a_failed_spawn_leaves_a_process_that_fails_every_message() -> None:
    tags = {**SPAWN_TAGS, "On-Boot": "Data"}
    environment = Environment(
        Definition(ID, OWNER, make_tags(tags)), Definition(MODULE, OWNER, make_tags({}))
    )
    process = Process(environment)
    spawn = msgspec.structs.replace(SPAWN, data="error('no')", tags=make_tags(tags))
    assert "no" in str(process.evaluate(spawn).failure)
    failure = process.evaluate(make_message("return 1", Action="Eval")).host_error
    assert failure is not None
    assert "attempt to concatenate a nil value (field 'Module')" in failure


def test_a_closed_process_says_that_it_is_closed(process: Process) -> None:
    process.close()
    with pytest.raises(EmulatorError, match="is closed"):
        process.evaluate(make_message())


def test_two_processes_share_nothing(run: Eval) -> None:
    run("Shared = 1 string.mine = 1")
    other = Process(ENVIRONMENT)
    other.evaluate(SPAWN)
    text = "tostring(Shared) .. tostring(string.mine)"
    assert other.evaluate(make_message(text, Action="Eval")).output["data"] == "nilnil"


def test_replay_refuses_a_message_that_fails_and_leaves_no_trace_of_it(process: Process) -> None:
    messages = [
        make_message("N = 1", Action="Eval"),
        make_message("N = 2 error('no')", Action="Eval"),
    ]
    with pytest.raises(EmulatorError, match="fails when the process is rebuilt"):
        process.replay(messages)
    assert process.evaluate(make_message("N", Action="Eval")).output["data"] == "1"


def test_a_result_that_is_tampered_with_by_hand_is_still_a_result(process: Process) -> None:
    for value in ("5", "'text'", "{x = 1}", "{{Tags = 5}}", "{{Target = 't', Tags = {{'a'}}}}"):
        text = f"local _ = 1 ao.outbox.Messages = {value}"
        result = process.evaluate(make_message(text, Action="Eval")).raise_for_error()
        assert all(message.tags == () or message.target for message in result.messages)
