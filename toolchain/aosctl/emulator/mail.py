"""
Mail: messages on their way, in the bytes in which they enter and leave Lua.

The messenger's rules are those of `messenger.py`, which tells what it does; here is the short way
for the outbox that needs none of its judgement, which is nearly every one.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from typing import Any

import msgspec

from aosctl.dataitem import MAX_TAG_BYTES, encode_base64url
from aosctl.emulator.row import PROTOCOL, Answer, outbox_place
from aosctl.emulator.shape import (
    SCHEDULED,
    Names,
    Row,
    Shape,
    Values,
    find_shape,
    read_message,
    unschedule,
)
from aosctl.message import Environment, Message, first_tag, to_bytes

_ADDRESS = re.compile(rb"[A-Za-z0-9_-]{43}|0x[0-9A-Fa-f]{40}")
# Tags that make a messenger, a compute unit or our record of published state do something.
_TELLING = frozenset(
    {
        *(b"Data-Protocol", b"Type", b"From-Process", b"From-Module", b"Assignments"),
        *(b"From", b"Owner", b"device"),
    }
)
_VARIANT = PROTOCOL[1][1].encode()
_AVRO_BYTES_PER_TAG = 6
_FIELDS = (b"Id", b"Owner", b"From", b"Forwarded-By", b"Target", b"Anchor", b"Data")
_ADDED = (b"Data-Protocol", b"Type", b"From-Process", b"From-Module", b"Pushed-For")


class Letter(msgspec.Struct, gc=False):
    """
    A message that waits in a mailbox: all but what the scheduler adds, which `shape` has already.

    `is_fresh` says that nothing of its id can have been delivered before.
    """

    receiver: str
    parent: str | None
    root: str
    id: str
    shape: Shape
    head: Values
    tags: Values
    is_fresh: bool = False


class Entry(msgspec.Struct, gc=False):
    """
    A message of an outbox that waits in a mailbox, not yet written as a letter.

    Most of them go to wallets, and nobody ever looks at them. `cause` is the number of the step
    that sent it, `place` its place in the outbox, `offset` where it begins in the answer.
    """

    receiver: str
    cause: int
    place: int
    offset: int


def derive_id(cause: str, kind: str, place: int) -> str:
    """Return an id that follows from the id of a message and a place in its outbox."""
    return encode_base64url(hashlib.sha256(f"{cause}:{kind}:{place}".encode()).digest())


def sort_outbox(answer: Answer, cause: int) -> list[Entry] | None:
    """Return the entries of an outbox, or None where the messenger has to look at it."""
    if answer[0] != b"row":
        return None
    place = outbox_place(answer)
    entries: list[Entry] = []
    offset = place + 1
    for number in range(answer[place]):
        reference, target, data, count = answer[offset : offset + 4]
        begin, end = offset + 4, offset + 4 + 2 * count
        if not (
            type(reference) is int
            and type(target) is bytes
            and _ADDRESS.fullmatch(target)
            and (data is None or type(data) is bytes)
            and _is_telling_nothing(answer[begin:end:2])
            and _fits(answer[begin:end])
        ):
            return None
        entries.append(Entry(target.decode(), cause, number, offset))
        offset = end
    return None if answer[offset] else entries  # spawns


@lru_cache(maxsize=4096)
def _is_telling_nothing(names: Names) -> bool:
    return _TELLING.isdisjoint(names)


def _fits(pairs: Values) -> bool:
    """Return whether all values are text, and together surely within the limit for tags."""
    try:
        size = len(b"".join(pairs))
    except TypeError:
        return False
    # Besides these there are Variant and Reference, which take less than a hundred.
    return size + len(pairs) * _AVRO_BYTES_PER_TAG // 2 < MAX_TAG_BYTES - 100


class Sender(msgspec.Struct, frozen=True):
    """What a process's messages say about where they come from."""

    authority: bytes
    process: bytes
    module: bytes

    @classmethod
    def of(cls, environment: Environment, authority: str) -> Sender:
        """Return what the messages of that process say when that messenger carries them."""
        process = environment.process
        module = first_tag(process.tags, "Module") or environment.module.id
        return cls(to_bytes(authority), to_bytes(process.id), to_bytes(module))


def write_letter(entry: Entry, *, answer: Answer, cause: str, root: str, sender: Sender) -> Letter:
    """Return the letter that `entry` becomes, as `messenger.push` and a signature make it."""
    reference, target, data, count = answer[entry.offset : entry.offset + 4]
    begin = entry.offset + 4
    end = begin + 2 * count
    message_id = derive_id(cause, "message", entry.place)
    authority, process = sender.authority, sender.process
    return Letter(
        receiver=entry.receiver,
        parent=cause,
        root=root,
        id=message_id,
        shape=_pushed_shape(answer[begin:end:2]),
        head=(
            *(message_id.encode(), authority, process, authority),
            *(target, b"%032d" % reference, data or b" "),  # an item without data has one blank
        ),
        tags=(
            *(_VARIANT, b"%d" % reference, *answer[begin + 1 : end : 2]),
            *(b"ao", b"Message", process, sender.module, to_bytes(root)),
        ),
        is_fresh=True,
    )


@lru_cache(maxsize=4096)
def _pushed_shape(names: Names) -> Shape:
    return find_shape(_FIELDS + SCHEDULED, (b"Variant", b"Reference", *names, *_ADDED))


def schedule(letter: Letter, scheduled: Values) -> Row:
    """Return the row of a letter that the scheduler has assigned to its receiver."""
    return letter.shape, (*letter.head, *scheduled, *letter.tags)


def arrive(letter: Letter, now: int) -> Row:
    """Return the row of a letter that a plain wallet has got, at that time."""
    fields, names = letter.shape
    kept = fields[: -len(SCHEDULED)]
    values = (*letter.head, now, *letter.tags)
    return find_shape((*kept, b"Timestamp"), names), values


def read_letter(letter: Letter) -> Message:
    """Return the message of a letter: as it was before a scheduler had seen it."""
    return unschedule(read_message(arrive(letter, 0)))


def make_letter(
    message: Message, *, receiver: str, parent: str | None, root: str, is_fresh: bool = False
) -> Letter:
    """Return the letter of a message that has no scheduler yet."""
    fields: list[bytes] = []
    head: list[Any] = []
    for key, value in _texts(message):
        if value is not None:
            fields.append(key)
            head.append(to_bytes(value))
    names = tuple([to_bytes(tag.name) for tag in message.tags])
    return Letter(
        receiver=receiver,
        parent=parent,
        root=root,
        id=message.id or "",
        shape=find_shape((*fields, *SCHEDULED), names),
        head=tuple(head),
        tags=tuple([to_bytes(tag.value) for tag in message.tags]),
        is_fresh=is_fresh,
    )


def _texts(message: Message) -> tuple[tuple[bytes, str | None], ...]:
    return (
        (b"Id", message.id),
        (b"Signature", message.signature),
        (b"Owner", message.owner),
        (b"From", message.sender),
        (b"Forwarded-By", message.forwarded_by),
        (b"Target", message.target),
        (b"Anchor", message.anchor),
        (b"Data", message.data),
    )
