"""
Invariants: the laws of a bundle, pure Lua functions over what its processes publish.

`processes/<bundle>/invariants.lua` returns a table of functions. Each takes two tables, process ->
published state: how it is now, and how it was before the last delivery (nil at first). It returns
true, or false and the reason in words. The scenario says which hold always and which at rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from aosctl.emulator.sandbox import LuaChunk, LuaError
from aosctl.errors import ScenarioError
from aosctl.names import did_you_mean, listed
from aosctl.scenario import Laws

States = Mapping[str, Mapping[str, Any]]

# The laws stand on line 1 of this, so that their own lines keep their numbers.
_BEFORE = "local laws = (function(...) "
_AFTER = """
end)()
if type(laws) ~= "table" then error("this file must return a table of functions", 0) end
local checked = {}
for name, law in pairs(laws) do
  if type(law) == "function" then
    checked[name] = function(now, before)
      local fine, verdict, reason = pcall(law, now, before)
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

    def __init__(self, source: str, *, shown: str, laws: Laws) -> None:
        self.laws = laws
        self._shown = shown
        try:
            self._chunk = LuaChunk(_BEFORE + source + _AFTER, shown)
        except LuaError as error:
            raise ScenarioError(error.message, where=error.where or shown) from None
        self._refuse_strangers()

    def broken(self, names: Sequence[str], now: States, before: States | None) -> list[Broken]:
        """Return those of the named laws that do not hold, in the order of their names."""
        said = [(name, self._ask(name, now, before)) for name in names]
        return [Broken(name, reason) for name, reason in said if reason]

    def _ask(self, name: str, now: States, before: States | None) -> str:
        try:
            return str(self._chunk.call(now, before, name=name))
        except LuaError as error:
            return f"it failed: {error.message}"

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


def load_invariants(path: Path, *, shown: str, laws: Laws) -> Invariants | None:
    """
    Return the invariants in a file, or None where there is no file and none is asked for.

    Raises:
        ScenarioError: it cannot be read, is no Lua, or has not the functions that are asked for.
    """
    if not path.exists() and not (laws.always or laws.at_rest):
        return None
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"cannot read the invariants: {error}", where=shown) from error
    return Invariants(source, shown=shown, laws=laws)
