"""One aos process: its Lua state, and the messages that made it what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from lupa.lua53 import LuaError as LupaError
from lupa.lua53 import LuaMemoryError

from aosctl.emulator.lua_state import INSTRUCTION_LIMIT, MEMORY_LIMIT, LuaState
from aosctl.emulator.profile import AOS, Profile
from aosctl.emulator.rollback import Rollback, replay_row
from aosctl.emulator.row import read_row
from aosctl.errors import EmulatorError
from aosctl.message import (
    Definition,
    Environment,
    Message,
    Result,
    Tags,
    from_bytes,
    to_bytes,
)

Extra = Mapping[str, str | int]
_NO_EXTRA: Extra = {}


class Process:
    """
    One process under the rules of its profile.

    A message that fails leaves no trace in the state, nor does a dry run: before the next message
    the process is put back to what the messages that succeeded had made of it. A profile that keeps
    errors takes a handler's error for a success; a failure of the host is undone there too. With a
    seed in `shuffle`, tables are walked in the order that follows from it.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        profile: Profile = AOS,
        shuffle: int | None = None,
        memory_limit: int = MEMORY_LIMIT,
        instruction_limit: int = INSTRUCTION_LIMIT,
    ) -> None:
        self.environment = environment
        self.id = environment.process.id
        self.profile = profile
        self._shuffle = shuffle
        self._memory_limit = memory_limit
        self._instruction_limit = instruction_limit
        self._state = Rollback(self._boot)
        self._closed = False

    def evaluate(
        self, message: Message, *, observe: bool = False, extra: Extra = _NO_EXTRA
    ) -> Result:
        """
        Return what `message` gives; after an error the state is as it was before.

        `observe` counts the instructions that handlers take and names the globals that they
        change, which is slower. `extra` are root keys that a compute unit would have stripped:
        recorded traces carry some.
        """
        row = self._flatten(message, extra)
        result = self._run(row, observe=observe)
        if result.is_undone:
            self._state.taint()
        else:
            self._state.keep(row)
        return result

    def dryrun(self, message: Message, *, observe: bool = False) -> Result:
        """Return what `message` would give now; the state stays as it is."""
        self._state.secure()
        result = self._run(self._flatten(message), observe=observe)
        self._state.taint()
        return result

    def replay(self, messages: Iterable[Message]) -> None:
        """
        Evaluate `messages`, which are known to succeed, without building their results.

        This is how a process comes back from its log.

        Raises:
            EmulatorError: one of them fails; the process is as it was before that one.
        """
        door = self._state.door
        for message in messages:
            row = self._flatten(message)
            try:
                replay_row(door, row)
            except EmulatorError:
                self._state.taint()
                raise
            self._state.keep(row)

    def close(self) -> None:
        """Give the memory back. A closed process cannot be used any more."""
        self._state.forget()
        self._closed = True

    def _flatten(self, message: Message, extra: Extra = _NO_EXTRA) -> tuple[Any, ...]:
        if self.profile.counts_seconds and message.timestamp is not None:
            seconds = message.timestamp // 1000
            message = msgspec.structs.replace(message, timestamp=seconds)
        return _flatten(message, extra)

    def _run(self, row: tuple[Any, ...], *, observe: bool) -> Result:
        door = self._state.door
        try:
            if not observe:
                return read_row(door.evaluate(False, *row))  # noqa: FBT003  # Lua has no keywords
            self._state.remember(door)
            result = read_row(door.evaluate(True, *row), observed=True)  # noqa: FBT003
            return msgspec.structs.replace(result, changed=_names(door.changed()))
        except LuaMemoryError:
            return Result(host_error="not enough memory")
        except LupaError as error:
            return Result(host_error=str(error))

    def _boot(self) -> Any:
        if self._closed:
            raise EmulatorError(f"process {self.id} is closed")
        state = LuaState(memory_limit=self._memory_limit, instruction_limit=self._instruction_limit)
        door = state.load_door(self.profile.settings(), shuffle=self._shuffle)
        door.boot()
        door.define(b"Process", *_flatten_definition(self.environment.process))
        door.define(b"Module", *_flatten_definition(self.environment.module))
        return door


def _names(returned: Any) -> tuple[str, ...]:
    """Return what Lua returned as names: nothing, one value, or a tuple of them."""
    if returned is None:
        return ()
    names = returned if isinstance(returned, tuple) else (returned,)
    return tuple(map(from_bytes, names))


def _flatten_definition(definition: Definition) -> tuple[Any, ...]:
    tags = _flatten_tags(definition.tags)
    owner = to_bytes(definition.owner) or None  # an owner that is not known is absent
    return (to_bytes(definition.id), owner, len(definition.tags), *tags)


def _flatten(message: Message, extra: Extra) -> tuple[Any, ...]:
    """Return `message` as the arguments that `host/door.lua` reads."""
    return (
        len(extra),
        _raw(message.id),
        _raw(message.signature),
        _raw(message.owner),
        _raw(message.sender),
        _raw(message.forwarded_by),
        _raw(message.target),
        _raw(message.anchor),
        _raw(message.data),
        _number(message.epoch),
        _number(message.nonce),
        _number(message.timestamp),
        _number(message.block_height),
        _raw(message.hash_chain),
        message.cron,
        message.read_only,
        len(message.tags),
        *_flatten_tags(message.tags),
        *(part for name, value in extra.items() for part in (to_bytes(name), _any(value))),
    )


def _flatten_tags(tags: Tags) -> Iterator[bytes]:
    for tag in tags:
        yield to_bytes(tag.name)
        yield to_bytes(tag.value)


def _raw(value: str | None) -> bytes | None:
    return None if value is None else to_bytes(value)


def _number(value: int | None) -> int | float | None:
    """Return `value` as Lua has it: beyond 64 bits its JSON is read as a float."""
    return value if value is None or -(2**63) <= value < 2**63 else float(value)


def _any(value: str | int) -> bytes | int | float | None:
    return to_bytes(value) if isinstance(value, str) else _number(value)
