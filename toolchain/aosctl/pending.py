"""
Pending items: the signed bytes of steps that are not known to be done.

    <state folder>/pending/<network>/<item id>

They are there before the item is first sent, and go once the record calls it done or failed. A run
that finds one sends the same bytes again: signing anew would make a second item.
"""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path

from aosctl.errors import RecordError
from aosctl.text_file import said
from aosctl.whole_file import sync_folder, write_whole


class PendingItems:
    """The pending items of one network."""

    def __init__(self, state_dir: Path, network: str) -> None:
        self._folder = state_dir / "pending" / network

    def write(self, item_id: str, raw: bytes) -> None:
        """
        Keep the bytes of an item, durably.

        Raises:
            RecordError: they cannot be written.
        """
        path = self._folder / item_id
        try:
            write_whole(path, raw)
        except OSError as error:
            raise RecordError(
                f"cannot keep a signed item: {said(error)}",
                where=str(path),
                hint="It was not sent, and what was sent before is recorded. Make room or give "
                "rights, then run the same command: it goes on there.",
            ) from error

    def read(self, item_id: str) -> bytes | None:
        """Return the bytes of an item, or None if they are not kept here."""
        try:
            return (self._folder / item_id).read_bytes()
        except FileNotFoundError:
            return None

    def keep_only(self, item_ids: Container[str]) -> None:
        """Remove what runs that were killed have left: half-written files, and other items."""
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if path.name not in item_ids:
                path.unlink(missing_ok=True)

    def remove(self, item_id: str) -> None:
        """Forget the bytes of an item whose end is recorded."""
        (self._folder / item_id).unlink(missing_ok=True)
        if self._folder.is_dir():
            sync_folder(self._folder)
