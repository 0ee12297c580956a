"""
Invariants: the laws of a bundle, pure Lua functions over what its processes publish.

`processes/<bundle>/invariants.lua` returns a table of functions. Each takes three tables by
process: the published state now, the same before the last delivery (nil at first), and the ids. It
returns true, or false and the reason in words. It may require the project's Lua, as a process may.
The scenario says which hold always and which at rest.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from aosctl.bundle import Bundle, build_bundle
from aosctl.emulator.sandbox import LuaChunk, LuaError
from aosctl.errors import ScenarioError
from aosctl.names import did_you_mean, listed
from aosctl.scenario.scenario import Laws

States = Mapping[str, Mapping[str, Any]]

_CHUNK = "invariants"  # what Lua calls the text; its lines are led back to files
_LINE = re.compile(rf"\b{_CHUNK}:(\d+)")

# The laws begin on line 1 of this, so that their own lines keep their numbers.
_BEFORE = "local laws = (function(...) "
_AFTER = """
end)()
if type(laws) ~= "table" then error("this file must return a table of functions", 0) end
local checked = {}
for name, law in pairs(laws) do
  if type(law) == "function" then
    checked[name] = function(now, before, ids)
      local fine, verdict, reason = pcall(law, now, before, ids)
      if not fine then
        return "it failed: " .. tostring(verdict)
      elseif verdict == true then
        return ""
      elseif verdict == false then
        return tostring(reason or "it gives no reason")
      end
      return "it returned " .. type(verdict) .. ", not true or false"
    end
  end
end
return checked
"""


class Broken(msgspec.Struct, frozen=True):
    """A law that does not hold, and what it says about it."""

    law: str
    reason: str


class Invariants:
    """The laws of one bundle; `laws` says when each is to be asked."""

    def __init__(self, bundle: Bundle, *, shown: str, laws: Laws) -> None:
        self.laws = laws
        self._shown = shown
        self._line_map = bundle.line_map
        try:
            self._chunk = LuaChunk(_BEFORE + bundle.text + _AFTER, _CHUNK)
        except LuaError as error:
            where = self._translate(error.where or "")
            raise ScenarioError(error.message, where=where or shown) from None
        self._refuse_strangers()

    def broken(
        self, names: Sequence[str], now: States, before: States | None, ids: Mapping[str, str]
    ) -> list[Broken]:
        """Return those of the named laws that do not hold, in the order of their names."""
        said = [(name, self._ask(name, now, before, ids)) for name in names]
        return [Broken(name, self._translate(reason)) for name, reason in said if reason]

    def _ask(self, name: str, *values: Any) -> str:
        try:
            return str(self._chunk.call(*values, name=name))
        except LuaError as error:
            return f"it failed: {error.message}"

    def _translate(self, text: str) -> str:
        return _LINE.sub(self._place, text)

    def _place(self, found: re.Match[str]) -> str:
        place = self._line_map.locate(int(found[1]))
        return f"{place[0]}:{place[1]}" if place else self._shown

    def _refuse_strangers(self) -> None:
        asked = {*self.laws.always, *self.laws.at_rest}
        there = set(self._chunk.names)
        if unknown := sorted(asked - there):
            raise ScenarioError(
                f"no invariant is called '{unknown[0]}'",
                where=self._shown,
                hint=did_you_mean(unknown[0], there) or f"There are: {listed(there)}.",
            )
        if forgotten := there - asked:
            raise ScenarioError(
                f"nothing says when {listed(forgotten)} must hold",
                where=self._shown,
                hint="Name it in the scenario, under [invariants], in always or at_rest.",
            )


def load_invariants(root: Path, path: Path, *, laws: Laws) -> Invariants | None:
    """
    Return the invariants in a file of the project in `root`; None where there is no file and no
    law is asked for.

    Raises:
        ScenarioError: it cannot be read, or has not the functions that are asked for.
        BundleError: it, or what it requires, is no Lua or is missing.
    """
    shown = path.relative_to(root).as_posix()
    if path.exists():
        bundle = build_bundle(root, path, process=path.stem)
        return Invariants(bundle, shown=shown, laws=laws)
    if asked := (*laws.always, *laws.at_rest):
        raise ScenarioError(f"there is no {path.name}, so no invariant '{asked[0]}'", where=shown)
    return None
