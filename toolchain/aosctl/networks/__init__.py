"""
Networks: one interface to wherever processes live.

What is above it (deploy, smoke, send, trace) is written once; `local` is a world in this process,
the others speak HTTP.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from aosctl.dataitem import DataItem
from aosctl.emulator.trace import TraceNode
from aosctl.message import Message, Result, Tags


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A message that came back to the address that had asked."""

    sender: str
    action: str | None
    tags: Tags
    data: str

    @classmethod
    def of(cls, message: Message) -> Reply:
        """Return what `message` says, without its envelope."""
        return cls(
            sender=message.sender or "",
            action=message.action,
            tags=message.tags,
            data=message.data or "",
        )


class Network(Protocol):
    """
    Where processes live.

    Writing is two steps: `sign_*` makes the bytes, which can be kept, and `submit` sends them. To
    send the same bytes again does no harm; to sign again makes another message.
    """

    @property
    def name(self) -> str:
        """What the network is called."""
        ...

    @property
    def log(self) -> str | None:
        """The id of the log that ids belong to, or None where they belong to the whole network."""
        ...

    @property
    def address(self) -> str:
        """The address whose key signs."""
        ...

    @property
    def module(self) -> str:
        """The module of processes that name none."""
        ...

    @property
    def scheduler(self) -> str:
        """The scheduler of new processes."""
        ...

    @property
    def authority(self) -> str:
        """Whose word new processes take for messages of other processes."""
        ...

    def sign_spawn(self, *, tags: Tags, data: str = "", module: str | None = None) -> DataItem:
        """Return the signed item of a new process; protocol tags are added. Nothing is sent."""
        ...

    def sign_message(self, *, target: str, tags: Tags, data: str = "") -> DataItem:
        """Return a signed message; protocol tags are added. Nothing is sent."""
        ...

    def spawn_tags(self, tags: Tags, *, module: str | None = None) -> Tags:
        """Return the tags that a new process's item gets, those of the protocol added."""
        ...

    def message_tags(self, tags: Tags) -> Tags:
        """Return the tags that a message's item gets, those of the protocol added."""
        ...

    def submit(self, item: DataItem) -> str:
        """Send these very bytes and return their id once they are safe at the other side."""
        ...

    def has(self, item: str, *, process: str) -> bool:
        """Return whether the item of this id has arrived; `process` is its target or itself."""
        ...

    def result(self, process: str, message: str) -> Result:
        """Return what `process` made of `message`, waiting for it."""
        ...

    def dryrun(
        self, process: str, *, tags: Tags, data: str = "", sender: str | None = None
    ) -> Result:
        """Return what `process` would make of a message; nothing of it stays."""
        ...

    def replies(self, message: str) -> list[Reply]:
        """Return what has come back to the sender of `message` because of it."""
        ...

    def trace(self, message: str) -> TraceNode:
        """Return the tree of what `message` caused."""
        ...

    def bundle_text(self, process: str, *, message: str | None = None) -> str | None:
        """
        Return the bundle that `process` evaluated last, with `message` before that one came.

        None where it evaluated none, or the network does not tell.
        """
        ...

    def close(self) -> None:
        """Let go of files, connections and Lua states."""
        ...
