"""
Locator: from a place in what a process evaluated back to file and line.
"""

from __future__ import annotations

import re
from functools import cached_property

from aosctl.lua.line_map import LineMap
from aosctl.message import Location

_EVALUATED = "aos"  # the chunk name of every text that a process evaluates
_HEADING = "error:\n"  # aos puts what was printed before, and this, in front
_BUILT_IN = re.compile(r'^(?:\[string "\.[^"]*"\]:\d+: )+')


def own_words(error: str) -> str:
    """Return an error as the handler raised it, without what aos puts in front of it."""
    return _BUILT_IN.sub("", error.rpartition(_HEADING)[2].strip())


class Locator:
    """
    The way from lines of what a process evaluated to the files that it was made of.

    Places stay as Lua says them where `text` is no bundle, or None.
    """

    def __init__(self, text: str | None) -> None:
        self._text = text

    @cached_property
    def line_map(self) -> LineMap:
        """The files of the text and their lines."""
        return LineMap() if self._text is None else LineMap.read(self._text)

    def locate(self, location: Location) -> tuple[str, int]:
        """Return file and line of a place; the chunk's name stands for a file that is not known."""
        if location.chunk != _EVALUATED:
            return location.chunk, location.line
        return self.line_map.locate(location.line) or (location.chunk, location.line)

    def translate(self, text: str) -> str:
        """Return an error's text with its places as path:line."""
        return self.line_map.translate(text)
