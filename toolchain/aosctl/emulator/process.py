"""One aos process: its Lua state, and the messages that made it what it is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from lupa.lua53 import LuaError as LupaError
from lupa.lua53 import LuaMemoryError

from aosctl.emulator.door import Door
from aosctl.emulator.lua_state import INSTRUCTION_LIMIT, MEMORY_LIMIT
from aosctl.emulator.rollback import Rollback, replay_row
from aosctl.emulator.row import read_row
from aosctl.emulator.shape import NO_EXTRA, Extra, Row, make_row
from aosctl.errors import EmulatorError
from aosctl.message import (
    Environment,
    Message,
    Result,
)


class Process:
    """
    One process under the rules of aos 2.0.6.

    A message that fails leaves no trace in the state, nor does a dry run: before the next message
    the process is put back to what the messages that succeeded had made of it.
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
        self._state = Rollback(self._boot)
        self._closed = False

    def evaluate(
        self, message: Message, *, observe: bool = False, extra: Extra = NO_EXTRA
    ) -> Result:
        """
        Return what `message` gives; after an error the state is as it was before.

        `observe` counts the instructions that handlers take and names the globals that they
        change, which is slower. `extra` are root keys that a compute unit would have stripped:
        recorded traces carry some.
        """
        row = make_row(message, extra)
        result = self._run(row, observe=observe)
        if result.failed:
            self._state.taint()
        else:
            self._state.keep(row)
        return result

    def dryrun(self, message: Message, *, observe: bool = False) -> Result:
        """Return what `message` would give now; the state stays as it is."""
        self._state.secure()
        result = self._run(make_row(message), observe=observe)
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
            row = make_row(message)
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

    def _run(self, row: Row, *, observe: bool) -> Result:
        door = self._state.door
        try:
            if not observe:
                return read_row(door.evaluate(row))
            self._state.remember(door)
            result = read_row(door.evaluate(row, fine=True), observed=True)
            return msgspec.structs.replace(result, changed=door.changed())
        except LuaMemoryError:
            return Result(host_error="not enough memory")
        except LupaError as error:
            return Result(host_error=str(error))

    def _boot(self) -> Door:
        if self._closed:
            raise EmulatorError(f"process {self.id} is closed")
        return Door(
            self.environment,
            memory_limit=self._memory_limit,
            instruction_limit=self._instruction_limit,
        )
