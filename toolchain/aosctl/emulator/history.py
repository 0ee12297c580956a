"""
History: a process's messages as its scheduler gives them, page by page, ready to be replayed.

A page (reference: ao-network, 3.4) has what was scheduled but not what became of it, so there is
nothing to compare with. It holds no crons either: a compute unit makes those for itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from aosctl.emulator.process import Process
from aosctl.emulator.profile import AOS, Profile, profile_of_module
from aosctl.errors import TraceError
from aosctl.message import (
    Definition,
    Environment,
    Message,
    Result,
    Tag,
    first_tag,
    forwarder_of,
    hide_claims,
    sender_of,
)

_ELSEWHERE = "the scheduler has only its assignment: the item lives elsewhere"
_REPEATED = "it was delivered before"


class _Owner(msgspec.Struct, frozen=True):
    address: str


class _Item(msgspec.Struct, frozen=True):
    id: str
    owner: _Owner
    tags: tuple[Tag, ...]
    data: str | None = None
    signature: str | None = None
    anchor: str | None = None
    target: str | None = None


class _Node(msgspec.Struct, frozen=True):
    message: _Item | None
    assignment: _Item


class _Edge(msgspec.Struct, frozen=True):
    node: _Node


class _Page(msgspec.Struct, frozen=True):
    edges: tuple[_Edge, ...]


class _Kind(msgspec.Struct, frozen=True):
    edges: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class Entry(msgspec.Struct, frozen=True):
    """One place in a schedule; `message` is None where the page has no message."""

    nonce: int
    message: Message | None


class History(msgspec.Struct, frozen=True):
    """A process, and its entries from the first on, without a gap."""

    environment: Environment
    entries: tuple[Entry, ...]

    @property
    def has_crons(self) -> bool:
        """Return whether the process was also sent messages that no page holds."""
        return first_tag(self.environment.process.tags, "Cron-Interval") is not None


class Played(msgspec.Struct, frozen=True):
    """An entry with what came of it, or with the reason why it was passed over."""

    entry: Entry
    result: Result | None = None
    skipped: str | None = None


def is_page(path: Path) -> bool:
    """Return whether a file looks like a page of a scheduler."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Kind).edges is not msgspec.UNSET
    except (OSError, msgspec.DecodeError):
        return False


def load_history(paths: Sequence[Path]) -> History:
    """
    Return the history that pages of one process make, given in their order.

    Raises:
        TraceError: a file is no page, the first does not begin with the process itself, or a
            message is missing between two that are there.
    """
    entries: list[Entry] = []
    for path in paths:
        for index, edge in enumerate(_read(path).edges):
            place = f"$.edges[{index}].node"
            entry = _make_entry(edge.node, path, f"{place}.assignment.tags")
            if entry.nonce != len(entries):
                raise _malformed(
                    path, f"nonce {len(entries)} is missing, here is {entry.nonce} - in `{place}`"
                )
            entries.append(entry)
    return History(_environment(entries, paths[0]), tuple(entries))


def replay_history(history: History, *, profile: Profile | None = None) -> Iterator[Played]:
    """
    Evaluate a history from the beginning and yield each entry with its result.

    Without `profile` it is that of the module, if its id is known, else aos 2.0.6.
    """
    known = profile_of_module(history.environment.module.id)
    process = Process(history.environment, profile=profile or known or AOS)
    seen: set[object] = set()
    try:
        for entry in history.entries:
            yield _play(process, entry, seen)
    finally:
        process.close()


def _play(process: Process, entry: Entry, seen: set[object]) -> Played:
    message = entry.message
    if message is None:
        return Played(entry, skipped=_ELSEWHERE)
    marks = {message.id, _content(message)} - {None}
    if marks & seen:
        return Played(entry, skipped=_REPEATED)
    seen |= marks
    return Played(entry, result=process.evaluate(message))


def _content(message: Message) -> object:
    """Return what makes a pushed message the same as another one, whatever their ids."""
    if message.forwarded_by is None:
        return None
    tags = sorted((tag.name, tag.value) for tag in message.tags if tag.name != "Pushed-For")
    return (message.target, message.anchor, tuple(tags), message.data)


def _read(path: Path) -> _Page:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Page)
    except OSError as error:
        raise TraceError(f"cannot read the page: {error.strerror}", where=str(path)) from None
    except msgspec.DecodeError as error:
        raise _malformed(path, str(error)) from None


def _make_entry(node: _Node, path: Path, place: str) -> Entry:
    def number(name: str) -> int:
        text = first_tag(node.assignment.tags, name) or ""
        if not text.isdecimal():
            raise _malformed(path, f"{name} is no number: '{text}' - in `{place}`")
        return int(text)

    nonce, item = number("Nonce"), node.message
    if item is None:
        return Entry(nonce, None)
    owner = item.owner.address
    message = Message(
        id=item.id,
        signature=item.signature,
        owner=owner,
        sender=sender_of(owner, item.tags),
        forwarded_by=forwarder_of(owner, item.tags),
        # The process item has no target of its own; its message is for the process that it makes.
        target=item.id if nonce == 0 else item.target or "",
        anchor=item.anchor,
        tags=hide_claims(item.tags),
        data=item.data,
        epoch=number("Epoch"),
        nonce=nonce,
        timestamp=number("Timestamp"),
        block_height=number("Block-Height"),
        hash_chain=first_tag(node.assignment.tags, "Hash-Chain"),
        cron=False,
        read_only=False,
    )
    return Entry(nonce, message)


def _environment(entries: Sequence[Entry], path: Path) -> Environment:
    first = entries[0].message if entries else None
    module = None if first is None else first.tag("Module")
    if first is None or module is None or first.tag("Type") != "Process":
        raise _malformed(
            path,
            "it does not begin with the process itself - in `$.edges[0].node.message`",
            hint="Ask the scheduler for the first page: without `from`, or with from-nonce=-1.",
        )
    process = Definition(first.id or "", first.owner or "", first.tags)
    return Environment(process, Definition(module, "", ()))


def _malformed(path: Path, reason: str, *, hint: str | None = None) -> TraceError:
    usual = "A page is what GET /<process>?process-id=<process> of a scheduler answers."
    return TraceError(f"not a page of messages: {reason}", where=str(path), hint=hint or usual)
