"""
Mail: messages on their way, in the bytes in which they enter and leave Lua.

The messenger's rules are those of `messenger.py`, which tells what it does; here is the short way
for the outbox that needs none of its judgement, which is nearly every one.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection
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
from aosctl.message import (
    ETHEREUM_PATTERN,
    ID_PATTERN,
    Environment,
    Message,
    first_tag,
    to_bytes,
)

_ADDRESS = re.compile(b"|".join(p.pattern.encode() for p in (ID_PATTERN, ETHEREUM_PATTERN)))
# Tags that make a messenger, a compute unit or our record of published state do something.
_TELLING = frozenset(
    {
        *(b"Data-Protocol", b"Type", b"From-Process", b"From-Module", b"Assignments"),
        *(b"From", b"Owner", b"device"),
    }
)
_WHO_SENDS = frozenset({"From-Process", "From", "Owner"})
_VARIANT = PROTOCOL[1][1].encode()
_BYTES_PER_TEXT = 3  # its length, in Avro
_SURE_BYTES = MAX_TAG_BYTES - 100  # the rest is more than Variant and Reference take
_FIELDS = (b"Id", b"Owner", b"From", b"Forwarded-By", b"Target", b"Anchor", b"Data")
_TEXTS = (
    *(b"Id", b"Signature", b"Owner", b"From"),
    *(b"Forwarded-By", b"Target", b"Anchor", b"Data"),
)
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

    @property
    def is_spawn(self) -> bool:
        """Return whether this is the message that makes its receiver."""
        return self.id == self.receiver

    @property
    def owner(self) -> Any:
        """Return the address of who signed the message."""
        return self.head[self.shape[0].index(b"Owner")]


class Entry(msgspec.Struct, gc=False):
    """
    A message of an outbox, not yet written as a letter: nobody may ever look at it.

    `cause` is the number of the step that sent it, `place` its place in the outbox; `now` is the
    time at which a wallet got it.
    """

    receiver: str
    root: str
    cause: int
    place: int
    now: int = 0


def derive_id(cause: str, kind: str, place: int) -> str:
    """Return an id that follows from the id of a message and a place in its outbox."""
    return encode_base64url(hashlib.sha256(f"{cause}:{kind}:{place}".encode()).digest())


def read_targets(answer: Answer) -> list[bytes] | None:
    """
    Return to whom the messages of an outbox go, in order.

    None where the messenger has to look at it: there are spawns or assignments, or a message that
    is lost, or is made into something else.
    """
    if answer[0] != b"row":
        return None
    offset = outbox_place(answer)
    targets: list[bytes] = []
    left = answer[offset]
    offset += 1
    while left:
        reference, target, data, count = answer[offset : offset + 4]
        end = offset + 4 + 2 * count
        pairs = answer[offset + 4 : end]
        try:
            size = len(b"".join(pairs))
        except TypeError:  # a value that is no text
            return None
        if (
            size + 2 * count * _BYTES_PER_TEXT > _SURE_BYTES
            or type(reference) is not int
            or type(target) is not bytes
            or _ADDRESS.fullmatch(target) is None
            or _is_telling(pairs[::2])
            or (type(data) is not bytes and data is not None)
        ):
            return None
        targets.append(target)
        offset = end
        left -= 1
    return None if answer[offset] else targets  # spawns


def find_message(answer: Answer, place: int) -> tuple[int, int]:
    """Return where the message at `place` of an outbox begins and ends in the answer."""
    begin = outbox_place(answer) + 1
    while True:
        end = begin + 4 + 2 * int(answer[begin + 3])
        if place == 0:
            return begin, end
        begin, place = end, place - 1


@lru_cache(maxsize=4096)
def _is_telling(names: Names) -> bool:
    return not _TELLING.isdisjoint(names)


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


def write_letter(entry: Entry, *, answer: Answer, cause: str, sender: Sender) -> Letter:
    """Return the letter that `entry` becomes, as `messenger.push` and a signature make it."""
    begin, end = find_message(answer, entry.place)
    reference, target, data = answer[begin : begin + 3]
    names, values = answer[begin + 4 : end : 2], answer[begin + 5 : end : 2]
    message_id = derive_id(cause, "message", entry.place)
    authority, process = sender.authority, sender.process
    return Letter(
        receiver=entry.receiver,
        parent=cause,
        root=entry.root,
        id=message_id,
        shape=_pushed_shape(names),
        head=(
            *(message_id.encode(), authority, process, authority),
            *(target, b"%032d" % reference, data or b" "),  # an item without data has one blank
        ),
        tags=(
            *(_VARIANT, b"%d" % reference, *values),
            *(b"ao", b"Message", process, sender.module, to_bytes(entry.root)),
        ),
        is_fresh=True,
    )


@lru_cache(maxsize=4096)
def _pushed_shape(names: Names) -> Shape:
    return find_shape(_FIELDS + SCHEDULED, (b"Variant", b"Reference", *names, *_ADDED))


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
    texts = (
        message.id,
        message.signature,
        message.owner,
        message.sender,
        message.forwarded_by,
        message.target,
        message.anchor,
        message.data,
    )
    present = tuple([text is not None for text in texts])
    return Letter(
        receiver,
        parent,
        root,
        message.id or "",
        _shape_of(present, tuple([tag.name for tag in message.tags])),
        encode_all([text for text in texts if text is not None]),
        encode_all([tag.value for tag in message.tags]),
        is_fresh,
    )


@lru_cache(maxsize=4096)
def _shape_of(present: tuple[bool, ...], names: tuple[str, ...]) -> Shape:
    fields = tuple(key for key, is_there in zip(_TEXTS, present, strict=True) if is_there)
    return find_shape(fields + SCHEDULED, encode_all(names))


def encode_all(texts: Collection[str]) -> tuple[bytes, ...]:
    """Return the bytes of each text."""
    try:
        return tuple([text.encode() for text in texts])
    except UnicodeEncodeError:
        return tuple([to_bytes(text) for text in texts])


# --- from outside -------------------------------------------------------------------------------


class Form(msgspec.Struct, frozen=True):
    """
    What follows from the names of the tags of a message from outside.

    `missing` are the values of the tags that a client would have added. A message that is `telling`
    has a tag that says who sends it.
    """

    shape: Shape
    missing: Values
    is_telling: bool


_PROTOCOL_VALUES = {name: value.encode() for name, value in PROTOCOL}
_FROM_OUTSIDE = (True, False, True, True, False, True, False, True)


@lru_cache(maxsize=4096)
def find_form(names: tuple[str, ...]) -> Form:
    """Return the form of messages whose tags have these names."""
    missing = [name for name in _PROTOCOL_VALUES if name not in names]
    return Form(
        shape=_shape_of(_FROM_OUTSIDE, (*names, *missing)),
        missing=tuple([_PROTOCOL_VALUES[name] for name in missing]),
        is_telling=not _WHO_SENDS.isdisjoint(names),
    )


def write_from_outside(
    *, form: Form, message_id: str, sender: str, target: str, tags: Values, data: str
) -> Letter:
    """Return the letter of a message that a wallet sends, and that is not telling."""
    owner = sender.encode()
    head = (message_id.encode(), owner, owner, target.encode(), to_bytes(data))
    return Letter(target, None, message_id, message_id, form.shape, head, tags, is_fresh=True)
