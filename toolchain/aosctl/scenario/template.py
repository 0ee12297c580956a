"""
Template: text in which `${name}` stands for a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACE = re.compile(r"\$\{([A-Za-z0-9_-]+)\}")


def fill(template: Any, values: Mapping[str, Any]) -> Any:
    """
    Return `template` with each known `${name}` replaced, in texts at any depth and in their keys.

    A text that is nothing but one place becomes the value itself, so that a number stays a number.
    Unknown names stay as they are.
    """
    filled = template
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template)
        if whole and whole[1] in values:
            filled = values[whole[1]]
        else:
            filled = _PLACE.sub(lambda place: str(values.get(place[1], place[0])), template)
    elif isinstance(template, dict):
        filled = {fill(name, values): fill(part, values) for name, part in template.items()}
    elif isinstance(template, (list, tuple)):
        filled = type(template)(fill(part, values) for part in template)
    return filled


def open_names(template: Any) -> Iterator[str]:
    """Give the names of all places in texts at any depth."""
    if isinstance(template, str):
        yield from (place[1] for place in _PLACE.finditer(template))
    elif isinstance(template, dict):
        for name, part in template.items():
            yield from open_names(name)
            yield from open_names(part)
    elif isinstance(template, (list, tuple)):
        for part in template:
            yield from open_names(part)
