"""
Recorded traces: files of messages and of what the real aos module made of them.

The format is `aos-trace-1`, told in `tests/vectors/aos/README.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import msgspec

from aosctl.errors import TraceError
from aosctl.message import Definition, Environment, Message, Tag


class _Repeat(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    repeat: tuple[str, int] = msgspec.field(name="$repeat")


class _Definition(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    id: str
    owner: str = ""
    tags: tuple[Tag, ...] = ()


class _Environment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    process: _Definition
    module: _Definition


class Compare(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """How a step is compared, where that is not as always."""

    exact_tag_order: bool = False
    nan_sign: bool = False
    skip_output: bool = False
    messages_count_only: int | None = None


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="pascal"):
    """What the module made of a message: a result, its own error, or a failure of the host."""

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


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """A message as it was handed to the module, and what came of it."""

    message: dict[str, Any]
    expected: Expected
    state_kept: bool
    note: str = ""
    compare: Compare = Compare()


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Messages to one process, from the first."""

    id: str
    title: str
    steps: tuple[Step, ...]
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
    cases: tuple[Case, ...]


def load_cases(path: Path) -> Iterator[tuple[Case, Environment]]:
    """
    Yield the cases of a trace file, each with the environment that it runs in.

    Raises:
        TraceError: the file cannot be read, or is not a trace.
    """
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


def _check_step(step: Step, path: Path, place: str) -> None:
    """Refuse a step that cannot be sent, or whose expectation contradicts itself."""
    try:
        make_message(step)
    except msgspec.ValidationError as error:
        raise _malformed(path, f"{error} - in `{place}.message`") from None
    if not _is_consistent(step):
        raise _malformed(path, f"expected one outcome that fits stateKept - in `{place}`")


def _is_consistent(step: Step) -> bool:
    """Return whether one outcome is expected, errors with their core, and only a result is kept."""
    expected = step.expected
    succeeds, fails, has_core, breaks, has_host_core = (
        value is not msgspec.UNSET
        for value in (
            expected.output,
            expected.error,
            expected.error_core,
            expected.host_error,
            expected.host_error_core,
        )
    )
    one = succeeds + fails + breaks == 1
    return one and fails == has_core and breaks == has_host_core and succeeds == step.state_kept


def _make_environment(recorded: _Environment) -> Environment:
    process, module = (
        Definition(definition.id, definition.owner, definition.tags)
        for definition in (recorded.process, recorded.module)
    )
    return Environment(process, module)


_MESSAGE_KEYS = frozenset(field.encode_name for field in msgspec.structs.fields(Message))


def make_message(step: Step) -> tuple[Message, dict[str, Any], Compare]:
    """Return the message, its root keys that only recorders send, and how to compare."""
    fields = dict(step.message)
    compare = step.compare
    if "compare" in fields:  # the recorder kept a step's flags inside its message
        compare = msgspec.convert(fields.pop("compare"), Compare)
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
