"""
TOML lines: where in a TOML text each key stands.

The standard reader gives values without places. This reads the same text for its keys only. The
text may be faulty: what cannot be understood is passed over, and the nearest table is given.
"""

from __future__ import annotations

import re
from bisect import bisect_left

Key = tuple[str | int, ...]

_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_PART = re.compile(r"""([A-Za-z0-9_-]+)|"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'""")
_STRING = re.compile(
    r'"{3}(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class TomlLines:
    """
    The lines of the keys of one TOML text, counted from 1.

    An entry of an array is found by its number, counted from 0: `line("stage", 0, "name")`.
    """

    def __init__(self, text: str) -> None:
        self._lines = _Scanner(text).scan()

    def line(self, *key: str | int) -> int:
        """Return the line of a key, else of the nearest table around it, else 1."""
        while key and key not in self._lines:
            key = key[:-1]
        return self._lines.get(key, 1)


class _Scanner:
    """A walk over the text that notes where each key begins."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.newlines = [found.start() for found in re.finditer("\n", text)]
        self.lines: dict[Key, int] = {}
        self.counts: dict[Key, int] = {}  # entries seen of each `[[array]]`

    def scan(self) -> dict[Key, int]:
        table: Key = ()
        while self.skip_blank():
            began = self.at
            table = self.header() if self.peek("[") else self.assignment(table)
            if self.at == began:
                self.skip_line()
        return self.lines

    def header(self) -> Key:
        is_array = self.text.startswith("[[", self.at)
        began = self.at
        self.at += 2 if is_array else 1
        key = self.inside_arrays(self.key(), whole=not is_array)
        if is_array:
            self.note(key, began)
            number = self.counts[key] = self.counts.get(key, -1) + 1
            key = (*key, number)
        self.note(key, began)
        self.skip_line()
        return key

    def inside_arrays(self, key: Key, *, whole: bool) -> Key:
        """Return `key` with the number of the latest entry after the name of each array."""
        path: Key = ()
        for place, part in enumerate(key, 1):
            path = (*path, part)
            if path in self.counts and (whole or place < len(key)):
                path = (*path, self.counts[path])
        return path

    def assignment(self, table: Key) -> Key:
        began = self.at
        key = (*table, *self.key())
        self.skip_blank()
        if len(key) > len(table) and self.peek("="):
            self.note(key, began)
            self.at += 1
            self.value(key)
        return table

    def key(self) -> Key:
        parts: list[str | int] = []
        while found := _PART.match(self.text, self.skip_spaces()):
            parts.append(next(part for part in found.groups() if part is not None))
            self.at = found.end()
            self.skip_spaces()
            if not self.peek("."):
                break
            self.at += 1
        return tuple(parts)

    def value(self, key: Key) -> None:
        self.skip_blank()
        if self.peek("["):
            self.entries("]", key)
        elif self.peek("{"):
            self.entries("}", key)
        else:
            found = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            self.at = found.end() if found else self.at

    def entries(self, end: str, key: Key) -> None:
        """Read the inside of an array, or of an inline table, up to `end`."""
        self.at += 1
        number = 0
        while self.skip_blank() and not self.peek(end):
            began = self.at
            if end == "]":
                self.note((*key, number), began)
                self.value((*key, number))
            else:
                self.assignment(key)
            number += 1
            self.skip_blank()
            self.at += self.peek(",") or self.at == began
        self.at += 1

    def note(self, key: Key, at: int) -> None:
        line = bisect_left(self.newlines, at) + 1
        for length in range(1, len(key) + 1):
            self.lines.setdefault(key[:length], line)

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.at)

    def skip_blank(self) -> bool:
        """Pass over blanks and comments; return whether anything is left."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def skip_spaces(self) -> int:
        while self.peek(" ") or self.peek("\t"):
            self.at += 1
        return self.at

    def skip_line(self) -> None:
        end = self.text.find("\n", self.at)
        self.at = len(self.text) if end < 0 else end + 1
