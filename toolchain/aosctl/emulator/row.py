"""
The row of values in which a result leaves a Lua state (written by `host/door.lua`).

    kind, chunk, line, cost, number of handlers, handler…, and then
      "row"         data, prompt, test, print, messages, spawns: each a number of entries, and
                    anchor or reference, target, data, number of tags, name, value… of each
      "error"       the module's own error, as text
      "json"        the whole result as the module's JSON encoder writes it
      "json error"  the same, where the error is no text
      "kept"        the same, where the error has undone nothing
      "host"        what failed outside the module's own error handling
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from aosctl.message import Location, Outgoing, Result, from_bytes, to_bytes

# What every message begins with, before its reference.
PROTOCOL = (("Data-Protocol", "ao"), ("Variant", "ao.TN.1"), ("Type", "Message"))

_OUTPUT_KEYS = ("data", "prompt", "test", "print")
_NOTES = 5  # values before the names of the handlers


Answer = tuple[Any, ...]


def has_failed(answer: Answer) -> bool:
    """Return whether the process is to be put back to what it was before."""
    kind = answer[0]
    return kind != b"row" and (kind not in {b"json", b"kept"} or read_row(answer).is_undone)


def host_failure(text: str) -> Answer:
    """Return the answer of a Lua state that gave none."""
    return (b"host", None, None, 0, 0, to_bytes(text))


def outbox_place(answer: Answer) -> int:
    """Return where the number of messages stands in the answer of kind "row"."""
    return _NOTES + int(answer[_NOTES - 1]) + len(_OUTPUT_KEYS)


def read_row(row: Answer, *, observed: bool = False) -> Result:
    """Return the result that `row` stands for; its cost only if each instruction was counted."""
    values = iter(row)
    kind = next(values)
    chunk, line, cost = next(values), next(values), next(values)
    notes: dict[str, Any] = {
        "location": None if chunk is None else Location(from_bytes(chunk), line),
        "cost": cost if observed else None,
        "handlers": tuple(_text(next(values)) for _ in range(next(values))),
    }
    if kind == b"row":
        return _read_ordinary(values, notes)
    value = from_bytes(next(values))
    if kind == b"error":
        return Result(error=value, **notes)
    if kind == b"host":
        return Result(host_error=value, **notes)
    return _read_json(value, notes, kept=kind == b"kept")


def _read_ordinary(values: Iterator[Any], notes: dict[str, Any]) -> Result:
    output = {key: _plain(next(values)) for key in _OUTPUT_KEYS}
    return Result(
        output={key: value for key, value in output.items() if value is not None},
        messages=tuple(_read_outgoing(values) for _ in range(next(values))),
        spawns=tuple(_read_outgoing(values) for _ in range(next(values))),
        **notes,
    )


def _read_outgoing(values: Iterator[Any]) -> Outgoing:
    anchor, target, data, count = next(values), next(values), next(values), next(values)
    tags = tuple((from_bytes(next(values)), _plain(next(values))) for _ in range(count))
    if isinstance(anchor, int):  # a reference, from which the beginning of a message follows
        tags = (*PROTOCOL, ("Reference", str(anchor)), *tags)
        anchor = b"%032d" % anchor
    return Outgoing(anchor=from_bytes(anchor), target=_plain(target), data=_plain(data), tags=tags)


def _text(name: Any) -> str:
    return from_bytes(name) if isinstance(name, bytes) else str(name)


def _plain(value: Any) -> Any:
    """Return one value as JSON has it: text for bytes, and no fraction where there is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return _whole(value) if isinstance(value, float) else value


def _whole(number: float) -> float | int:
    return int(number) if number.is_integer() else number


def _read_json(text: str, notes: dict[str, Any], *, kept: bool) -> Result:
    try:
        result = json.loads(text, parse_float=lambda digits: _whole(float(digits)))
    except RecursionError:
        return Result(host_error="the result is nested too deeply", **notes)
    if not isinstance(result, dict):
        return Result(host_error=f"the result is not a table: {text}", **notes)
    if "Error" in result and not kept:
        return Result(error=result["Error"], **notes)
    return Result(
        error=result.get("Error"),
        kept=kept,
        output=result.get("Output"),
        messages=tuple(map(_from_json, _entries(result, "Messages"))),
        spawns=tuple(map(_from_json, _entries(result, "Spawns"))),
        assignments=tuple(_entries(result, "Assignments")),
        **notes,
    )


def _from_json(entry: Any) -> Outgoing:
    """Return one entry of an outbox; what a process put there by hand may lack anything."""
    fields = entry if isinstance(entry, dict) else {}
    tags = [tag for tag in _entries(fields, "Tags") if isinstance(tag, dict)]
    return Outgoing(
        anchor=str(fields.get("Anchor", "")),
        target=fields.get("Target"),
        data=fields.get("Data"),
        tags=tuple((tag.get("name", ""), tag.get("value")) for tag in tags),
    )


def _entries(fields: dict[str, Any], key: str) -> list[Any]:
    value = fields.get(key)
    return value if isinstance(value, list) else []
