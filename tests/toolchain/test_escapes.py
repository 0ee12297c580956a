from __future__ import annotations

import faulthandler
import time
from collections.abc import Iterator

import pytest

from aosctl.emulator.process import Process
from aosctl.message import Definition, Environment, Message, make_tags

ID, MODULE, OWNER = "p" * 43, "m" * 43, "o" * 43
TAGS = make_tags({"Type": "Process", "Module": MODULE})
ENVIRONMENT = Environment(Definition(ID, OWNER, TAGS), Definition(MODULE, OWNER))
SPAWN = Message(id=ID, owner=OWNER, sender=OWNER, target=ID, data="", tags=TAGS, block_height=1)
LIMIT = 3_000_000
COUNTED = f"instruction limit of {LIMIT} exceeded"


def make_message(text: str) -> Message:
    tags = make_tags({"Action": "Eval"})
    return Message(id="i" * 43, owner=OWNER, sender=OWNER, target=ID, data=text, tags=tags)


def make_process() -> Process:
    process = Process(ENVIRONMENT, memory_limit=64_000_000, instruction_limit=LIMIT)
    process.evaluate(SPAWN).raise_for_error()
    process.evaluate(make_message("N = 1")).raise_for_error()
    return process


@pytest.fixture
def processes() -> Iterator[tuple[Process, Process]]:
    # No signal gets through to a C function that runs on: the whole run ends then, with a trace.
    faulthandler.dump_traceback_later(30, exit=True)
    tried, other = make_process(), make_process()
    yield tried, other
    faulthandler.cancel_dump_traceback_later()
    tried.close()
    other.close()


COUNTED_WORK = {
    "a range moved": "table.move({}, 1, math.maxinteger - 1, 2)",
    "a removal from a list of false length": (
        "table.remove(setmetatable({}, {__len = function() return 1 << 60 end}), 1)"
    ),
    "long texts in upper case": "local s = ('x'):rep(4e6) while true do local _ = s:upper() end",
    "long texts reversed": "local s = ('x'):rep(4e6) while true do local _ = s:reverse() end",
    "lengths in characters": "local s = ('x'):rep(4e6) while true do utf8.len(s) end",
    "collections": "while true do collectgarbage() end",
    "long sources": "local s = ('x=1 '):rep(1e6) while true do load(s) end",
    "long lists unpacked": "local t = {} while true do table.unpack(t, 1, 100000) end",
}


@pytest.mark.parametrize("text", COUNTED_WORK.values(), ids=COUNTED_WORK)
def test_work_inside_c_is_counted_and_ended(processes: tuple[Process, Process], text: str) -> None:
    tried, other = processes
    started = time.monotonic()
    result = tried.evaluate(make_message(f"N = 2 {text}"))
    assert result.host_error == COUNTED
    assert time.monotonic() - started < 10
    assert tried.evaluate(make_message("N")).output["data"] == "1"
    assert other.evaluate(make_message("N")).output["data"] == "1"


TIMED_WORK = {
    "long texts joined": "local s = ('x'):rep(1.5e7) while true do local _ = s .. 'y' end",
    "long texts compared": (
        "local a, b = ('x'):rep(2e7), ('x'):rep(2e7) while true do local _ = a == b end"
    ),
    "a number of many digits": "local s = ('1'):rep(2e7) while true do tonumber(s) end",
}


@pytest.mark.parametrize("text", TIMED_WORK.values(), ids=TIMED_WORK)
def test_single_instructions_that_take_long_end_in_time(
    processes: tuple[Process, Process], text: str
) -> None:
    tried, other = processes
    result = tried.evaluate(make_message(f"N = 2 {text}"))
    assert result.host_error in {"time limit of 2 seconds exceeded", COUNTED}
    assert tried.evaluate(make_message("N")).output["data"] == "1"
    assert other.evaluate(make_message("N")).output["data"] == "1"


HARMLESS = {
    "getmetatable(setmetatable({}, {__gc = 5})).__gc": "5",
    "select('#', load('\\27Lua' .. ('x'):rep(50)))": "2",
}


@pytest.mark.parametrize(("expression", "shown"), HARMLESS.items(), ids=HARMLESS)
def test_what_would_not_end_gives_its_answer_at_once(
    processes: tuple[Process, Process], expression: str, shown: str
) -> None:
    for process in processes:
        text = f"return tostring(({expression}))"
        assert process.evaluate(make_message(text)).output["data"] == shown


def test_the_work_inside_c_costs_the_same_on_every_run() -> None:
    text = "local s = ('x'):rep(1e5) for i = 1, 50 do s:upper() table.move({}, 1, 1000, 2) end"
    costs = set()
    for _ in range(3):
        process = make_process()
        costs.add(process.evaluate(make_message(text), observe=True).cost)
        process.close()
    assert len(costs) == 1
