"""Sandbox: Lua text judged without a process around it."""

from __future__ import annotations

import re

from lupa import lua53

from aosctl.message import from_bytes, to_bytes

_PLACE = re.compile(r":(\d+): ")


def compile_error(source: str, chunk: str) -> tuple[int, str] | None:
    """Return line and text of the first syntax error of `source`, or None if it compiles."""
    lua = lua53.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    load = lua.globals()[b"load"]
    loaded = load(to_bytes(source), to_bytes("=" + chunk), b"t")
    if not isinstance(loaded, tuple):
        return None
    text = from_bytes(loaded[1]).removeprefix(chunk)
    place = _PLACE.match(text)
    return (int(place[1]), text[place.end() :]) if place else (1, text)
