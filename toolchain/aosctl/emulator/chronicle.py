"""
The chronicle of a world: every delivery, kept as small as it can be, and shown as steps.

A step is made when it is looked at. Until then a delivery is what went into Lua and what came out;
of a message to a wallet it is only where it was sent.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import msgspec

from aosctl.emulator import mail, messenger
from aosctl.emulator.mail import Entry, Letter, Sender
from aosctl.emulator.row import Answer, read_row
from aosctl.emulator.shape import (
    Row,
    Shape,
    Values,
    find_shape,
    make_row,
    read_message,
    unschedule,
)
from aosctl.emulator.spool import CHUNK, Spool
from aosctl.emulator.trace import Step
from aosctl.message import Environment, Message, from_bytes

_MADE = 4096  # steps that are kept once they are made: whoever asks asks again


class Evaluation(msgspec.Struct, gc=False):
    """A message that a process evaluated."""

    receiver: str
    parent: str | None
    root: str
    id: str
    shape: Shape
    values: Values
    answer: Answer


class Receipt(msgspec.Struct, gc=False):
    """A letter that a wallet got, or that a process refused."""

    receiver: str
    parent: str | None
    root: str
    id: str
    shape: Shape
    head: Values
    tags: Values
    now: int | None
    refused: str | None


# An entry of an outbox that a wallet got stays what it was in the mailbox; one that it got at once
# is only its place in the outbox: its cause is so many deliveries before.
Delivery = Evaluation | Receipt | Entry | Step | int
_KINDS: tuple[type[Evaluation | Receipt | Entry], ...] = (Evaluation, Receipt, Entry)
_NUMBERS: dict[type, int] = {kind: number for number, kind in enumerate(_KINDS)}
_SHAPED = (Evaluation, Receipt)


class Chronicle(Sequence[Step]):
    """
    The steps of a world, in order of delivery.

    Only the last few thousand deliveries are in memory. `sender_of` tells what the messages of a
    process say about where they come from, `environment_of` what it was made with.
    """

    def __init__(
        self, sender_of: Callable[[str], Sender], environment_of: Callable[[str], Environment]
    ) -> None:
        self._sender_of = sender_of
        self._environment_of = environment_of
        self._deliveries: Spool[Delivery] = Spool(
            pack=_pack, unpack=_unpack, on_spill=self._forget_places
        )
        self._made: dict[int, Step] = {}
        # Where the messages in memory are; of the others, sorted hashes of ids by chunk.
        self._places: dict[str, int] = {}
        self._more_places: dict[str, list[int]] = {}  # of messages that were assigned
        self._hashes: list[array[int]] = []

    # --- a sequence of steps ---------------------------------------------------------------------

    def __len__(self) -> int:
        return self._deliveries.count

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        """Return one step, or those of a slice."""
        if isinstance(index, slice):
            return [self._step(number) for number in range(*index.indices(len(self)))]
        number = index + len(self) if index < 0 else index
        if not 0 <= number < len(self):
            raise IndexError(index)
        return self._step(number)

    def __iter__(self) -> Iterator[Step]:
        number = 0
        while number < len(self):
            yield self._step(number)
            number += 1

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or len(self) != len(other):
            return NotImplemented if not isinstance(other, Sequence) else False
        return all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # it grows

    def since(self, start: int) -> Part:
        """Return the steps from number `start` to the present last one."""
        return Part(self, range(start, self._deliveries.count))

    # --- adding ----------------------------------------------------------------------------------

    def add_evaluation(self, letter: Letter, values: Values, answer: Answer) -> None:
        """Add a message that a process has evaluated."""
        name = letter.id
        self._note_place(name)
        self._deliveries.append(
            Evaluation(
                letter.receiver, letter.parent, letter.root, name, letter.shape, values, answer
            )
        )

    def add_receipt(self, letter: Letter, *, now: int | None, refused: str | None = None) -> None:
        """Add a letter that a wallet got at `now`, or that a process refused."""
        self._note_place(letter.id)
        self._deliveries.append(
            Receipt(
                letter.receiver,
                letter.parent,
                letter.root,
                letter.id,
                letter.shape,
                letter.head,
                letter.tags,
                now,
                refused,
            )
        )

    def add_arrivals(self, count: int) -> None:
        """Add that wallets got at once all that the last evaluation sent: so many messages."""
        for place in range(count):
            self._deliveries.append(place)

    def add_arrival(self, entry: Entry, now: int) -> None:
        """Add a message of an outbox that a wallet got."""
        entry.now = now
        self._deliveries.append(entry)

    def add_step(self, step: Step) -> None:
        """Add a step of an earlier run."""
        self._note_place(step.id)
        self._deliveries.append(step)

    def _note_place(self, message: str) -> None:
        if message in self._places:
            self._more_places.setdefault(message, []).append(self._deliveries.count)
        else:
            self._places[message] = self._deliveries.count

    # --- questions -------------------------------------------------------------------------------

    def of(self, receiver: str) -> list[Step]:
        """Return the deliveries to `receiver`."""
        return [
            self._step(number)
            for number, delivery in enumerate(self._deliveries)
            if self._receiver(number, delivery) == receiver
        ]

    def row(self, number: int) -> Row:
        """Return the message that a process evaluated, as it entered Lua."""
        delivery = self._deliveries[number]
        if isinstance(delivery, Evaluation):
            return delivery.shape, delivery.values
        return make_row(self._step(number).message)

    def find(self, message: str, receiver: str | None = None) -> Step | None:
        """Return the first delivery of `message` (to `receiver`), or None."""
        for number in self._numbers(message):
            if receiver in {None, self._receiver(number, self._deliveries[number])}:
                return self._step(number)
        return None

    def has(self, message: str, receiver: str) -> bool:
        """Return whether `message` was delivered to the process `receiver` before."""
        return any(
            self._receiver(number, self._deliveries[number]) == receiver
            for number in self._recorded(message)
        )

    def letter(self, entry: Entry) -> Letter:
        """Return the letter of an entry of an outbox."""
        cause = self._evaluation(entry.cause)
        sender = self._sender_of(cause.receiver)
        return mail.write_letter(entry, answer=cause.answer, cause=cause.id, sender=sender)

    def close(self) -> None:
        """Give back what lies on the disk."""
        self._deliveries.close()

    # --- where the messages are ------------------------------------------------------------------

    def _numbers(self, message: str) -> Iterator[int]:
        """Yield where `message` was delivered; those that wallets got from processes come last."""
        yield from self._recorded(message)
        for number, delivery in enumerate(self._deliveries):
            if isinstance(delivery, Entry | int) and self._arrived_id(number, delivery) == message:
                yield number

    def _recorded(self, message: str) -> Iterator[int]:
        """Yield where `message` was delivered with its id: to all but wallets."""
        wanted = hash(message)
        for chunk, hashes in enumerate(self._hashes):
            place = bisect_left(hashes, wanted)
            if place < len(hashes) and hashes[place] == wanted:
                for number in range(chunk * CHUNK, (chunk + 1) * CHUNK):
                    if _id_of(self._deliveries[number]) == message:
                        yield number
        if message in self._places:
            yield self._places[message]
            yield from self._more_places.get(message, ())

    def _forget_places(self, start: int, leaving: list[Delivery]) -> None:
        """Keep of deliveries that leave memory only the hashes of their ids."""
        ids = [name for name in map(_id_of, leaving) if name is not None]
        self._hashes.append(array("q", sorted(map(hash, ids))))
        for name in ids:
            more = self._more_places.pop(name, ())
            staying = [number for number in more if number >= start + len(leaving)]
            del self._places[name]
            if staying:
                self._places[name] = staying[0]
                self._more_places[name] = staying[1:]

    # --- what a delivery was ---------------------------------------------------------------------

    def _evaluation(self, number: int) -> Evaluation:
        found = self._deliveries[number]
        if not isinstance(found, Evaluation):
            raise TypeError(found)
        return found

    def _receiver(self, number: int, delivery: Delivery) -> str:
        if isinstance(delivery, int):
            answer = self._evaluation(number - delivery - 1).answer
            begin, _ = mail.find_message(answer, delivery)
            return from_bytes(answer[begin + 1])
        return delivery.receiver

    def _arrived_id(self, number: int, delivery: Entry | int) -> str:
        entry = self._entry(number, delivery)
        return mail.derive_id(self._evaluation(entry.cause).id, "message", entry.place)

    def _entry(self, number: int, delivery: Entry | int) -> Entry:
        if isinstance(delivery, Entry):
            return delivery
        place = delivery
        cause = self._evaluation(number - place - 1)
        now = cause.values[cause.shape[0].index(b"Timestamp")]
        receiver = self._receiver(number, place)
        return Entry(receiver, cause.root, number - place - 1, place, now)

    # --- making steps ----------------------------------------------------------------------------

    def _step(self, number: int) -> Step:
        step = self._made.get(number)
        if step is None:
            if len(self._made) >= _MADE:
                self._made.clear()
            step = self._made[number] = self._make(number, self._deliveries[number])
        return step

    def _make(self, number: int, delivery: Delivery) -> Step:
        if isinstance(delivery, Evaluation):
            return self._make_evaluated(number, delivery)
        if isinstance(delivery, Entry | int):
            entry = self._entry(number, delivery)
            return _make_received(number, self.letter(entry), entry.now)
        if isinstance(delivery, Receipt):
            letter = Letter(
                delivery.receiver,
                delivery.parent,
                delivery.root,
                delivery.id,
                delivery.shape,
                delivery.head,
                delivery.tags,
            )
            return _make_received(number, letter, delivery.now, refused=delivery.refused)
        return delivery

    def _make_evaluated(self, number: int, delivery: Evaluation) -> Step:
        result = read_row(delivery.answer)
        sender = self._environment_of(delivery.receiver)
        post = messenger.push(result, cause=delivery.id, root=delivery.root, sender=sender)
        return Step(
            index=number,
            message=read_message((delivery.shape, delivery.values)),
            receiver=delivery.receiver,
            parent=delivery.parent,
            root=delivery.root,
            result=result,
            lost=post.lost,
        )


class ProcessLog:
    """The messages of one process that were not undone, as rows: a part of a chronicle."""

    def __init__(self, chronicle: Chronicle) -> None:
        self._chronicle = chronicle
        self._numbers = array("Q")

    def __len__(self) -> int:
        return len(self._numbers)

    def append(self, row: Row) -> None:  # noqa: ARG002 - the chronicle is given it right after
        """Add the message that the chronicle is about to be given."""
        self._numbers.append(len(self._chronicle))

    def note(self, number: int) -> None:
        """Add a step that the chronicle has already."""
        self._numbers.append(number)

    def since(self, start: int) -> Iterator[Row]:
        """Yield the rows from number `start` on."""
        for number in self._numbers[start:]:
            yield self._chronicle.row(number)

    def close(self) -> None:
        """Nothing of it is its own."""


class Part(Sequence[Step]):
    """Some steps of a chronicle, made when they are looked at."""

    def __init__(self, chronicle: Chronicle, numbers: range) -> None:
        self._chronicle = chronicle
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> Part: ...
    def __getitem__(self, index: int | slice) -> Step | Part:
        """Return one step, or the part of a slice."""
        if isinstance(index, slice):
            return Part(self._chronicle, self._numbers[index])
        return self._chronicle[self._numbers[index]]

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Sequence) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __repr__(self) -> str:
        return repr(list(self))


def unscheduled(step: Step) -> Message:
    """Return the message of a step as it was sent, for it may be assigned to others."""
    return unschedule(step.message)


def _make_received(
    number: int, letter: Letter, now: int | None, *, refused: str | None = None
) -> Step:
    message = read_message(mail.arrive(letter, 0 if now is None else now))
    return Step(
        index=number,
        message=message if now is not None else unschedule(message),
        receiver=letter.receiver,
        parent=letter.parent,
        root=letter.root,
        refused=refused,
    )


def _id_of(delivery: Delivery) -> str | None:
    return None if isinstance(delivery, Entry | int) else delivery.id


def _pack(delivery: Delivery) -> Any:
    if isinstance(delivery, int):
        return delivery
    kind = _NUMBERS.get(type(delivery))
    if kind is None:
        return None, msgspec.to_builtins(delivery)
    return kind, msgspec.structs.astuple(delivery)


def _unpack(packed: Any) -> Delivery:
    if isinstance(packed, int):
        return packed
    kind, values = packed
    if kind is None:
        return msgspec.convert(values, Step)
    delivery: Delivery = _KINDS[kind](*values)
    if isinstance(delivery, _SHAPED):
        delivery.shape = find_shape(*delivery.shape)
    return delivery
