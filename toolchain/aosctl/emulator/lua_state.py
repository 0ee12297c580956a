"""
One guarded Lua state: the standard library cut to what is safe, instructions and memory limited.

Every Lua of the emulator runs in such a state. No Python object is reachable from it but one
function that hands over the text of built-in modules; text goes in and out as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

from lupa.lua53 import LuaRuntime

MEMORY_LIMIT = 512 * 1024 * 1024  # the module's own maximum
INSTRUCTION_LIMIT = 300_000_000  # two to three seconds; a busy handler needs thousands

_AOS = Path(__file__).parent / "aos"
_HOST = Path(__file__).parent / "host"
_MODULE = re.compile(rb"json|\.[a-z0-9_-]+(?:\.[a-z0-9_-]+)*")


class LuaState:
    """
    A Lua state behind its guard.

    A pure one has neither aos nor anything that differs between two runs.
    """

    def __init__(self, *, memory_limit: int, instruction_limit: int, pure: bool = False) -> None:
        self.runtime = LuaRuntime(
            encoding=None,
            source_encoding="utf-8",
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_refuse,
            max_memory=memory_limit,
        )
        # Taken before the guard replaces it: our own code is compiled already.
        self._load_code = self.runtime.eval("load")
        self.guard = self._load("guard")()
        self._load("library")(self.guard, read_module, pure)
        self.guard[b"setLimit"](instruction_limit)
        if pure:
            self._limit_library()

    def load_door(
        self, settings: Mapping[bytes, bytes | bool], *, shuffle: int | None = None
    ) -> Any:
        """
        Return what `host/door.lua` offers for one aos process with these settings.

        With a seed in `shuffle`, `pairs` and `next` have the order that follows from it.
        """
        checkpoint = self._load("checkpoint")(self.guard)
        door = self._load("door")(self.guard, checkpoint, self.runtime.table_from(settings))
        self._limit_library()  # for aos and the process; the host keeps what it has
        if shuffle is not None:
            self._load("shuffle")(self.guard, shuffle)
        return door

    def _limit_library(self) -> None:
        self._load("budget")(self.guard)

    def _load(self, name: str) -> Callable[..., Any]:
        code = _host_code(name)
        function: Callable[..., Any] = self._load_code(code, b"." + name.encode(), b"b")
        return function


def _refuse(_object: object, name: object, _setting: bool) -> NoReturn:  # noqa: FBT001  # lupa passes it so
    raise AttributeError(name)


def read_module(name: bytes) -> bytes | None:
    """Return the compiled code of a built-in aos module, or None if there is no such module."""
    if not isinstance(name, bytes) or _MODULE.fullmatch(name) is None:
        return None
    return _module_code(name.decode())


# Compiling is most of the time that a new process takes, and the code never changes.
@cache
def _module_code(name: str) -> bytes | None:
    path = _AOS.joinpath(*name.lstrip(".").split(".")).with_suffix(".lua")
    return _compile(path.read_bytes(), name) if path.is_file() else None


@cache
def _host_code(name: str) -> bytes:
    return _compile((_HOST / f"{name}.lua").read_bytes(), f".{name}")


def _compile(text: bytes, chunk: str) -> bytes:
    compiler = LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    dump = compiler.eval(
        "function(text, name) return string.dump(assert(load(text, name, 't'))) end"
    )
    code: bytes = dump(text, chunk.encode())
    return code
