"""
Recorded traces of the real aos module, replayed on ours.

A trace is a file of cases (format `aos-trace-1`, told in `tests/vectors/aos/README.md`). Each case
starts from a fresh process; each step is a message and what the module made of it. What may differ
is exactly what that description lists, nothing else.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from aosctl.emulator.process import Process
from aosctl.errors import TraceError
from aosctl.message import (
    Definition,
    Environment,
    Message,
    Outgoing,
    Result,
    Tag,
    to_network_text,
)

# Line numbers of aos's own modules are an artefact of how the real module was built.
_BUILT_IN_PLACE = re.compile(r'\[string \\?"(?:\.[^"\\]*|json)\\?"\]:\d+: ')
_ERROR_HEADING = "\x1b[31merror:\n\x1b[0m"
_FIXED_TAGS = {"Messages": 4, "Spawns": 7}
_PROMPT_VERSION = "aos-2.0.4"


class Difference(msgspec.Struct, frozen=True):
    """Where a replay departs from its trace: `path` leads to the value within the result."""

    file: str
    case: str
    step: int
    path: str
    expected: Any
    actual: Any


class ReplayReport(msgspec.Struct, frozen=True):
    """How many cases and steps were replayed, and the steps that came out otherwise."""

    cases: int
    steps: int
    failed: tuple[Difference, ...] = ()


class _Repeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repeat: tuple[str, int] = msgspec.field(name="$repeat")


class _Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    id: str
    owner: str = ""
    tags: tuple[Tag, ...] = ()


class _Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    process: _Definition
    module: _Definition


class _Compare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    exact_tag_order: bool = False
    nan_sign: bool = False
    skip_output: bool = False
    messages_count_only: int | None = None


class _Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    output: Any = msgspec.UNSET
    messages: tuple[Any, ...] = ()
    spawns: tuple[Any, ...] = ()
    assignments: tuple[Any, ...] = ()
    error: Any = msgspec.UNSET
    error_core: Any = msgspec.field(name="errorCore", default=msgspec.UNSET)
    host_error: str | msgspec.UnsetType = msgspec.UNSET
    host_error_core: str | msgspec.UnsetType = msgspec.field(
        name="hostErrorCore", default=msgspec.UNSET
    )


class _Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    message: dict[str, Any]
    expected: _Expected
    state_kept: bool
    note: str = ""
    compare: _Compare = _Compare()


class _Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    title: str
    steps: tuple[_Step, ...]
    env: _Environment | None = None


class _Module(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    source: str
    sha256: str
    aos_version: str
    module_id: str
    format: str
    host: str


class _Trace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    theme: str
    format: Literal["aos-trace-1"]
    module: _Module
    env: _Environment
    cases: tuple[_Case, ...]


def replay_files(paths: Iterable[Path]) -> ReplayReport:
    """
    Replay every case of the trace files and return what came out otherwise.

    A step is reported once, with the first place where it departs.

    Raises:
        TraceError: a file cannot be read, or is not a trace.
    """
    cases = steps = 0
    failed: list[Difference] = []
    for path in paths:
        for case, environment in _load_cases(path):
            cases, steps = cases + 1, steps + len(case.steps)
            failed.extend(_replay_case(path.name, case, environment))
    return ReplayReport(cases, steps, tuple(failed))


# Reading --------------------------------------------------------------------------------------


def _load_cases(path: Path) -> Iterator[tuple[_Case, Environment]]:
    try:
        trace = msgspec.json.decode(path.read_bytes(), type=_Trace)
    except OSError as error:
        raise TraceError(f"cannot read the trace: {error.strerror}", where=str(path)) from None
    except msgspec.DecodeError as error:
        raise _malformed(path, str(error)) from None
    for index, case in enumerate(trace.cases):
        for number, step in enumerate(case.steps):
            _check_step(step, path, f"$.cases[{index}].steps[{number}]")
        yield case, _make_environment(case.env or trace.env)


def _malformed(path: Path, reason: str) -> TraceError:
    return TraceError(
        f"not a recorded trace: {reason}", where=str(path), hint="The format is aos-trace-1."
    )


def _check_step(step: _Step, path: Path, place: str) -> None:
    """Refuse a step that cannot be sent, or whose expectation contradicts itself."""
    try:
        _make_message(step)
    except msgspec.ValidationError as error:
        raise _malformed(path, f"{error} - in `{place}.message`") from None
    given = (step.expected.output, step.expected.error, step.expected.host_error)
    outcomes = sum(value is not msgspec.UNSET for value in given)
    succeeds = step.expected.output is not msgspec.UNSET
    if outcomes != 1 or succeeds != step.state_kept:
        raise _malformed(path, f"expected one outcome that fits stateKept - in `{place}`")


def _make_environment(recorded: _Environment) -> Environment:
    process, module = (
        Definition(definition.id, definition.owner, definition.tags)
        for definition in (recorded.process, recorded.module)
    )
    return Environment(process, module)


_MESSAGE_KEYS = frozenset(field.encode_name for field in msgspec.structs.fields(Message))


def _make_message(step: _Step) -> tuple[Message, dict[str, Any], _Compare]:
    """Return the message, its root keys that only recorders send, and how to compare."""
    fields = dict(step.message)
    compare = step.compare
    if "compare" in fields:  # the recorder kept a step's flags inside its message
        compare = msgspec.convert(fields.pop("compare"), _Compare)
    if isinstance(fields.get("Data"), dict):
        text, times = msgspec.convert(fields["Data"], _Repeat).repeat
        fields["Data"] = text * times
    known = {key: value for key, value in fields.items() if key in _MESSAGE_KEYS}
    extra = {key: value for key, value in fields.items() if key not in _MESSAGE_KEYS}
    if isinstance(known.get("Timestamp"), str):
        extra["Timestamp"] = known.pop("Timestamp")
    return (
        msgspec.convert(known, Message),
        msgspec.convert(extra, dict[str, str | int]),
        compare,
    )


# Replaying ------------------------------------------------------------------------------------


def _replay_case(file: str, case: _Case, environment: Environment) -> Iterator[Difference]:
    process = Process(environment)
    for index, step in enumerate(case.steps):
        message, extra, compare = _make_message(step)
        result = process.evaluate(message, extra=extra)
        found = next(_compare_result(step.expected, result, compare), None)
        if found is not None:
            yield Difference(file, case.id, index, *found)
    process.close()


Found = tuple[str, Any, Any]


def _compare_result(expected: _Expected, result: Result, compare: _Compare) -> Iterator[Found]:
    outcome, actual = _expected_outcome(expected), _actual_outcome(result)
    if outcome != actual:
        yield outcome, outcome, f"{actual}: {result.failure}"
    elif compare.skip_output:
        return
    elif outcome == "HostError":
        yield from _compare_core("HostError", expected.host_error_core, result.host_error)
    elif outcome == "Error":
        yield from _compare_core("Error", expected.error_core, result.error)
    else:
        yield from _compare_success(expected, result, compare)


def _expected_outcome(expected: _Expected) -> str:
    if expected.host_error is not msgspec.UNSET:
        return "HostError"
    return "Output" if expected.error is msgspec.UNSET else "Error"


def _actual_outcome(result: Result) -> str:
    if result.host_error is not None:
        return "HostError"
    return "Output" if result.error is None else "Error"


def _compare_core(path: str, expected: Any, actual: Any) -> Iterator[Found]:
    """Compare the stable part of an error: behind the heading, without places in aos itself."""
    if isinstance(actual, str):
        actual = _remove_places(to_network_text(actual).split(_ERROR_HEADING)[-1])
    if not _is_same_error(expected, actual):
        yield path, expected, actual


def _is_same_error(expected: Any, actual: Any) -> bool:
    if expected == actual:
        return True
    texts = isinstance(expected, str) and isinstance(actual, str)
    # Where memory ends, and in which C function, depends on the build.
    out_of_memory = ("not enough memory", "resulting string too large")
    return (
        texts
        and any(text in expected for text in out_of_memory)
        and ("not enough memory" in actual)
    )


def _remove_places(text: str) -> str:
    return _BUILT_IN_PLACE.sub("", text)


def _compare_success(expected: _Expected, result: Result, compare: _Compare) -> Iterator[Found]:
    if compare.messages_count_only is not None:
        if len(result.messages) != compare.messages_count_only:
            yield "Messages", compare.messages_count_only, len(result.messages)
        return
    yield from _compare_output(expected.output, result.output, compare)
    exact = compare.exact_tag_order
    yield from _compare_outbox("Messages", expected.messages, result.messages, exact=exact)
    yield from _compare_outbox("Spawns", expected.spawns, result.spawns, exact=exact)
    yield from _compare_value("Assignments", list(expected.assignments), list(result.assignments))


def _compare_output(expected: Any, actual: Any, compare: _Compare) -> Iterator[Found]:
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        yield from _compare_value("Output", expected, actual)
        return
    for key in sorted({*expected, *actual}):
        yield from _compare_value(
            f"Output.{key}", *(_stable(side.get(key), compare) for side in (expected, actual))
        )


def _stable(value: Any, compare: _Compare) -> Any:
    if not isinstance(value, str):
        return value
    text = _remove_places(to_network_text(value))
    return text.replace("-nan", "nan") if compare.nan_sign else text


def _compare_outbox(
    kind: str, expected: tuple[Any, ...], actual: tuple[Outgoing, ...], *, exact: bool
) -> Iterator[Found]:
    if len(expected) != len(actual):
        yield f"{kind}.length", len(expected), len(actual)
        return
    for index, (recorded, sent) in enumerate(zip(expected, actual, strict=True)):
        path = f"{kind}[{index}]"
        fields = _as_recorded(sent)
        yield from _compare_tags(
            f"{path}.Tags", recorded.get("Tags"), fields.pop("Tags"), _FIXED_TAGS[kind], exact=exact
        )
        for key in sorted({*recorded, *fields} - {"Tags"}):
            yield from _compare_value(
                f"{path}.{key}", _parsed(recorded.get(key)), _parsed(fields.get(key))
            )


def _as_recorded(sent: Outgoing) -> dict[str, Any]:
    """Return an entry of an outbox as the module writes it: what is nil is not there."""
    tags = [
        {"name": name} if value is None else {"name": name, "value": value}
        for name, value in sent.tags
    ]
    fields = {"Target": sent.target, "Data": sent.data, "Anchor": sent.anchor, "Tags": tags}
    return {key: value for key, value in fields.items() if value is not None}


def _compare_tags(
    path: str, expected: Any, actual: list[Any], fixed: int, *, exact: bool
) -> Iterator[Found]:
    """Compare the module's own tags in order, those of the caller in any order unless `exact`."""
    if not isinstance(expected, list) or exact:
        yield from _compare_value(path, expected, actual)
        return
    for index in range(min(fixed, len(expected))):
        found = actual[index] if index < len(actual) else None
        yield from _compare_value(f"{path}[{index}]", expected[index], found)
    if _count(expected[fixed:]) != _count(actual[fixed:]):
        yield path, expected[fixed:], actual[fixed:]


def _count(tags: list[Any]) -> Counter[str]:
    return Counter(json.dumps(_clean(tag), sort_keys=True) for tag in tags)


def _parsed(value: Any) -> Any:
    """Return the JSON that a text holds, whose key order does not matter; else the value."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _compare_value(path: str, expected: Any, actual: Any) -> Iterator[Found]:
    expected, actual = _clean(expected), _clean(actual)
    # 1 and True are equal to Python, not to JSON.
    if json.dumps(expected, sort_keys=True) != json.dumps(actual, sort_keys=True):
        yield path, expected, actual


def _clean(value: Any) -> Any:
    """Return `value` as a reader of the network sees it: whole floats are whole numbers."""
    if isinstance(value, str):
        return to_network_text(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return [_clean(item) for item in value] if isinstance(value, list) else value
