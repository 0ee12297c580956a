"""
Player: plays the steps of a scenario and says how each came out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from aosctl.directory import Directory
from aosctl.errors import AosctlError, ScenarioError
from aosctl.message import Message
from aosctl.names import listed
from aosctl.scenario.expectation import (
    describe,
    find_difference,
    find_fault,
    find_missing,
    list_messages,
)
from aosctl.scenario.ground import Ground, Outcome, States
from aosctl.scenario.scenario import Expectation, Step
from aosctl.scenario.template import fill, open_names
from aosctl.scenario.values import follow, put_figure, read_value


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """How one thing came out: it held, it did not, or it could not be asked here."""

    name: str
    ok: bool
    detail: str
    skipped: bool = False


class Picture(msgspec.Struct, frozen=True):
    """The messages of one step, to be drawn."""

    title: str
    messages: tuple[Message, ...]
    directory: Directory


class Player:
    """Plays steps on one ground. `values` are known to their texts; `figures` grows."""

    def __init__(self, ground: Ground, values: Mapping[str, Any], figures: dict[str, Any]) -> None:
        self.ground = ground
        directory = ground.directory
        self.values = {**values, **directory.wallets, **directory.processes}
        self.figures = figures
        self.pictures: list[Picture] = []

    def play(self, step: Step, *, stage: str) -> Check:
        """Carry out one step and return how it came out; it raises for nothing foreseeable."""
        name = f"{stage}: {step.name}"
        try:
            filled = self._fill(step)
            before = self.ground.published()
            outcome = self.ground.carry_out(filled)
            faults = [*outcome.failures, *self._faults(filled, outcome, before)]
            faults += self._take(filled, outcome)
        except AosctlError as error:
            parts = (error.message, error.where, error.hint)
            return Check(name=name, ok=False, detail="; ".join(filter(None, parts)))
        if faults:
            return Check(name=name, ok=False, detail="; ".join(faults))
        return Check(name=name, ok=True, detail=self._summary(filled, outcome))

    def _fill(self, step: Step) -> Step:
        if unknown := sorted(set(open_names(msgspec.to_builtins(step))) - self.values.keys()):
            raise ScenarioError(f"it needs {listed(unknown)}, which no step before has given")
        try:
            return msgspec.convert(fill(msgspec.to_builtins(step), self.values), Step)
        except msgspec.ValidationError as error:
            raise ScenarioError(f"a value does not fit where it is used: {error}") from None

    def _faults(self, step: Step, outcome: Outcome, before: States) -> Iterator[str]:
        directory = self.ground.directory
        answers, between = self._answers(step, outcome), self._between(outcome)
        if missing := find_missing(step.answers, answers, directory, in_order=False):
            yield f"answer {missing}"
        if missing := find_missing(step.between, between, directory, in_order=True):
            yield f"between the processes {missing}"
        yield from self._unwanted(step.never, outcome)
        if step.silent and outcome.caused:
            yield f"it is not silent: {list_messages(outcome.caused, directory)}"
        yield from self._published_faults(step)
        yield from self._changes(step, before)

    def _unwanted(self, never: Sequence[Expectation], outcome: Outcome) -> Iterator[str]:
        for wish in never:
            for message in outcome.caused:
                if find_fault(wish, message, self.ground.directory) is None:
                    came = list_messages([message], self.ground.directory)
                    yield f"{describe(wish)} must never come, and did: {came}"

    def _published_faults(self, step: Step) -> Iterator[str]:
        published = self.ground.published()
        for name, wanted in step.published.items():
            if fault := find_difference(wanted, published.get(name, {})):
                yield f"{name} publishes otherwise: {fault}"

    def _changes(self, step: Step, before: States) -> Iterator[str]:
        after = self.ground.published()
        if isinstance(step.unchanged, bool):
            paths = tuple(after) if step.unchanged else ()
        else:
            paths = step.unchanged
        for path in paths:
            name, _, inner = path.partition(".")
            was, now = (follow(state.get(name, {}), inner, name) for state in (before, after))
            if was != now:
                yield f"it changed: {find_difference(was, now, path) or f'{path} has new keys'}"

    def _take(self, step: Step, outcome: Outcome) -> list[str]:
        """Keep the values and the figures of a step; return why one could not be had."""
        faults: list[str] = []
        for part, sources in (("keep", step.keep), ("figures", step.figures)):
            for name, source in sources.items():
                try:
                    value = read_value(
                        source,
                        answers=self._answers(step, outcome),
                        published=self.ground.published(),
                        elapsed_ms=outcome.elapsed_ms,
                        directory=self.ground.directory,
                    )
                except AosctlError as error:
                    faults.append(f"{part}.{name}: {error.message}")
                    continue
                if part == "keep":
                    self.values[name] = value
                else:
                    put_figure(self.figures, name, value)
        if step.picture:
            messages = ((outcome.root,) if outcome.root else ()) + outcome.caused
            self.pictures.append(Picture(step.picture, messages, self.ground.directory))
        return faults

    def _answers(self, step: Step, outcome: Outcome) -> list[Message]:
        """Return what reached the sender; of a step that only moves the clock, everything."""
        if step.sender is None:
            return list(outcome.caused)
        asker = self.ground.directory.address(step.sender)
        return [message for message in outcome.caused if message.target == asker]

    def _between(self, outcome: Outcome) -> list[Message]:
        is_process = self.ground.directory.is_process
        return [m for m in outcome.caused if is_process(m.sender) and is_process(m.target)]

    def _summary(self, step: Step, outcome: Outcome) -> str:
        """Return what was seen, in one line."""
        answers, between = self._answers(step, outcome), self._between(outcome)
        words = []
        if answers:
            words.append(f"answers: {', '.join(m.action or 'no Action' for m in answers)}")
        elif step.sends:
            words.append("no answer")
        if between:
            words.append(f"{len(between)} messages between processes")
        return "; ".join(words) or "as expected"
