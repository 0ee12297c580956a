"""
Line map: from the lines of a bundle back to the files that it was made of.

A bundle carries its map in its marks, the lines before and after each file, so that the text that a
process once evaluated is enough, whatever has become of the sources since.
"""

from __future__ import annotations

import re
from bisect import bisect_right

import msgspec

BUNDLE_MARK = '\nBundleHash = "'  # what no other text that is evaluated holds
_PLACE = re.compile(r'\[string "aos"\]:(\d+)')  # aos evaluates every text under this chunk name

_START = re.compile(
    r"(?:aosctl_modules\[.*\] = |local aosctl_results = table\.pack\(\()function\(\.\.\.\)"
    r"(?: local _ENV = _ENV)? -- (.+)"
)
_END = re.compile(r"end(?:\)\(\)\))? -- (.+)")


class Segment(msgspec.Struct, frozen=True):
    """Lines `first` to `last` of the bundle: all lines of the file at `path`, in order."""

    first: int
    last: int
    path: str


class LineMap(msgspec.Struct, frozen=True):
    """Which file each line of a bundle comes from. `segments` are in order, without overlap."""

    segments: tuple[Segment, ...] = ()

    @classmethod
    def read(cls, text: str) -> LineMap:
        """Return the map of a bundle's text; empty where the text has no marks."""
        segments: list[Segment] = []
        path, first = None, 0
        for number, line in enumerate(text.split("\n"), start=1):
            if path is None and (start := _START.fullmatch(line)):
                path, first = start[1], number + 1
            elif path is not None and (end := _END.fullmatch(line)) and end[1] == path:
                segments.append(Segment(first, number - 1, path))
                path = None
        return cls(tuple(segments))

    def locate(self, line: int) -> tuple[str, int] | None:
        """Return path and line in the file, or None for a line that aosctl added."""
        at = bisect_right(self.segments, line, key=lambda segment: segment.first) - 1
        if at < 0 or line > self.segments[at].last:
            return None
        return self.segments[at].path, line - self.segments[at].first + 1

    def translate(self, text: str) -> str:
        """Return `text` with each place in the evaluated bundle given as path:line."""
        return _PLACE.sub(self._place, text)

    def first_place(self, text: str) -> str | None:
        """Return, as path:line, the first place in a file that `text` names; None without one."""
        places = (self.locate(int(line)) for line in _PLACE.findall(text))
        return next((f"{path}:{line}" for path, line in filter(None, places)), None)

    def _place(self, found: re.Match[str]) -> str:
        place = self.locate(int(found[1]))
        return f"{place[0]}:{place[1]}" if place else found[0]
