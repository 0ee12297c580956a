"""A spool: a list that only grows, and keeps all but its end in a temporary file."""

from __future__ import annotations

import marshal
import weakref
from array import array
from collections.abc import Callable, Iterator
from tempfile import TemporaryFile
from typing import IO, Any, Generic, TypeVar

T = TypeVar("T")

CHUNK = 2048  # entries that are written, and read again, together


class Spool(Generic[T]):
    """
    Entries in the order in which they were added.

    `count` is their number; the last one or two chunks are in memory. `pack` makes of an entry what
    `marshal` takes (numbers, texts, bytes, tuples of these), `unpack` brings it back. `on_spill` is
    told the entries that leave memory, and the number of the first.
    """

    def __init__(
        self,
        *,
        pack: Callable[[T], Any],
        unpack: Callable[[Any], T],
        on_spill: Callable[[int, list[T]], None] | None = None,
    ) -> None:
        self._pack = pack
        self._unpack = unpack
        self._on_spill = on_spill
        self.count = 0
        self._tail: list[T] = []
        self._spilt = 0  # how many entries are in the file
        self._offsets = array("Q")  # where each chunk begins in it
        self._file: IO[bytes] | None = None
        self._read: tuple[int, list[T]] = (-1, [])  # the chunk that was read last

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> T:
        """Return the entry of that number, from 0."""
        if index >= self._spilt:
            return self._tail[index - self._spilt]
        return self._chunk(index // CHUNK)[index % CHUNK]

    def __iter__(self) -> Iterator[T]:
        return self.since(0)

    def append(self, entry: T) -> None:
        """Add an entry."""
        self._tail.append(entry)
        self.count += 1
        if self.count >= self._spilt + 2 * CHUNK:
            self._spill()

    def since(self, start: int) -> Iterator[T]:
        """Yield the entries from number `start` on."""
        index = start
        while index < self.count:
            yield self[index]
            index += 1

    def close(self) -> None:
        """Give the file back; the spool cannot be used any more."""
        if self._file is not None:
            self._file.close()

    def _spill(self) -> None:
        leaving = self._tail[:CHUNK]
        if self._on_spill is not None:
            self._on_spill(self._spilt, leaving)
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - it lives as long as the spool
            weakref.finalize(self, self._file.close)
        self._file.seek(0, 2)
        self._offsets.append(self._file.tell())
        # marshal: five times as fast as pickle, and read by the Python that wrote it.
        marshal.dump([self._pack(entry) for entry in leaving], self._file)
        del self._tail[:CHUNK]
        self._spilt += CHUNK

    def _chunk(self, number: int) -> list[T]:
        if self._read[0] != number and self._file is not None:
            self._file.seek(self._offsets[number])
            packed = marshal.load(self._file)  # noqa: S302 - our own temporary file
            self._read = (number, [self._unpack(entry) for entry in packed])
        return self._read[1]
