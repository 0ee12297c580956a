"""One aos process: its Lua state, and the messages that made it what it is."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from lupa.lua53 import LuaError as LupaError
from lupa.lua53 import LuaMemoryError

from aosctl.emulator.door import Door
from aosctl.emulator.lua_state import INSTRUCTION_LIMIT, MEMORY_LIMIT
from aosctl.emulator.profile import AOS, Profile
from aosctl.emulator.rollback import Log, Rollback, replay_row
from aosctl.emulator.row import Answer, has_failed, host_failure, read_row
from aosctl.emulator.shape import NO_EXTRA, Extra, Row, make_row
from aosctl.errors import EmulatorError
from aosctl.message import (
    Environment,
    Message,
    Result,
)


class Process:
    """
    One process under the rules of its profile.

    A message that fails leaves no trace in the state, nor does a dry run: before the next message
    the process is put back to what the messages that succeeded had made of it. A profile that keeps
    errors takes a handler's error for a success; a failure of the host is undone there too. With a
    seed in `shuffle`, tables are walked in the order that follows from it.

    `log` has the messages that it has evaluated already; at its first use it is rebuilt from them.
    """

    def __init__(
        self,
        environment: Environment,
        *,
        profile: Profile = AOS,
        shuffle: int | None = None,
        memory_limit: int = MEMORY_LIMIT,
        instruction_limit: int = INSTRUCTION_LIMIT,
        log: Log | None = None,
    ) -> None:
        self.environment = environment
        self.id = environment.process.id
        self.profile = profile
        self._shuffle = shuffle
        self._memory_limit = memory_limit
        self._instruction_limit = instruction_limit
        self._state = Rollback(self._boot, log)
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
        if not observe:
            return read_row(self.answer(row))
        door = self._state.door
        self._state.remember(door)
        answer = self._run(door, row, fine=True)
        self._settle(row, answer)
        result = read_row(answer, observed=True)
        return msgspec.structs.replace(result, changed=door.changed())

    def answer(self, row: Row) -> Answer:
        """Evaluate a message without making it text: what `read_row` reads."""
        state = self._state
        answer = self._run(state.door, row)
        if answer[0] == b"row":
            state.keep(row)
        else:
            self._settle(row, answer)
        return answer

    def dryrun(self, message: Message, *, observe: bool = False) -> Result:
        """Return what `message` would give now; the state stays as it is."""
        self._state.secure()
        door = self._state.door
        if observe:
            self._state.remember(door)
        answer = self._run(door, make_row(message), fine=observe)
        self._state.taint()
        result = read_row(answer, observed=observe)
        return msgspec.structs.replace(result, changed=door.changed()) if observe else result

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
        self._state.close()
        self._closed = True

    def _run(self, door: Door, row: Row, *, fine: bool = False) -> Answer:
        try:
            return door.evaluate(row, fine=fine)
        except LuaMemoryError:
            return host_failure("not enough memory")
        except LupaError as error:
            return host_failure(str(error))

    def _settle(self, row: Row, answer: Answer) -> None:
        if has_failed(answer):
            self._state.taint()
        else:
            self._state.keep(row)

    def _boot(self) -> Door:
        if self._closed:
            raise EmulatorError(f"process {self.id} is closed")
        return Door(
            self.environment,
            profile=self.profile,
            shuffle=self._shuffle,
            memory_limit=self._memory_limit,
            instruction_limit=self._instruction_limit,
        )
