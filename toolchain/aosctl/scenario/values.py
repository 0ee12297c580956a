"""
Values: what a scenario takes out of a run, to use it again or to show it as a figure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from aosctl.directory import Directory
from aosctl.errors import ScenarioError
from aosctl.message import Message
from aosctl.scenario.scenario import Source

_PLACES = 2  # decimal places in which amounts are shown


def read_value(
    source: Source,
    *,
    answers: Sequence[Message],
    published: Mapping[str, Mapping[str, Any]],
    elapsed_ms: float,
    directory: Directory,
) -> Any:
    """
    Return the value that `source` speaks of.

    Raises:
        ScenarioError: there is none.
    """
    if source.elapsed_ms:
        return round(elapsed_ms, 2)
    if source.published:
        value = follow(published.get(source.published, {}), source.path, source.published)
    else:
        value = _in_answer(source, answers, directory)
    if source.count:
        value = _count(value, source)
    return value if source.denomination is None else show_amount(value, source.denomination)


def follow(value: Any, path: str, origin: str) -> Any:
    """
    Return what `path` leads to within a JSON value; `origin` names the value in messages.

    Raises:
        ScenarioError: it leads nowhere.
    """
    for part in path.split(".") if path else ():
        if isinstance(value, Mapping) and part in value:
            value = value[part]
        elif isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        else:
            raise ScenarioError(f"{origin} has no '{path}': there is no '{part}'")
    return value


def show_amount(value: Any, denomination: int) -> str:
    """
    Return an amount of base units as whole units with two places: 112900000 of 6 is 112.90.

    Raises:
        ScenarioError: it is no amount, or two places cannot show it.
    """
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise ScenarioError(f"{value!r} is no amount in base units")
    digits = value.zfill(denomination + 1)
    whole, part = digits[: len(digits) - denomination], digits[len(digits) - denomination :]
    if part[_PLACES:].strip("0"):
        raise ScenarioError(f"{value} base units need more than {_PLACES} places")
    return f"{whole}.{part[:_PLACES].ljust(_PLACES, '0')}"


def put_figure(figures: dict[str, Any], name: str, value: Any) -> None:
    """Put a figure where its name says: `a.b` is b within a, `a[]` one more entry of the list a."""
    *outer, last = name.split(".")
    for part in outer:
        figures = figures.setdefault(part, {})
    if last.endswith("[]"):
        figures.setdefault(last.removesuffix("[]"), []).append(value)
    else:
        figures[last] = value


def _in_answer(source: Source, answers: Sequence[Message], directory: Directory) -> Any:
    for message in answers:
        if source.answer is not None and message.action != source.answer:
            continue
        if source.sender is not None and message.sender != directory.address(source.sender):
            continue
        return _in_message(source, message)
    raise ScenarioError(f"no answer {source.answer or f'from {source.sender}'} came")


def _in_message(source: Source, message: Message) -> Any:
    origin = message.action or "the answer"
    if source.tag:
        value = message.tag(source.tag)
        if value is None:
            raise ScenarioError(f"{origin} has no tag '{source.tag}'")
        return value
    try:
        document = json.loads(message.data or "")
    except ValueError:
        raise ScenarioError(f"the Data of {origin} is no JSON") from None
    return follow(document, source.path, origin)


def _count(value: Any, source: Source) -> int:
    if not isinstance(value, Mapping | list):
        raise ScenarioError(f"'{source.path}' is one value, which cannot be counted")
    return len(value)
