"""
TOML lines: where in a TOML text each key stands.

The standard reader gives values without places. This finds the places of keys that begin a line
or stand in an inline table on one line, which is how people write them; for any other key the
nearest table around it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_KEY = r"""(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_KEYS = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_KEYS})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEYS})\s*=(.*)")
_INNER = re.compile(rf"(?:\{{|,)\s*({_KEYS})\s*=")
_LONG_QUOTES = ('"""', "'''")

Key = tuple[str, ...]


class TomlLines:
    """The lines of the keys of one TOML text, counted from 1."""

    def __init__(self, text: str) -> None:
        self._lines: dict[Key, int] = {}
        for key, line in _places(text):
            for length in range(1, len(key) + 1):
                self._lines.setdefault(key[:length], line)

    def line(self, *key: str) -> int:
        """Return the line of a key, else of the nearest table around it, else 1."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)


def _places(text: str) -> Iterator[tuple[Key, int]]:
    table: Key = ()
    long_quote: str | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if long_quote:
            long_quote = None if long_quote in line else long_quote
        elif header := _HEADER.match(line):
            table = _parts(header[1])
            yield table, number
        elif assignment := _ASSIGNMENT.match(line):
            key = table + _parts(assignment[1])
            yield key, number
            for inner in _INNER.finditer(assignment[2]):
                yield key + _parts(inner[1]), number
            long_quote = _opened(assignment[2])


def _parts(keys: str) -> Key:
    return tuple(part.strip("\"'") for part in re.findall(_KEY, keys))


def _opened(value: str) -> str | None:
    return next((quote for quote in _LONG_QUOTES if value.count(quote) % 2), None)
