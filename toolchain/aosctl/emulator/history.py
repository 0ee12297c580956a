"""
The history of a world: every delivery, kept as small as it can be, and shown as steps.

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
from aosctl.emulator.shape import Row, Shape, Values, find_shape, read_message, unschedule
from aosctl.emulator.spool import CHUNK, Spool
from aosctl.emulator.trace import Step
from aosctl.message import Environment, Message

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


class Arrival(msgspec.Struct, gc=False):
    """A message of an outbox that a wallet got."""

    receiver: str
    cause: int
    place: int
    offset: int
    now: int


Delivery = Evaluation | Receipt | Arrival | Step
_KINDS: tuple[type[Evaluation | Receipt | Arrival], ...] = (Evaluation, Receipt, Arrival)
_SHAPED = (Evaluation, Receipt)


class History(Sequence[Step]):
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
        self._places: dict[str, list[int]] = {}
        self._hashes: list[array[int]] = []

    # --- a sequence of steps ---------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._deliveries)

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
        return Part(self, range(start, len(self)))

    # --- adding ----------------------------------------------------------------------------------

    def add_evaluation(self, letter: Letter, row: Row, answer: Answer) -> None:
        """Add a message that a process has evaluated."""
        places = self._places.get(letter.id)
        if places is None:
            self._places[letter.id] = [len(self._deliveries)]
        else:
            places.append(len(self._deliveries))
        shape, values = row
        self._deliveries.append(
            Evaluation(
                letter.receiver, letter.parent, letter.root, letter.id, shape, values, answer
            )
        )

    def add_receipt(self, letter: Letter, *, now: int | None, refused: str | None = None) -> None:
        """Add a letter that a wallet got at `now`, or that a process refused."""
        self._places.setdefault(letter.id, []).append(len(self))
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

    def add_arrival(self, entry: Entry, now: int) -> None:
        """Add a message of an outbox that a wallet got."""
        self._deliveries.append(
            Arrival(entry.receiver, entry.cause, entry.place, entry.offset, now)
        )

    def add_step(self, step: Step) -> None:
        """Add a step of an earlier run."""
        self._places.setdefault(step.id, []).append(len(self))
        self._deliveries.append(step)

    # --- questions -------------------------------------------------------------------------------

    def of(self, receiver: str) -> list[Step]:
        """Return the deliveries to `receiver`."""
        return [
            self._step(number)
            for number, delivery in enumerate(self._deliveries)
            if delivery.receiver == receiver
        ]

    def find(self, message: str, receiver: str | None = None) -> Step | None:
        """Return the first delivery of `message` (to `receiver`), or None."""
        for number in self._numbers(message):
            if receiver is None or self._deliveries[number].receiver == receiver:
                return self._step(number)
        return None

    def has(self, message: str, receiver: str) -> bool:
        """Return whether `message` was delivered to the process `receiver` before."""
        return any(
            self._deliveries[number].receiver == receiver for number in self._recorded(message)
        )

    def letter(self, entry: Entry) -> Letter:
        """Return the letter of an entry of an outbox."""
        cause = self._deliveries[entry.cause]
        if not isinstance(cause, Evaluation):
            raise TypeError(cause)
        sender = self._sender_of(cause.receiver)
        return mail.write_letter(
            entry, answer=cause.answer, cause=cause.id, root=cause.root, sender=sender
        )

    def root_of(self, entry: Entry) -> str:
        """Return the id of the message from outside that an entry of an outbox goes back to."""
        return self._deliveries[entry.cause].root  # type: ignore[union-attr]  # it was evaluated

    def close(self) -> None:
        """Give back what lies on the disk."""
        self._deliveries.close()

    # --- where the messages are ------------------------------------------------------------------

    def _numbers(self, message: str) -> Iterator[int]:
        """Yield where `message` was delivered; those that wallets got from processes come last."""
        yield from self._recorded(message)
        for number, delivery in enumerate(self._deliveries):
            if isinstance(delivery, Arrival) and self._arrived_id(delivery) == message:
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
        yield from self._places.get(message, ())

    def _forget_places(self, start: int, leaving: list[Delivery]) -> None:
        """Keep of deliveries that leave memory only the hashes of their ids."""
        ids = [name for name in map(_id_of, leaving) if name is not None]
        self._hashes.append(array("q", sorted(map(hash, ids))))
        for name in ids:
            staying = [n for n in self._places.pop(name, ()) if n >= start + len(leaving)]
            if staying:
                self._places[name] = staying

    def _arrived_id(self, arrival: Arrival) -> str:
        cause = self._deliveries[arrival.cause]
        return mail.derive_id(_id_of(cause) or "", "message", arrival.place)

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
        if isinstance(delivery, Arrival):
            entry = Entry(delivery.receiver, delivery.cause, delivery.place, delivery.offset)
            return _make_received(number, self.letter(entry), delivery.now)
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


class Part(Sequence[Step]):
    """Some steps of a history, made when they are looked at."""

    def __init__(self, history: History, numbers: range) -> None:
        self._history = history
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
            return Part(self._history, self._numbers[index])
        return self._history[self._numbers[index]]

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
    return None if isinstance(delivery, Arrival) else delivery.id


def _pack(delivery: Delivery) -> Any:
    for kind, made in enumerate(_KINDS):
        if isinstance(delivery, made):
            return kind, msgspec.structs.astuple(delivery)
    return None, msgspec.to_builtins(delivery)


def _unpack(packed: Any) -> Delivery:
    kind, values = packed
    if kind is None:
        return msgspec.convert(values, Step)
    delivery: Delivery = _KINDS[kind](*values)
    if isinstance(delivery, _SHAPED):
        delivery.shape = find_shape(*delivery.shape)
    return delivery
