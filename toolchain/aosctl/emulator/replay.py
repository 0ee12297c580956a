"""
Recorded traces of the real aos module, replayed on ours.

Each case starts from a fresh process; each step is a message and what the module made of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from aosctl.emulator.comparison import compare_result
from aosctl.emulator.process import Process
from aosctl.emulator.profile import AOS, Profile
from aosctl.emulator.recording import Case, load_cases, make_message
from aosctl.message import Environment


class Difference(msgspec.Struct, frozen=True):
    """Where a replay departs from its trace: `path` leads to the value within the result."""

    file: str
    case: str
    step: int
    path: str
    expected: Any
    actual: Any


class ReplayReport(msgspec.Struct, frozen=True):
    """How many cases and steps were replayed, and the steps that came out otherwise."""

    cases: int
    steps: int
    failed: tuple[Difference, ...] = ()


def replay_files(paths: Iterable[Path], *, profile: Profile = AOS) -> ReplayReport:
    """
    Replay every case of the trace files and return what came out otherwise.

    A step is reported once, with the first place where it departs.

    Raises:
        TraceError: a file cannot be read, or is not a trace.
    """
    cases = steps = 0
    failed: list[Difference] = []
    for path in paths:
        for case, environment in load_cases(path):
            cases, steps = cases + 1, steps + len(case.steps)
            failed.extend(_replay_case(path.name, case, environment, profile))
    return ReplayReport(cases, steps, tuple(failed))


def _replay_case(
    file: str, case: Case, environment: Environment, profile: Profile
) -> Iterator[Difference]:
    process = Process(environment, profile=profile)
    for index, step in enumerate(case.steps):
        message, extra, compare = make_message(step)
        result = process.evaluate(message, extra=extra)
        found = next(compare_result(step.expected, result, compare), None)
        if found is not None:
            yield Difference(file, case.id, index, *found)
    process.close()
