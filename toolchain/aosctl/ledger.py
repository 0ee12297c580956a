"""
Ledger: the record and the pending items of one deployment, kept in step.

Signed bytes are on the disk before the record names them, and the record names them before they
are sent; they go when the record says how it ended. So a crash on any line leaves either nothing,
or bytes that the next run can send again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from aosctl.dataitem import DataItem, decode_item
from aosctl.pending import PendingItems
from aosctl.record import Entry, Item, Part, State, load_record, write_record
from aosctl.whole_file import sweep


class Begun(NamedTuple):
    """A signed item on its way: for which part of which process, and what the record will say."""

    entry: Entry
    process: str
    part: Part
    signed: DataItem
    item: Item


class Ledger:
    """What is recorded of one bundle on one network, as it changes."""

    def __init__(
        self, path: Path, state_dir: Path, *, network: str, bundle: str, log: str | None = None
    ) -> None:
        self._path = path
        self._network = network
        self._bundle = bundle
        self._log = log
        self._pending = PendingItems(state_dir, network)
        self._settled: list[str] = []
        self.record = load_record(path)

    @property
    def entries(self) -> dict[str, Entry]:
        """Return the entries of the bundle that count here."""
        return self.record.entries(self._network, self._bundle, log=self._log)

    def begin(self, items: Iterable[Begun]) -> None:
        """
        Record signed items as pending, their bytes kept; nothing is sent yet.

        Raises:
            RecordError: the disk did not take it; nothing was sent.
        """
        changed = dict(self.entries)
        for begun in items:
            self._pending.write(begun.signed.id, begun.signed.raw)
            changed[begun.process] = begun.entry.with_item(begun.part, begun.item)
        self._keep(changed)
        self.save()

    def tidy(self) -> None:
        """
        Remove what runs that were killed have left behind.

        Call it under the record's lock, or what another run is writing goes too.
        """
        sweep(self._path)
        self._pending.keep_only(self.record.pending(self._network))

    def bytes_of(self, item_id: str) -> DataItem | None:
        """Return a pending item as it was signed, or None if its bytes are not here."""
        raw = self._pending.read(item_id)
        return None if raw is None else decode_item(raw)

    def settle(self, process: str, part: Part, state: State) -> None:
        """Say how an item ended; `save` makes it last."""
        entry = self.entries[process]
        self._settled.append(entry.items[part].id)
        self._keep({process: entry.with_settled(part, state)})

    def note_handlers(self, handlers: Mapping[str, tuple[str, ...]]) -> None:
        """Say which handlers the processes have; `save` makes it last."""
        self._keep(
            {
                process: msgspec.structs.replace(self.entries[process], handlers=names)
                for process, names in handlers.items()
            }
        )

    def save(self) -> None:
        """
        Write what was said since the last time, and let go of the bytes of what has ended.

        Raises:
            RecordError: the disk did not take it; the bytes are still there.
        """
        write_record(self._path, self.record)
        while self._settled:
            self._pending.remove(self._settled.pop())

    def _keep(self, entries: Mapping[str, Entry]) -> None:
        self.record = self.record.put(self._network, self._bundle, entries)
