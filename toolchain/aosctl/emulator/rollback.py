"""
Putting a process back to what it was before a message.

A process is what its log makes of it: the messages that succeeded, in order. The exact way back is
a fresh Lua state and the log once more; the quick way is a checkpoint inside the state and the part
of the log since. Checkpoints are taken only where something failed, so success costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from lupa.lua53 import LuaMemoryError

from aosctl.emulator.door import Door
from aosctl.emulator.shape import Row, find_shape
from aosctl.emulator.spool import Spool
from aosctl.errors import EmulatorError

# A message costs about as much as a checkpoint of this many entries.
_ENTRIES_PER_MESSAGE = 80
# So many messages after a checkpoint it is renewed: what they wrote to large tables is remembered
# as long as it might have to be undone.
_LONGEST = 4096


class Log(Protocol):
    """The messages that a process has evaluated without failing, in order."""

    def __len__(self) -> int: ...
    def append(self, row: Row, /) -> None:
        """Add one."""

    def since(self, start: int, /) -> Iterator[Row]:
        """Yield those from number `start` on."""
        ...

    def close(self) -> None:
        """Give it up."""


class Rollback:
    """The log of one process, and a Lua state that agrees with it whenever `door` is asked for."""

    def __init__(self, boot: Callable[[], Door], log: Log | None = None) -> None:
        self._boot = boot
        self._log: Log = Spool(pack=tuple, unpack=_unpack) if log is None else log
        self._door: Door | None = None
        self._tainted = False
        self._checkpoint: int | None = None  # how much of the log it holds
        self._since = 0  # messages in the log that it does not hold
        self._size = 0

    @property
    def door(self) -> Door:
        """Return the door of a state that has seen the log and nothing else."""
        door = self._door
        if door is None:
            door = self._door = self._rebuild()
        elif self._tainted:
            door = self._go_back(door)
        return door

    def keep(self, row: Row) -> None:
        """Add to the log what the state has seen."""
        self._log.append(row)
        if self._checkpoint is not None:
            self._since += 1
            if self._since >= _LONGEST and self._door is not None:
                self.remember(self._door)

    def taint(self) -> None:
        """Note that the state has seen what is not in the log."""
        self._tainted = True

    def secure(self) -> None:
        """Make the way back to the present state short; for what is known to be undone."""
        door = self.door
        is_short = self._since * _ENTRIES_PER_MESSAGE <= self._size
        if self._checkpoint is not None and is_short and door.can_rewind():
            return
        self.remember(door)

    def remember(self, door: Door) -> None:
        """Take a checkpoint of the present state; where none is possible, have none."""
        self._checkpoint = None
        try:
            possible, self._size = door.checkpoint()
        except LuaMemoryError:
            return
        if possible:
            self._checkpoint, self._since = len(self._log), 0

    def forget(self) -> None:
        """Give up the state; the log can rebuild it."""
        self._door, self._tainted, self._checkpoint = None, False, None

    def close(self) -> None:
        """Give up state and log."""
        self.forget()
        self._log.close()

    def _go_back(self, door: Door) -> Door:
        if self._checkpoint is None or not self._rewind(door, self._checkpoint):
            self.forget()
            door = self._rebuild()
        self._door, self._tainted = door, False
        self.secure()
        return door

    def _rewind(self, door: Door, checkpoint: int) -> bool:
        """Restore the checkpoint and replay what followed; False where that is not possible."""
        try:
            if not door.rewind():
                return False
            self._replay(door, self._log.since(checkpoint))
        except (LuaMemoryError, EmulatorError):
            return False
        return True

    def _rebuild(self) -> Door:
        door = self._boot()
        self._replay(door, self._log.since(0))
        return door

    def _replay(self, door: Door, rows: Iterable[Row]) -> None:
        for row in rows:
            replay_row(door, row)


def _unpack(packed: Any) -> Row:
    shape, values = packed
    return find_shape(*shape), values


def replay_row(door: Door, row: Row) -> None:
    """
    Evaluate a message that is known to succeed.

    Raises:
        EmulatorError: it failed this time.
    """
    if not door.replay(row):
        raise EmulatorError(
            "a message that once succeeded fails when the process is rebuilt",
            hint="Was it recorded by another version of aosctl, or with other limits?",
        )
