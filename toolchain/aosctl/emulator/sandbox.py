"""
Lua that stands alone: pure chunks, and whether a text is Lua at all.

A pure chunk sees neither aos nor files, clock, or random numbers, so it answers the same for the
same values on every run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lupa.lua53 import LuaError as LupaError
from lupa.lua53 import LuaMemoryError, lua_type

from aosctl.emulator.lua_state import INSTRUCTION_LIMIT, MEMORY_LIMIT, LuaState
from aosctl.errors import EmulatorError
from aosctl.message import Location, from_bytes, to_bytes

_LINE = re.compile(r":(\d+): ")
_LONGEST_NAME = 59  # Lua shows "..." and the last 56 characters of a longer chunk name
_DEEPEST = 100  # tables within tables; deeper is a circle or a mistake


class LuaError(EmulatorError):
    """A Lua chunk failed; `location` is where, if Lua said so."""

    def __init__(self, message: str, location: Location | None = None) -> None:
        where = None if location is None else f"{location.chunk}:{location.line}"
        super().__init__(message, where=where)
        self.location = location


class LuaChunk:
    """
    A pure chunk of Lua, run once, and the functions that it returned.

    The chunk returns one function, or a table of functions by name. Values go in and out as JSON
    has them; nil and an absent field are the same, and an empty table comes out as an empty list.
    """

    def __init__(
        self,
        source: str,
        chunk: str,
        *,
        memory_limit: int = MEMORY_LIMIT,
        instruction_limit: int = INSTRUCTION_LIMIT,
    ) -> None:
        self._state = LuaState(
            memory_limit=memory_limit, instruction_limit=instruction_limit, pure=True
        )
        self._chunk = chunk
        self._value = self._run(_compile(self._state, source, chunk))

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of the functions in the table that the chunk returned, sorted."""
        if lua_type(self._value) != "table":
            return ()
        return tuple(
            sorted(
                from_bytes(name)
                for name, value in self._value.items()
                if isinstance(name, bytes) and lua_type(value) == "function"
            )
        )

    def call(self, *values: Any, name: str | None = None) -> Any:
        """
        Call the chunk's function (the one called `name`) with JSON values; return a JSON value.

        Raises:
            LuaError: there is no such function, it failed, or it returned what JSON cannot say.
        """
        function = self._function(name)
        arguments = [self._to_lua(value) for value in values]
        return self._from_lua(self._run(function, *arguments), _DEEPEST)

    def _function(self, name: str | None) -> Any:
        if name is not None and lua_type(self._value) == "table":
            function = self._value[to_bytes(name)]
        else:
            function = self._value if name is None else None
        if lua_type(function) != "function":
            raise LuaError(f"{self._chunk} returns no function {name or ''}".rstrip())
        return function

    def _run(self, function: Any, *arguments: Any) -> Any:
        guard = self._state.guard
        try:
            guard[b"reset"](False)  # noqa: FBT003  # Lua has no keywords
            outcome = guard[b"run"](function, *arguments)
        except LuaMemoryError:
            raise LuaError("not enough memory") from None
        except LupaError as error:
            raise LuaError(str(error)) from None
        ok, value = (*outcome, None)[:2] if isinstance(outcome, tuple) else (outcome, None)
        if guard[b"isExhausted"]():
            raise LuaError(from_bytes(guard[b"limitText"]()))
        if not ok:
            raise _make_error(_text(value), self._chunk)
        return value

    def _to_lua(self, value: Any) -> Any:
        if isinstance(value, str):
            return to_bytes(value)
        if isinstance(value, Mapping):
            table = self._state.runtime.table()
            for key, item in value.items():
                table[to_bytes(str(key))] = self._to_lua(item)
            return table
        if isinstance(value, Sequence):
            table = self._state.runtime.table()
            for index, item in enumerate(value, start=1):
                table[index] = self._to_lua(item)
            return table
        if value is None or isinstance(value, bool | int | float):
            return value
        raise LuaError(f"a {type(value).__name__} cannot be handed to Lua")

    def _from_lua(self, value: Any, depth: int) -> Any:
        if isinstance(value, bytes):
            return from_bytes(value)
        kind = lua_type(value)
        if kind is None:
            return value
        if kind != "table":
            raise LuaError(f"{self._chunk} returned a {kind}, which JSON cannot say")
        if depth == 0:
            raise LuaError(f"{self._chunk} returned tables nested deeper than {_DEEPEST}")
        items = [(key, self._from_lua(item, depth - 1)) for key, item in value.items()]
        if [key for key, _ in items] == list(range(1, len(items) + 1)):
            return [item for _, item in items]
        return {_text(key): item for key, item in items}


def compile_error(source: str, chunk: str) -> tuple[int, str] | None:
    """Return line and text of the first syntax error of `source`, or None if it is Lua."""
    state = LuaState(memory_limit=MEMORY_LIMIT, instruction_limit=INSTRUCTION_LIMIT, pure=True)
    try:
        _compile(state, source, chunk)
    except LuaError as error:
        return (error.location.line if error.location else 1), error.message
    return None


def _compile(state: LuaState, source: str, chunk: str) -> Any:
    loaded = state.runtime.eval("load")(to_bytes(source), b"@" + to_bytes(chunk), b"t")
    if isinstance(loaded, tuple):
        raise _make_error(from_bytes(loaded[1]), chunk)
    return loaded


def _make_error(text: str, chunk: str) -> LuaError:
    """Return the error that `text` describes, its place taken from the front of it."""
    shown = chunk if len(to_bytes(chunk)) <= _LONGEST_NAME else f"...{chunk[-56:]}"
    place = _LINE.match(text, len(shown)) if text.startswith(shown) else None
    if place is None:
        return LuaError(text)
    return LuaError(text[place.end() :], Location(chunk, int(place[1])))


def _text(key: Any) -> str:
    return from_bytes(key) if isinstance(key, bytes) else str(key)
