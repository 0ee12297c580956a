"""
Watch: the invariants of a bundle, asked after every delivery and whenever nothing is under way.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from aosctl.directory import Directory
from aosctl.emulator.trace import Step
from aosctl.scenario.invariants import Invariants

Published = dict[str, dict[str, Any]]


class Watch:
    """
    Asks the laws; remembers of each the first time that it did not hold.

    `read` gives what a process publishes. `asked` counts how often each law was asked.
    """

    def __init__(
        self,
        invariants: Invariants | None,
        directory: Directory,
        read: Callable[[str], dict[str, Any]],
    ) -> None:
        self.invariants = invariants
        self.broken: dict[str, str] = {}
        self.asked: dict[str, int] = {}
        self._directory = directory
        self._read = read
        self._names = {address: name for name, address in directory.processes.items()}
        self._now: Published = {}
        self._before: Published | None = None
        self.look()

    @property
    def published(self) -> Published:
        """Return what every process publishes now."""
        return self._now

    def look(self) -> None:
        """Read anew what every process publishes, without asking any law."""
        self._before = None
        addresses = self._directory.processes
        self._now = {name: copy.deepcopy(self._read(addresses[name])) for name in addresses}

    def after(self, step: Step) -> None:
        """Ask the laws that always hold, if the delivery changed what is published."""
        name = self._names.get(step.receiver)
        if name is None or not _publishes(step):
            return
        self._before = self._now
        self._now = {**self._now, name: copy.deepcopy(self._read(step.receiver))}
        sender = self._directory.name(step.message.sender)
        self._ask("always", f"after {name} got {step.message.action} from {sender}")

    def at_rest(self, when: str) -> None:
        """Ask every law, now that nothing is under way; `when` says since when."""
        self._ask("always", when)
        self._ask("at_rest", when)

    def _ask(self, part: str, when: str) -> None:
        if self.invariants is None:
            return
        names: Sequence[str] = getattr(self.invariants.laws, part)
        for name in names:
            self.asked[name] = self.asked.get(name, 0) + 1
        whole = [name for name in names if name not in self.broken]
        for broken in self.invariants.broken(
            whole, self._now, self._before, self._directory.processes
        ):
            self.broken[broken.law] = f"{when}: {broken.reason}"


def _publishes(step: Step) -> bool:
    return step.result is not None and any(
        sent.tag("device") is not None for sent in step.result.messages
    )


class Verdict(msgspec.Struct, frozen=True):
    """How one law came out over all watches."""

    law: str
    asked: int
    broken: str | None


def sum_up(invariants: Invariants | None, watches: Sequence[Watch]) -> list[Verdict]:
    """Return a verdict for each law, in the order in which the scenario names them."""
    if invariants is None:
        return []
    verdicts = []
    for law in (*invariants.laws.always, *invariants.laws.at_rest):
        broken = next((watch.broken[law] for watch in watches if law in watch.broken), None)
        asked = sum(watch.asked.get(law, 0) for watch in watches)
        verdicts.append(Verdict(law, asked, broken))
    return verdicts
