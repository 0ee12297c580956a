"""
Figures: a thing and its floor, timed one after the other in every round.

A busy machine slows both, so the ratio of the medians says more than either.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).parents[2]

Timed = Callable[[], object]


class Figure(msgspec.Struct, frozen=True, omit_defaults=False):
    """One line of the table; `floor` is in the same unit, where there is one."""

    name: str
    value: float
    unit: str
    floor: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return how many times its floor the value is."""
        return None if self.floor is None else self.value / self.floor


def median_seconds(*things: Timed, rounds: int) -> list[float]:
    """Return the median time of each of `things`, timed in turns."""
    times: list[list[float]] = [[] for _ in things]
    for _ in range(rounds):
        for thing, kept in zip(things, times, strict=True):
            kept.append(seconds(thing))
    return [statistics.median(kept) for kept in times]


def seconds(thing: Timed) -> float:
    """Return how long `thing` takes this once."""
    started = time.perf_counter()
    thing()
    return time.perf_counter() - started


def run(command: list[str]) -> str:
    """Run a command in the project; return what it printed."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def run_alone(module: str, *arguments: str) -> Any:
    """Return the JSON that a module of this folder prints in a Python of its own: memory is told
    apart from that of other figures.
    """
    return json.loads(run([sys.executable, "-m", f"tests.bench.{module}", *arguments]))


def resident_kb() -> int:
    """Return the memory that this Python holds now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4
