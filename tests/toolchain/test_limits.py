from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from aosctl.emulator.process import Process
from aosctl.message import Definition, Environment, Message, make_tags

ID, MODULE, OWNER = "p" * 43, "m" * 43, "o" * 43
TAGS = make_tags({"Type": "Process", "Module": MODULE})
ENVIRONMENT = Environment(Definition(ID, OWNER, TAGS), Definition(MODULE, OWNER))
SPAWN = Message(id=ID, owner=OWNER, sender=OWNER, target=ID, data="", tags=TAGS, block_height=1)
LIMIT = 5_000_000


def make_message(text: str, action: str = "Eval") -> Message:
    tags = make_tags({"Action": action})
    return Message(id="i" * 43, owner=OWNER, sender=OWNER, target=ID, data=text, tags=tags)


@pytest.fixture
def process() -> Iterator[Process]:
    process = Process(ENVIRONMENT, memory_limit=64_000_000, instruction_limit=LIMIT)
    process.evaluate(SPAWN).raise_for_error()
    process.evaluate(make_message("N = 1")).raise_for_error()
    yield process
    process.close()


ENDLESS = {
    "a loop": "while true do end",
    "a jump": "::again:: goto again",
    "a loop under pcall": "while true do pcall(function() while true do end end) end",
    "a loop under nested pcalls": "local function f() pcall(f) while true do end end f()",
    "a loop in a thread": "coroutine.resume(coroutine.create(function() while true do end end))",
    "threads made without end": "while true do coroutine.wrap(function() end)() end",
    "a wrapped loop under pcall": (
        "while true do pcall(coroutine.wrap(function() while true do end end)) end"
    ),
    "a message handler": (
        "local function f() while true do end end while true do xpcall(f, f) end"
    ),
    "a message handler of an error": (
        "while true do xpcall(error, function() while true do end end) end"
    ),
    "a comparison": "table.sort({3, 2, 1}, function() while true do end end)",
    "a replacement": "string.gsub('a', 'a', function() while true do end end)",
    "a conversion": "tostring(setmetatable({}, {__tostring = function() while true do end end}))",
    "a loaded text": "load('while true do end')()",
    "a reader": "load(function() while true do end end)",
    "a prompt": "Prompt = function() while true do end end",
    "a pattern": "Handlers.prepend('p', function() while true do end end, print) error('later')",
    "a value looked at in the outbox": (
        "local mt = {__index = function() while true do end end} "
        "table.insert(ao.outbox.Messages, setmetatable({}, mt))"
    ),
    "a length looked at in the outbox": (
        "setmetatable(ao.outbox.Messages, {__len = function() while true do end end})"
    ),
    "a value turned into json": (
        "local mt = {__pairs = function() while true do end end} "
        "ao.send({Target = 't', V = setmetatable({}, mt)})"
    ),
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("observe", [False, True], ids=["unwatched", "watched"])
def test_what_has_no_end_is_ended_and_leaves_no_trace(
    process: Process, text: str, observe: bool
) -> None:
    started = time.monotonic()
    result = process.evaluate(make_message(f"N = 2 {text}"), observe=observe)
    if "later" not in text:
        assert result.host_error == f"instruction limit of {LIMIT} exceeded"
    assert time.monotonic() - started < 5
    assert process.evaluate(make_message("N")).output["data"] == "1"


def test_a_handler_that_waits_is_counted_when_it_goes_on(process: Process) -> None:
    text = "Handlers.add('w', 'W', function() Receive({Action = 'Go'}) while true do end end)"
    process.evaluate(make_message(text)).raise_for_error()
    process.evaluate(make_message("", "W")).raise_for_error()
    for _ in range(2):
        failure = process.evaluate(make_message("", "Go")).host_error
        assert failure == f"instruction limit of {LIMIT} exceeded"


def test_each_message_is_counted_for_itself(process: Process) -> None:
    half = make_message(f"local _ = 1 for i = 1, {LIMIT // 4} do end")
    for _ in range(4):
        process.evaluate(half).raise_for_error()


@pytest.mark.parametrize(
    "text",
    [
        "local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end",
        "local s = 'x' while true do s = s .. s end",
        "('x'):rep(1e10)",
    ],
)
def test_memory_has_a_limit_and_what_exceeds_it_leaves_no_trace(
    process: Process, text: str
) -> None:
    failure = process.evaluate(make_message(f"N = 2 {text}")).failure
    assert failure is not None
    assert "not enough memory" in failure or "resulting string too large" in failure
    assert process.evaluate(make_message("N")).output["data"] == "1"


def test_stack_overflow_is_an_error_of_the_message() -> None:
    process = Process(ENVIRONMENT)
    process.evaluate(SPAWN).raise_for_error()
    failure = process.evaluate(make_message("local function f() return 1 + f() end f()")).failure
    assert "stack overflow" in str(failure)


OUTSIDE = {
    "io.open('/etc/passwd')": "nil",
    "io.lines": "function",
    "os.execute()": "false",
    "os.getenv('HOME')": "nil",
    "python": "nil",
    "package.loaded.python": "nil",
    "package.loadlib('/lib/x86_64-linux-gnu/libc.so.6', '*')": "nil",
    "loadfile('/etc/hostname')": "nil",
    "next(debug.getregistry())": "nil",
    "debug.getupvalue(package.searchers[2], 1)": "nil",
    "debug.sethook()": "nil",
    "debug.getlocal(1, 1)": "nil",
}


@pytest.mark.parametrize(("expression", "shown"), OUTSIDE.items())
def test_the_outside_is_out_of_reach(process: Process, expression: str, shown: str) -> None:
    text = f"local v = {expression} return type(v) == 'function' and 'function' or tostring(v)"
    assert process.evaluate(make_message(text)).output["data"] == shown


def test_what_a_process_prints_to_files_goes_nowhere(
    process: Process, capfd: pytest.CaptureFixture[str]
) -> None:
    process.evaluate(make_message("io.write('x') io.stdout:write('y') io.stderr:write('z')"))
    assert capfd.readouterr() == ("", "")
