"""
Whether a result is what was recorded.

What may differ is exactly what `tests/vectors/aos/README.md` lists, nothing else: the order of tags
that a process added, the key order of JSON, line numbers within aos itself.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import msgspec

from aosctl.emulator.recording import Compare, Expected
from aosctl.message import Outgoing, Result, to_network_text

# Line numbers of aos's own modules are an artefact of how the real module was built.
_BUILT_IN_PLACE = re.compile(r'\[string \\?"(?:\.[^"\\]*|json)\\?"\]:\d+: ')
_ERROR_HEADING = "\x1b[31merror:\n\x1b[0m"
_FIXED_TAGS = {"Messages": 4, "Spawns": 7}

Found = tuple[str, Any, Any]  # path within the result, expected, actual


def compare_result(expected: Expected, result: Result, compare: Compare) -> Iterator[Found]:
    """Yield each place where `result` departs from what was recorded."""
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


def _expected_outcome(expected: Expected) -> str:
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


def _compare_success(expected: Expected, result: Result, compare: Compare) -> Iterator[Found]:
    if compare.messages_count_only is not None:
        if len(result.messages) != compare.messages_count_only:
            yield "Messages", compare.messages_count_only, len(result.messages)
        return
    yield from _compare_output(expected.output, result.output, compare)
    exact = compare.exact_tag_order
    yield from _compare_outbox("Messages", expected.messages, result.messages, exact=exact)
    yield from _compare_outbox("Spawns", expected.spawns, result.spawns, exact=exact)
    yield from _compare_value("Assignments", list(expected.assignments), list(result.assignments))


def _compare_output(expected: Any, actual: Any, compare: Compare) -> Iterator[Found]:
    if not isinstance(expected, dict) or not isinstance(actual, dict):
        yield from _compare_value("Output", expected, actual)
        return
    for key in sorted({*expected, *actual}):
        yield from _compare_value(
            f"Output.{key}", *(_stable(side.get(key), compare) for side in (expected, actual))
        )


def _stable(value: Any, compare: Compare) -> Any:
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
