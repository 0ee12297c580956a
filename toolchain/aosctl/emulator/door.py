"""The door between Python and one aos process: rows of plain values in and out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aosctl.emulator.lua_state import LuaState
from aosctl.emulator.profile import Profile
from aosctl.emulator.row import Answer
from aosctl.emulator.shape import Row, Shape, in_seconds, is_network_shape
from aosctl.message import Definition, Environment, Tags, from_bytes, to_bytes

_SHAPE_LIMIT = 1000  # each is compiled in Lua, and anybody may send messages of new shapes


class Door:
    """What `host/door.lua` offers, for one fresh Lua state."""

    def __init__(
        self,
        environment: Environment,
        *,
        profile: Profile,
        shuffle: int | None,
        memory_limit: int,
        instruction_limit: int,
    ) -> None:
        state = LuaState(memory_limit=memory_limit, instruction_limit=instruction_limit)
        self._lua = state.load_door(profile.settings(), shuffle=shuffle)
        self._counts_seconds = profile.counts_seconds
        self._numbers: dict[int, int] = {}  # by id: hashing a shape takes a third as long as a call
        self._shapes: list[Shape] = []  # keeps those ids in use
        self._evaluate = self._lua.evaluate
        self._replay = self._lua.replay
        self._lua.boot()
        self._lua.define(b"Process", *_flatten(environment.process))
        self._lua.define(b"Module", *_flatten(environment.module))

    def evaluate(self, row: Row, *, fine: bool = False) -> Answer:
        """Return what the message of `row` gives, as `row.read_row` reads it."""
        shape, values = in_seconds(row) if self._counts_seconds else row
        number = self._numbers.get(id(shape)) or self._learn(shape)
        answer: Answer = self._evaluate(fine, number, *values)
        return answer

    def replay(self, row: Row) -> bool:
        """Return whether the message of `row` succeeds."""
        shape, values = in_seconds(row) if self._counts_seconds else row
        number = self._numbers.get(id(shape)) or self._learn(shape)
        return bool(self._replay(number, *values))

    def checkpoint(self) -> tuple[bool, int]:
        """Remember the present state; return whether it can be gone back to, and its size."""
        possible, size = self._lua.checkpoint()
        return possible, size

    def can_rewind(self) -> bool:
        """Return whether nothing ran since the checkpoint that cannot be undone."""
        return bool(self._lua.canRewind())

    def rewind(self) -> bool:
        """Go back to the checkpoint; return False where that is not possible."""
        return bool(self._lua.rewind())

    def changed(self) -> tuple[str, ...]:
        """Return the names of globals that differ from the checkpoint, sorted."""
        names = self._lua.changed()
        if names is None:
            return ()
        return tuple(map(from_bytes, names if isinstance(names, tuple) else (names,)))

    def _learn(self, shape: Shape) -> int:
        if len(self._shapes) >= _SHAPE_LIMIT:
            self._numbers.clear()
            self._shapes.clear()
            self._lua.unlearn()
        self._shapes.append(shape)
        number = self._numbers[id(shape)] = len(self._shapes)
        fields, names = shape
        self._lua.learn(number, len(fields), is_network_shape(shape), *fields, *names)
        return number


def _flatten(definition: Definition) -> tuple[Any, ...]:
    owner = to_bytes(definition.owner) or None  # an owner that is not known is absent
    return (to_bytes(definition.id), owner, len(definition.tags), *_flatten_tags(definition.tags))


def _flatten_tags(tags: Tags) -> Iterator[bytes]:
    for tag in tags:
        yield to_bytes(tag.name)
        yield to_bytes(tag.value)
