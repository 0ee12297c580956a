"""
JSON lines: where in a JSON text each key stands.

The standard reader gives values without places. This reads the same text, which must be valid, for
its keys only.
"""

from __future__ import annotations

import json
import re

# A text before a colon is always a key: as a value it is followed by a comma or an end.
_TOKEN = re.compile(r'(?P<key>"(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|(?P<sign>[\[\]{}])')


class JsonLines:
    """The lines of the keys of one JSON text, counted from 1; entries of arrays have none."""

    def __init__(self, text: str) -> None:
        self._lines = _scan(text)

    def line(self, *key: str) -> int:
        """Return the line of a key, else of the nearest object around it, else 1."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)


def _scan(text: str) -> dict[tuple[str, ...], int]:
    lines: dict[tuple[str, ...], int] = {}
    path: list[str] = []  # the latest key of each open object or array
    line, at = 1, 0
    for token in _TOKEN.finditer(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        if token["key"] and path:
            path[-1] = json.loads(token["key"])
            lines.setdefault(tuple(path), line)
        elif token["sign"] in ("{", "["):
            path.append("")
        elif token["sign"] and path:
            path.pop()
    return lines
