"""
Cron: the messages that a process asked its compute unit to make for it, by tags at its spawn.

    Cron-Interval: 5-minutes     Cron-Tag-Action: Tick     Cron-Interval: 10-blocks     …

They come between two scheduled messages, when block height or time, counted from the spawn, is a
multiple of the interval (reference: aos-runtime, section 2; ao-network, 5.4).
"""

from __future__ import annotations

import heapq
import math
import re

import msgspec

from aosctl.emulator.clock import BLOCK, Clock
from aosctl.errors import EmulatorError
from aosctl.message import Environment, Message, Tag, Tags

_INTERVAL = re.compile(r"\s*([0-9]{1,12})\s*-\s*([A-Za-z]+)\s*")
_TAG_PREFIX = "Cron-Tag-"
# What the compute unit's parser of durations knows. A month is not in it: such a cron never fires.
_SPELLINGS = {
    1: "millisecond milliseconds msec msecs ms",
    1_000: "second seconds sec secs s",
    60_000: "minute minutes min mins m",
    3_600_000: "hour hours hr hrs h",
    86_400_000: "day days d",
    604_800_000: "week weeks w",
    31_557_600_000: "year years yr yrs y",
}
_UNITS = {word: length for length, words in _SPELLINGS.items() for word in words.split()}


class Cron(msgspec.Struct, frozen=True, kw_only=True):
    """One group of cron tags: every so many blocks, or milliseconds, a message with these tags."""

    interval: int
    counts_blocks: bool
    tags: Tags


class Due(msgspec.Struct, frozen=True, order=True):
    """A cron's next message. In this order they fire: by time, block crons before time crons."""

    time: int
    counts_seconds: bool
    process: int
    place: int


def read_crons(tags: Tags) -> tuple[Cron, ...]:
    """
    Return the crons that the tags of a process ask for; not those that can never fire.

    Raises:
        EmulatorError: a compute unit would refuse to evaluate the process.
    """
    groups: list[tuple[str, list[Tag]]] = []
    for tag in tags:
        if tag.name == "Cron-Interval":
            groups.append((tag.value, []))
        elif tag.name.startswith(_TAG_PREFIX):
            if not groups:
                raise EmulatorError(f"the tag {tag.name} comes before any Cron-Interval")
            groups[-1][1].append(Tag(tag.name.removeprefix(_TAG_PREFIX), tag.value))
    crons = (_read_cron(interval, tuple(asked)) for interval, asked in groups)
    return tuple(cron for cron in crons if cron is not None)


def _read_cron(interval: str, tags: Tags) -> Cron | None:
    found = _INTERVAL.fullmatch(interval)
    count = int(found[1]) if found else 0
    if found is None or count == 0:
        raise EmulatorError(
            f"Cron-Interval cannot be '{interval}'", hint="Write a number and a unit: 5-minutes."
        )
    unit = found[2].lower()
    if unit in {"block", "blocks"}:
        return Cron(interval=count, counts_blocks=True, tags=tags)
    if unit not in _UNITS:
        return None
    seconds = count * _UNITS[unit] // 1000
    if seconds == 0:
        raise EmulatorError(f"Cron-Interval '{interval}' is shorter than a second")
    return Cron(interval=seconds * 1000, counts_blocks=False, tags=tags)


class Schedule:
    """
    When each cron of a world fires next.

    `due` is the time of the first of them in milliseconds, infinite where there is none.
    """

    def __init__(self) -> None:
        self.due: float = math.inf
        self._heap: list[Due] = []
        self._asked: list[tuple[Environment, tuple[Cron, ...]]] = []

    def add(
        self, environment: Environment, crons: tuple[Cron, ...], *, origin: int, now: int
    ) -> None:
        """Enter the crons of a process that was spawned at `origin`, from after `now` on."""
        self._asked.append((environment, crons))
        for place, cron in enumerate(crons):
            time = _first_after(now, cron, origin)
            due = Due(time, not cron.counts_blocks, len(self._asked) - 1, place)
            heapq.heappush(self._heap, due)
        self._look()

    def take(self) -> tuple[str, Message]:
        """Return a name for what is due first, and its message; enter the cron's next one."""
        due = self._heap[0]
        environment, crons = self._asked[due.process]
        cron = crons[due.place]
        later = due.time + (cron.interval * BLOCK if cron.counts_blocks else cron.interval)
        heapq.heapreplace(self._heap, msgspec.structs.replace(due, time=later))
        self._look()
        process = environment.process
        message = Message(
            owner=process.owner,
            sender=process.owner,
            target=process.id,
            tags=cron.tags,
            timestamp=due.time,
            block_height=Clock(due.time).height,
            cron=True,
        )
        return f"{process.id}:cron:{due.place}:{due.time}", message

    def _look(self) -> None:
        self.due = self._heap[0].time if self._heap else math.inf


def _first_after(now: int, cron: Cron, origin: int) -> int:
    """Return the first time after `now`, and after the origin, at which a cron fires."""
    if cron.counts_blocks:
        start, step = Clock(origin).block_time, cron.interval * BLOCK
    else:
        start, step = origin // 1000 * 1000, cron.interval
    return start + max(1, (now - start) // step + 1) * step
