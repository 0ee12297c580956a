"""
Expectation: whether a message is the one that a scenario waits for, and if not, why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from aosctl.directory import Directory
from aosctl.message import Message
from aosctl.scenario.scenario import Expectation, Matches

_SHOWN = 60  # characters of a value in a sentence


def find_fault(wanted: Expectation, message: Message, directory: Directory) -> str | None:
    """Return in what `message` is not as wanted, or None if it is."""
    return next(_faults(wanted, message, directory), None)


def find_missing(
    wanted: Sequence[Expectation],
    messages: Sequence[Message],
    directory: Directory,
    *,
    in_order: bool,
) -> str | None:
    """
    Return which wanted message did not come, or None if all came; others may have come too.

    One message fulfils one wish. `in_order` says that they must have come in the order wanted.
    """
    left = list(messages)
    for wish in wanted:
        fits = (n for n, found in enumerate(left) if find_fault(wish, found, directory) is None)
        place = next(fits, None)
        if place is None:
            return _explain(wish, left, directory)
        left = left[place + 1 :] if in_order else left[:place] + left[place + 1 :]
    return None


def describe(wanted: Expectation) -> str:
    """Return a wish in words."""
    words = [wanted.action or "a message"]
    words += [f"from {wanted.sender}"] if wanted.sender else []
    words += [f"to {wanted.receiver}"] if wanted.receiver else []
    words += [f"with {name} {_shown(value)}" for name, value in wanted.tags.items()]
    return " ".join(words)


def list_messages(messages: Iterable[Message], directory: Directory) -> str:
    """Return messages in words, the same ones counted."""
    counts: dict[str, int] = {}
    for message in messages:
        error = message.tag("Error")
        who = f"{directory.name(message.sender)} → {directory.name(message.target)}"
        text = f"{message.action or 'no Action'}{f' ({error})' if error else ''} {who}"
        counts[text] = counts.get(text, 0) + 1
    texts = [text if count == 1 else f"{count} times {text}" for text, count in counts.items()]
    return ", ".join(texts) or "none"


def find_difference(wanted: Any, actual: Any, path: str = "") -> str | None:
    """
    Return where `actual` does not contain `wanted`, or None if it does.

    An object contains another if it has its keys with such values; a list must be as long. A value
    must have the very type: 1 is not "1", true is not 1.
    """
    if isinstance(wanted, dict) and isinstance(actual, dict):
        for key, value in wanted.items():
            at = f"{path}.{key}" if path else str(key)
            if key not in actual:
                return f"{at} is not there"
            if fault := find_difference(value, actual[key], at):
                return fault
        return None
    if isinstance(wanted, list) and isinstance(actual, list) and len(wanted) == len(actual):
        faults = (
            find_difference(value, found, f"{path}.{place}" if path else str(place))
            for place, (value, found) in enumerate(zip(wanted, actual, strict=True))
        )
        return next((fault for fault in faults if fault), None)
    if _kind(wanted) == _kind(actual) and wanted == actual:
        return None
    return f"{path or 'it'} is {_shown(actual)}, not {_shown(wanted)}"


def _faults(wanted: Expectation, message: Message, directory: Directory) -> Iterator[str]:
    if wanted.sender and message.sender != directory.address(wanted.sender):
        yield f"it is from {directory.name(message.sender)}"
    if wanted.receiver and message.target != directory.address(wanted.receiver):
        yield f"it is to {directory.name(message.target)}"
    if wanted.action is not None and message.action != wanted.action:
        yield f"its Action is {_shown(message.action)}"
    for name, value in wanted.tags.items():
        if not _fits(value, message.tag(name)):
            yield f"its tag {name} is {_shown(message.tag(name))}, not {_shown(value)}"
    if wanted.data is not None and not _fits(wanted.data, message.data or ""):
        yield f"its Data is {_shown(message.data)}, not {_shown(wanted.data)}"
    if wanted.json is not msgspec.UNSET:
        yield from _json_faults(wanted.json, message.data or "")


def _json_faults(wanted: Any, data: str) -> Iterator[str]:
    try:
        actual = json.loads(data)
    except ValueError:
        yield f"its Data is no JSON: {_shown(data)}"
        return
    if fault := find_difference(wanted, actual):
        yield f"in its JSON {fault}"


def _explain(wish: Expectation, messages: Sequence[Message], directory: Directory) -> str:
    near = [message for message in messages if message.action == wish.action]
    if len(near) == 1:
        fault = find_fault(wish, near[0], directory)
        return f"{describe(wish)} did not come: there is one, but {fault}"
    return f"{describe(wish)} did not come; there came: {list_messages(messages, directory)}"


def _fits(wanted: str | Matches, actual: str | None) -> bool:
    if isinstance(wanted, Matches):
        return actual is not None and re.fullmatch(wanted.matches, actual, re.DOTALL) is not None
    return wanted == actual


def _kind(value: Any) -> str:
    """Return the JSON type of a value: Python counts True as 1, JSON does not."""
    if isinstance(value, bool):
        return "boolean"
    return "number" if isinstance(value, int | float) else type(value).__name__


def _shown(value: Any) -> str:
    if value is None:
        return "absent"
    if isinstance(value, Matches):
        return f"like {value.matches}"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
