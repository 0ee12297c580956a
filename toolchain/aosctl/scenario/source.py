"""
Scenario source: `processes/<bundle>/smoke.toml`, read into a scenario.

Each `each` and each `to = "*"` is written out, every name that is used is known, and every fault
has its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from aosctl.duration import parse_duration
from aosctl.errors import ScenarioError, UsageError
from aosctl.names import did_you_mean, listed
from aosctl.scenario.scenario import (
    DEPLOYER,
    Expectation,
    Laws,
    Matches,
    Scenario,
    Source,
    Stage,
    Start,
    Step,
)
from aosctl.scenario.template import fill, open_names
from aosctl.toml_lines import TomlLines

EVERYBODY = "*"


def make_scenario(text: str, *, shown: str, processes: Iterable[str]) -> Scenario:
    """
    Return the scenario in `text`, a file called `shown`, for a bundle of these processes.

    Raises:
        ScenarioError: it cannot be followed; `where` is file and line.
    """
    return _Reader(text, shown, tuple(processes)).scenario()


# Where msgspec says that a value is wrong: $.stage[0].step[2].tags[...]
_PLACE = re.compile(r" - at `(?:key in )?\$([^`]*)`$")
_PART = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `([^`]*)`")
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]*")

# What a dry run cannot show, and so a stage on live processes cannot ask.
_NOT_LIVE = ("advance", "between", "unchanged", "picture")

_Key = tuple[str | int, ...]


class _Reader:
    """One file being read, with the places of its keys for what has to be said about them."""

    def __init__(self, text: str, shown: str, processes: tuple[str, ...]) -> None:
        self.text = text
        self.shown = shown
        self.processes = processes
        self.lines = TomlLines(text)

    def error(self, message: str, *key: str | int, hint: str | None = None) -> ScenarioError:
        place = f"{self.shown}:{self.lines.line(*key)}"
        return ScenarioError(message, where=place, hint=hint)

    def scenario(self) -> Scenario:
        written = self.convert(self.parse())
        self.refuse_bad_names(written)
        stages: list[Stage] = []
        started: Start | None = None
        values: set[str] = set()
        for place, stage in enumerate(written.stage):
            key: _Key = ("stage", place)
            started = stage.starts or started
            values = values if stage.starts is None else set()
            self.refuse_bad_stage(stage, stages, started, key)
            stages.append(self.expand(stage, written, started, values, key))
        return msgspec.structs.replace(written, stage=tuple(stages))

    # --- from text to structs --------------------------------------------------------------------

    def parse(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", str(error))
            line = int(found[1]) if found and found[1] else self.text.count("\n") + 1
            said = str(error).removesuffix(found[0] if found else "")
            place = f"{self.shown}:{line}"
            raise ScenarioError(f"the scenario is no TOML: {said}", where=place) from None

    def convert(self, tables: dict[str, Any]) -> Scenario:
        try:
            return msgspec.convert(tables, Scenario)
        except msgspec.ValidationError as error:
            raise self.invalid(str(error), tables) from None

    def invalid(self, said: str, tables: dict[str, Any]) -> ScenarioError:
        found = _PLACE.search(said)
        key: _Key = ()
        if found:
            parts = _PART.findall(found[1])
            key = tuple(name or int(number) for name, number in parts)
            key += _odd_one(tables, key) if found[1].endswith("[...]") else ()
            said = said.removesuffix(found[0])
        unknown = _UNKNOWN.search(said)
        if not unknown:
            return self.error(f"{_spelt(key)}: {said[:1].lower()}{said[1:]}", *key)
        known = _keys_of(key)
        return self.error(
            f"unknown key '{unknown[1]}' in {_spelt(key)}",
            *key,
            unknown[1],
            hint=did_you_mean(unknown[1], known) or f"Known here: {listed(known)}.",
        )

    # --- what a type cannot say ------------------------------------------------------------------

    def refuse_bad_names(self, scenario: Scenario) -> None:
        taken = dict.fromkeys(self.processes, "a process") | {DEPLOYER: "the deployer"}
        named: list[tuple[_Key, str, str]] = []
        named += [(("wallets", n), w, "a wallet") for n, w in enumerate(scenario.wallets)]
        named += [(("values", name), name, "a value") for name in scenario.values]
        for key, name, what in named:
            if not _PLAIN_NAME.fullmatch(name):
                hint = "Use small letters, digits and _, a letter first."
                raise self.error(f"'{name}' is no name for {what}", *key, hint=hint)
            if name in taken:
                raise self.error(f"'{name}' is already the name of {taken[name]}", *key)
            taken[name] = what
        both = set(scenario.invariants.always) & set(scenario.invariants.at_rest)
        if both:
            raise self.error(f"{listed(both)} is checked always, so also at rest", "invariants")

    def refuse_bad_stage(
        self, stage: Stage, before: list[Stage], started: Start | None, key: _Key
    ) -> None:
        if started is None:
            hint = "Add starts = 'unconfigured', 'configured' or 'live'."
            raise self.error(
                f"the first stage, '{stage.name}', does not say how it starts", *key, hint=hint
            )
        if stage.name in {other.name for other in before}:
            raise self.error(f"two stages are called '{stage.name}'", *key, "name")

    # --- writing out -----------------------------------------------------------------------------

    def expand(
        self, stage: Stage, scenario: Scenario, started: Start | None, kept: set[str], key: _Key
    ) -> Stage:
        """Return the stage with its steps written out and checked; `kept` grows by theirs."""
        people = (*self.processes, *scenario.wallets, DEPLOYER)
        steps: list[Step] = []
        for place, written in enumerate(stage.step):
            at = (*key, "step", place)
            for step in self.variants(written, at):
                self.refuse_bad_step(step, people, at)
                if started == "live":
                    self.refuse_change(step, at)
                self.refuse_unknown(step, {*people, *scenario.values, *kept}, at)
                if step.name in {other.name for other in steps}:
                    raise self.error(f"two steps here are called '{step.name}'", *at, "name")
                steps.append(step)
            kept.update(written.keep)
        return msgspec.structs.replace(stage, step=tuple(steps))

    def variants(self, step: Step, key: _Key) -> Iterator[Step]:
        """Give one step for each entry of `each` and, where it is to everybody, each process."""
        receivers = self.processes if step.receiver == EVERYBODY else (step.receiver,)
        for number, values in enumerate(step.each or ({},)):
            self.refuse_uneven(values, step.each[0] if step.each else {}, (*key, "each", number))
            for receiver in receivers:
                known = dict(values) | ({"to": receiver} if receiver else {})
                yield _filled(step, receiver, known)

    def refuse_uneven(self, values: Mapping[str, str], first: Mapping[str, str], key: _Key) -> None:
        if values.keys() != first.keys():
            message = f"this entry names {listed(values)}, the first one {listed(first)}"
            raise self.error(message, *key)

    def refuse_bad_step(self, step: Step, people: tuple[str, ...], key: _Key) -> None:
        self.refuse_half_message(step, key)
        for part, who in self.persons(step):
            if who is not None and "${" not in who and who not in people:
                hint = did_you_mean(who, people) or f"Known: {listed(people)}."
                raise self.error(f"nobody is called '{who}'", *key, *part, hint=hint)
        shown = [source.published for source in _sources(step) if source.published]
        for name in (*step.published, *shown):
            if name not in self.processes:
                hint = did_you_mean(name, self.processes) or f"Known: {listed(self.processes)}."
                raise self.error(f"no process is called '{name}'", *key, hint=hint)
        self.refuse_bad_expectations(step, key)
        self.refuse_bad_sources(step, key)

    def refuse_half_message(self, step: Step, key: _Key) -> None:
        if step.sends and step.sender is None:
            raise self.error(f"step '{step.name}' does not say whom its message is from", *key)
        if not step.sends and (step.sender or step.action or step.tags or step.data):
            raise self.error(f"step '{step.name}' does not say whom its message is to", *key)
        if step.data is not None and step.json is not msgspec.UNSET:
            raise self.error(f"step '{step.name}' has both data and json", *key, "json")
        if step.advance is not None:
            try:
                parse_duration(step.advance)
            except UsageError as error:
                raise self.error(error.message, *key, "advance", hint=error.hint) from None

    def persons(self, step: Step) -> Iterator[tuple[_Key, str | None]]:
        """Give every place where somebody is named, with the name."""
        yield ("from",), step.sender
        yield ("to",), step.receiver
        for part in ("answers", "between", "never"):
            for number, wanted in enumerate(getattr(step, part)):
                yield (part, number, "from"), wanted.sender
                yield (part, number, "to"), wanted.receiver
        for part in ("keep", "figures"):
            for name, source in getattr(step, part).items():
                yield (part, name, "from"), source.sender

    def refuse_bad_expectations(self, step: Step, key: _Key) -> None:
        asks = step.answers or step.between or step.never or step.silent
        if asks and not (step.sends or step.advance):
            raise self.error(f"step '{step.name}' expects messages but does nothing", *key)
        if step.silent and (step.answers or step.between):
            raise self.error(f"step '{step.name}' is silent, yet expects messages", *key, "silent")
        for part in ("answers", "between", "never"):
            for number, wanted in enumerate(getattr(step, part)):
                for pattern in _patterns(wanted):
                    self.refuse_bad_pattern(pattern, (*key, part, number))

    def refuse_bad_pattern(self, pattern: str, key: _Key) -> None:
        try:
            re.compile(pattern)
        except re.error as error:
            raise self.error(f"'{pattern}' is no regular expression: {error}", *key) from None

    def refuse_bad_sources(self, step: Step, key: _Key) -> None:
        for part in ("keep", "figures"):
            for name, source in getattr(step, part).items():
                if (fault := _source_fault(source, step)) is not None:
                    raise self.error(f"{part}.{name} {fault}", *key, part, name)

    def refuse_change(self, step: Step, key: _Key) -> None:
        for part in _NOT_LIVE:
            if getattr(step, part):
                raise self.error(
                    f"step '{step.name}' is on live processes, where '{part}' has no place",
                    *key,
                    part,
                    hint="There every message is a dry run: it has answers and changes nothing.",
                )

    def refuse_unknown(self, step: Step, known: set[str], key: _Key) -> None:
        for name in open_names(msgspec.to_builtins(step)):
            if name not in known:
                hint = did_you_mean(name, known) or f"Known here: {listed(known)}."
                raise self.error(f"nothing is called '${{{name}}}' here", *key, hint=hint)


def _odd_one(tables: Any, key: _Key) -> tuple[str, ...]:
    """Return the name of the first entry that is no text; msgspec says only in which table."""
    for part in key:
        tables = tables[part]
    return tuple(name for name, value in tables.items() if not isinstance(value, str))[:1]


def _filled(step: Step, receiver: str | None, known: dict[str, str]) -> Step:
    filled: Step = msgspec.convert(
        fill(msgspec.to_builtins(step) | {"each": (), "to": receiver}, known), Step
    )
    if filled.name == step.name and (step.each or step.receiver == EVERYBODY):
        said = ", ".join(f"{name} {value}" for name, value in known.items())
        filled = msgspec.structs.replace(filled, name=f"{step.name} ({said})")
    return filled


def _sources(step: Step) -> tuple[Source, ...]:
    return (*step.keep.values(), *step.figures.values())


def _source_fault(source: Source, step: Step) -> str | None:
    origins = [source.answer or source.sender, source.published, source.elapsed_ms or None]
    if len([origin for origin in origins if origin is not None]) != 1:
        return "needs one of 'answer' (or 'from'), 'published' and 'elapsed_ms'"
    if source.tag and source.path:
        return "needs a tag or a path, not both"
    if source.published and not source.path:
        return "needs a path into the published state"
    if not source.published and not step.sends:
        return "speaks of a message, but none is sent"
    return None


def _patterns(wanted: Expectation) -> Iterator[str]:
    for value in (*wanted.tags.values(), wanted.data):
        if isinstance(value, Matches):
            yield value.matches


def _keys_of(key: _Key) -> tuple[str, ...]:
    """Return the keys that are known in the table at `key`."""
    kinds: dict[str | int, type[msgspec.Struct]] = {
        "stage": Stage, "step": Step, "invariants": Laws,
        "answers": Expectation, "between": Expectation, "never": Expectation,
        "keep": Source, "figures": Source, "tags": Matches,
    }  # fmt: skip
    kind = next((kinds[part] for part in reversed(key) if part in kinds), Scenario)
    return tuple(field.encode_name for field in msgspec.structs.fields(kind))


def _spelt(key: _Key) -> str:
    """Return a key as people say it: stage 1, step 3, answers 1."""
    words: list[str] = []
    for part in key:
        if isinstance(part, int) and words:
            words[-1] += f" {part + 1}"
        else:
            words.append(str(part))
    return ", ".join(words) or "the scenario"
