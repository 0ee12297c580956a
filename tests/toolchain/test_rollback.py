from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aosctl.emulator.process import Process
from aosctl.message import Definition, Environment, Message, Result, make_tags

ID, MODULE, OWNER = "p" * 43, "m" * 43, "o" * 43
TAGS = make_tags({"Type": "Process", "Module": MODULE})
ENVIRONMENT = Environment(Definition(ID, OWNER, TAGS), Definition(MODULE, OWNER))


def make_message(text: str, action: str = "Eval") -> Message:
    tags = make_tags({"Action": action})
    return Message(
        id="i" * 43, owner=OWNER, sender=OWNER, target=ID, data=text, tags=tags, timestamp=5
    )


def make_process() -> Process:
    process = Process(ENVIRONMENT)
    spawn = Message(id=ID, owner=OWNER, sender=OWNER, target=ID, data="", tags=TAGS, block_height=1)
    process.evaluate(spawn).raise_for_error()
    return process


@pytest.fixture
def process() -> Iterator[Process]:
    process = make_process()
    yield process
    process.close()


Run = Callable[[str], str]


@pytest.fixture
def run(process: Process) -> Run:
    def evaluate(text: str) -> str:
        result = process.evaluate(make_message(text)).raise_for_error()
        shown: str = result.output["data"]
        return shown

    return evaluate


def fail(process: Process, text: str) -> Result:
    result = process.evaluate(make_message(f"{text} error('undone')"))
    assert "undone" in str(result.failure)
    return result


# How a change is prepared, what the failing message does, and how the state reads before and after.
CHANGES = {
    "a global": ("N = 1", "N = 2", "N", "1"),
    "a new global": ("", "N = 2", "tostring(N)", "nil"),
    "a removed global": ("N = 1", "N = nil", "N", "1"),
    "a field": ("T = {a = 1}", "T.a = 2 T.b = 3", "T.a .. tostring(T.b)", "1nil"),
    "a list": ("L = {1, 2, 3}", "table.remove(L, 1)", "#L .. L[1] .. L[3]", "313"),
    "identity": ("A = {} B = A", "A = {}", "tostring(A == B)", "true"),
    "a table as key": ("K = {} T = {[K] = 1}", "T[K] = 2", "T[K]", "1"),
    "a cycle": ("T = {n = 1} T.self = T", "T.self.n = 2 T.self = nil", "T.self.self.n", "1"),
    "a metatable put on": (
        "T = {}",
        "setmetatable(T, {__index = {x = 1}})",
        "tostring(T.x)",
        "nil",
    ),
    "a metatable taken off": (
        "T = setmetatable({}, {__index = {x = 1}})",
        "setmetatable(T, nil)",
        "T.x",
        "1",
    ),
    "inside a metatable": (
        "T = setmetatable({}, {__index = {x = 1}})",
        "getmetatable(T).__index.x = 2",
        "T.x",
        "1",
    ),
    "an upvalue": (
        "do local n = 1 function Get() return n end function Set(v) n = v end end",
        "Set(2)",
        "Get()",
        "1",
    ),
    "a shared upvalue through a captured table": (
        "do local t = {n = 1} function Get() return t.n end function Set(v) t.n = v end end",
        "Set(2)",
        "Get()",
        "1",
    ),
    "the text methods": ("", "string.shout = string.upper", "tostring(string.shout)", "nil"),
    "a library function": ("", "table.unpack = nil", "type(table.unpack)", "function"),
    "the metatable of numbers": (
        "",
        "debug.setmetatable(1, {__call = print})",
        "tostring(debug.getmetatable(1))",
        "nil",
    ),
    "the handlers": ("", "Handlers.add('x', 'X', print)", "#Handlers.list", "2"),
    "the reference": ("", "ao.send({Target = 't'})", "ao.reference", "0"),
    "the inbox": ("", "table.remove(Inbox)", "#Inbox", "1"),
    "the authorities": ("", "table.insert(ao.authorities, 'x')", "#ao.authorities", "0"),
    "a loaded module": (
        "",
        "require('json').decode = nil",
        "type(require('json').decode)",
        "function",
    ),
    "a module first loaded": (
        "",
        "require('.bint')(256).x = 1",
        "tostring(require('.bint')(256).x)",
        "nil",
    ),
    "a joined upvalue": (
        "do local a, b = 1, 2 function A() return a end function B() return b end end",
        "debug.upvaluejoin(A, 1, B, 1)",
        "A()",
        "1",
    ),
    "the globals' own metatable": (
        "",
        "setmetatable(_G, {__index = {X = 1}})",
        "tostring(X)",
        "nil",
    ),
}


@pytest.mark.parametrize("scenario", CHANGES.values(), ids=CHANGES)
def test_a_failed_message_leaves_no_trace(
    process: Process, run: Run, scenario: tuple[str, str, str, str]
) -> None:
    before, change, read, expected = scenario
    run(f"local _ = 1 {before}")
    assert run(f"return {read}") == expected
    for _ in range(3):  # the first way back is a rebuild, the next ones are checkpoints
        fail(process, change)
        assert run(f"return {read}") == expected


def test_the_random_stream_goes_on_as_if_nothing_had_failed(process: Process) -> None:
    draw = make_message("return math.random(1000000)")
    undisturbed = make_process()
    for _ in range(3):
        fail(process, "for i = 1, 700 do math.random() end")
        assert process.evaluate(draw).output == undisturbed.evaluate(draw).output


def test_a_waiting_handler_can_be_woken_again_after_the_waking_message_failed(
    process: Process, run: Run
) -> None:
    run(
        "Handlers.add('w', 'Wait', function() local n = 0 while true do "
        "n = n + 1 Seen = n .. Receive({Action = 'Go'}).Data "
        "if Seen == '2bad' then error('undone') end end end)"
    )
    process.evaluate(make_message("", "Wait")).raise_for_error()
    process.evaluate(make_message("a", "Go")).raise_for_error()
    for _ in range(3):
        assert process.evaluate(make_message("bad", "Go")).failed
        assert run("Seen") == "1a"
    process.evaluate(make_message("b", "Go")).raise_for_error()
    assert run("Seen") == "2b"


def test_what_a_waiting_handler_holds_in_a_local_is_put_back(process: Process, run: Run) -> None:
    run(
        "Handlers.add('w', 'Wait', function() local box = {n = 1} "
        "Shared = setmetatable({box}, {__mode = 'v'}) Receive({Action = 'Go'}) Seen = box.n end)"
    )
    process.evaluate(make_message("", "Wait")).raise_for_error()
    for _ in range(3):
        fail(process, "Shared[1].n = 2")
    process.evaluate(make_message("", "Go")).raise_for_error()
    assert run("Seen") == "1"


def test_a_generator_kept_in_a_global_goes_on_where_it_was(process: Process, run: Run) -> None:
    run("Next = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end end) Next()")
    for _ in range(3):
        fail(process, "Next() Next()")
    assert run("Next()") == "2"
    fail(process, "Next()")
    assert run("Next()") == "3"


def test_an_iterator_of_matches_goes_on_where_it_was(process: Process, run: Run) -> None:
    run("Words = string.gmatch('a b c d', '%a') Words()")
    for _ in range(3):
        fail(process, "Words()")
    assert run("Words()") == "b"


def test_a_thread_that_had_not_begun_can_still_begin(process: Process, run: Run) -> None:
    run("local t = {n = 1} C = coroutine.create(function() t.n = t.n + 1 return t.n end)")
    for _ in range(3):
        fail(process, "coroutine.resume(C)")
    assert run("select(2, coroutine.resume(C))") == "2"


def test_a_runaway_message_leaves_no_trace(run: Run) -> None:
    process = Process(ENVIRONMENT, instruction_limit=1_000_000)
    process.evaluate(
        Message(id=ID, owner=OWNER, sender=OWNER, target=ID, data="", tags=TAGS, block_height=1)
    )
    process.evaluate(make_message("N = 1"))
    for _ in range(2):
        assert process.evaluate(make_message("N = 2 while true do end")).failed
        assert process.evaluate(make_message("N")).output["data"] == "1"


def test_long_lists_of_tables_do_not_overflow_a_checkpoint(process: Process, run: Run) -> None:
    run("local d = {} Deep = d for i = 1, 250000 do d.n = {} d = d.n end")
    for _ in range(2):
        fail(process, "Deep.n = nil")
    assert run("type(Deep.n.n)") == "table"


STEPS = st.sampled_from(
    [
        "T[#T + 1] = #T",
        "T[1] = nil",
        "table.remove(T)",
        "T.x = (T.x or 0) + 1",
        "T = {T.x}",
        "Put(Got() + 1)",
        "ao.send({Target = 't'})",
        "Handlers.add('h' .. #Handlers.list, 'H', print)",
        "Handlers.remove('h2')",
        "math.random()",
        "setmetatable(T, {__index = function(_, k) return k end})",
        "T.f = function() return T end",
    ]
)
READ = (
    "local out = {ao.reference, #Handlers.list, Got(), math.random(9), getmetatable(T) == nil} "
    "for k, v in pairs(T) do out[#out + 1] = tostring(k) .. type(v) end "
    "for i = 1, #out do out[i] = tostring(out[i]) end table.sort(out) return table.concat(out, ' ')"
)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(STEPS, st.sampled_from(["succeed", "fail", "dry"])), max_size=25))
def test_a_process_is_what_its_successful_messages_made_of_it(
    steps: list[tuple[str, str]],
) -> None:
    disturbed, quiet = make_process(), make_process()
    begin = make_message(
        "T = {} do local n = 0 function Got() return n end function Put(v) n = v end end"
    )
    for process in (disturbed, quiet):
        process.evaluate(begin).raise_for_error()
    for text, kind in steps:
        if kind == "succeed":
            first, second = (
                p.evaluate(make_message(f"local _ = 1 {text}")) for p in (disturbed, quiet)
            )
            assert first.failed == second.failed
        elif kind == "fail":
            assert disturbed.evaluate(make_message(f"{text} error('undone')")).failed
        else:
            disturbed.dryrun(make_message(f"local _ = 1 {text}"))
    read = make_message(READ)
    assert disturbed.evaluate(read).output == quiet.evaluate(read).output
