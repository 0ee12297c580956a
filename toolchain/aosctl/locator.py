"""
Locator: from a place in what a process evaluated back to file and line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from aosctl.bundle import Bundle, build_process
from aosctl.errors import AosctlError
from aosctl.line_map import LineMap
from aosctl.manifest import load_manifest
from aosctl.message import Location
from aosctl.project import Project
from aosctl.record import Entry

_EVALUATED = "aos"  # the chunk name of every text that a process evaluates
_HEADING = "error:\n"  # aos puts what was printed before, and this, in front
_BUILT_IN = re.compile(r'^(?:\[string "\.[^"]*"\]:\d+: )+')


def own_words(error: str) -> str:
    """Return an error as the handler raised it, without what aos puts in front of it."""
    return _BUILT_IN.sub("", error.rpartition(_HEADING)[2].strip())


class Locator:
    """
    The sources of one recorded process, as long as they are those that it evaluated last.

    Where the sources have moved on, or cannot be built, places stay as Lua says them.
    """

    def __init__(self, project: Project, bundle: str, process: str, entry: Entry) -> None:
        self._project = project
        self._bundle = bundle
        self._process = process
        self._entry = entry

    @cached_property
    def line_map(self) -> LineMap:
        """The lines of what the process evaluated; empty where the sources are not those."""
        try:
            manifest = load_manifest(self._project, self._bundle)
            built: Bundle = build_process(self._project, manifest, self._process)
        except (AosctlError, KeyError):
            return LineMap()
        return built.line_map if built.hash == self._entry.bundle_hash else LineMap()

    def locate(self, location: Location) -> tuple[str, int]:
        """Return file and line of a place; the chunk's name stands for a file that is not known."""
        if location.chunk != _EVALUATED:
            return location.chunk, location.line
        return self.line_map.locate(location.line) or (location.chunk, location.line)

    def translate(self, text: str) -> str:
        """Return an error's text with its places as path:line."""
        return self.line_map.translate(text)


def make_locators(
    project: Project, networks: Mapping[str, Mapping[str, Entry]]
) -> dict[str, Locator]:
    """Return a locator for each process, by its id; `networks` is bundle -> process -> entry."""
    return {
        entry.id: Locator(project, bundle, name, entry)
        for bundle, entries in networks.items()
        for name, entry in entries.items()
    }
