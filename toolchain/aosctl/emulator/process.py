"""One aos process: its Lua state, and the messages that made it what it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lupa.lua53 import LuaError as LupaError
from lupa.lua53 import LuaMemoryError

from aosctl.emulator.lua_state import INSTRUCTION_LIMIT, MEMORY_LIMIT, LuaState
from aosctl.emulator.row import read_row
from aosctl.errors import EmulatorError
from aosctl.message import Definition, Environment, Message, Result, Tags, to_bytes

Extra = Mapping[str, str | int]
_NO_EXTRA: Extra = {}


class Process:
    """
    One process under the rules of aos 2.0.6.

    A message that fails leaves no trace: the state is rebuilt, when next needed, from the messages
    that succeeded. So does a dry run.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        memory_limit: int = MEMORY_LIMIT,
        instruction_limit: int = INSTRUCTION_LIMIT,
    ) -> None:
        self.environment = environment
        self.id = environment.process.id
        self._memory_limit = memory_limit
        self._instruction_limit = instruction_limit
        self._log: list[tuple[Any, ...]] = []
        self._door: Any = None
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
        row = _flatten(message, extra)
        result = self._run(row, observe=observe)
        if result.failed:
            self._forget()
        else:
            self._log.append(row)
        return result

    def dryrun(self, message: Message, *, observe: bool = False) -> Result:
        """Return what `message` would give now; the state stays as it is."""
        result = self._run(_flatten(message, _NO_EXTRA), observe=observe)
        self._forget()
        return result

    def replay(self, messages: Iterable[Message]) -> None:
        """
        Evaluate `messages`, which are known to succeed, without building their results.

        This is how a process comes back from its log.
        """
        rows = [_flatten(message, _NO_EXTRA) for message in messages]
        door = self._open()
        for row in rows:
            door.replay(*row)
        self._log.extend(rows)

    def close(self) -> None:
        """Give the memory back. A closed process cannot be used any more."""
        self._forget()
        self._closed = True

    def _run(self, row: tuple[Any, ...], *, observe: bool) -> Result:
        door = self._open()
        try:
            return read_row(door.evaluate(observe, *row), observed=observe)
        except LuaMemoryError:
            return Result(host_error="not enough memory")
        except LupaError as error:
            return Result(host_error=str(error))

    def _open(self) -> Any:
        """Return the door of a Lua state that has seen every message of the log."""
        if self._door is None:
            self._door = self._boot()
            for row in self._log:
                self._door.replay(*row)
        return self._door

    def _forget(self) -> None:
        self._door = None

    def _boot(self) -> Any:
        if self._closed:
            raise EmulatorError(f"process {self.id} is closed")
        state = LuaState(
            memory_limit=self._memory_limit, instruction_limit=self._instruction_limit
        )
        door = state.load_door()
        door.boot()
        for part, definition in (
            (b"Process", self.environment.process),
            (b"Module", self.environment.module),
        ):
            door.define(part, *_flatten_definition(definition))
        return door


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
        message.epoch,
        message.nonce,
        _raw(message.timestamp),
        message.block_height,
        _raw(message.hash_chain),
        message.cron,
        message.read_only,
        len(message.tags),
        *_flatten_tags(message.tags),
        *(_raw(part) for pair in extra.items() for part in pair),
    )


def _flatten_tags(tags: Tags) -> Iterator[bytes]:
    for tag in tags:
        yield to_bytes(tag.name)
        yield to_bytes(tag.value)


def _raw(value: str | int | None) -> bytes | int | None:
    return to_bytes(value) if isinstance(value, str) else value
