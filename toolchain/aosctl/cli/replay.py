"""
The replay command.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from aosctl.cli.command import Command
from aosctl.cli.options import json_option
from aosctl.emulator.history import History, Played, is_page, load_history, replay_history
from aosctl.emulator.profile import AOS, PROFILES, Profile, find_profile
from aosctl.emulator.replay import Difference, ReplayReport, replay_files
from aosctl.errors import UsageError
from aosctl.view import console
from aosctl.view import history as history_view

FAILED = 1
_SHOWN = 200  # characters of a value in words


@click.command(
    "replay",
    cls=Command,
    examples=(
        "aosctl replay tests/vectors/aos/handlers.json",
        "aosctl replay tests/vectors/aos/send.json tests/vectors/aos/receive.json --json",
    ),
)
@click.argument(
    "files",
    metavar="FILE...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--engine",
    type=click.Choice(["lua"]),
    default="lua",
    show_default=True,
    help="What evaluates: `lua` is the emulator.",
)
@click.option(
    "--profile",
    type=click.Choice(list(PROFILES)),
    help="Whose rules hold: a version of aos, or hyper.  [default: the module's own, else 2.0.6]",
)
@click.option("--until", metavar="NONCE", type=click.IntRange(min=0), help="Stop after this one.")
@click.option("--step", "pauses", is_flag=True, help="Show all of each result, and wait for a key.")
@json_option
def replay(
    *,
    files: tuple[Path, ...],
    engine: str,  # noqa: ARG001 - one, so far
    profile: str | None,
    until: int | None,
    pauses: bool,
    as_json: bool,
) -> int:
    """
    Replay recorded traces and compare every result.

    tests/vectors/aos/README.md tells the format, and what may differ. Exit code 1: something does.

    FILE may also be a page of a process's messages as its scheduler gives them, or several in
    their order: that history is replayed from the spawn on, and each result is shown. --until and
    --step are for those.
    """
    rules = None if profile is None else find_profile(profile)
    pages = [path for path in files if is_page(path)]
    if not pages:
        return _replay_traces(files, rules or AOS, as_json=as_json)
    if len(pages) < len(files):
        raise UsageError(
            "traces and pages cannot be replayed in one go",
            where=str(next(path for path in files if path not in pages)),
        )
    history = load_history(pages)
    played = _until(replay_history(history, profile=rules), until)
    if as_json:
        console.print_document(_history_document(history, list(played)))
    else:
        _show_history(history, played, pauses=pauses, last=until)
    return 0


def _replay_traces(files: tuple[Path, ...], profile: Profile, *, as_json: bool) -> int:
    report = replay_files(files, profile=profile)
    if as_json:
        console.print_document(_document(report))
    else:
        for found in report.failed:
            console.print_line(_line(found))
        console.print_line(_sum(report, len(files)))
    return FAILED if report.failed else 0


def _until(played: Iterator[Played], nonce: int | None) -> Iterator[Played]:
    for entry in played:
        yield entry
        if entry.entry.nonce == nonce:
            return


def _history_document(history: History, played: list[Played]) -> dict[str, Any]:
    process = history.environment.process.id
    return {
        "schema": "aosctl.replay/1",
        "ok": True,  # there is nothing recorded to compare with
        "cases": 1,
        "steps": len(played),
        "failed": [],
        "process": process,
        "history": [history_view.played_document(entry, process) for entry in played],
    }


def _show_history(
    history: History, played: Iterator[Played], *, pauses: bool, last: int | None
) -> None:
    if history.has_crons:
        console.print_note("The process has crons, which no page holds: they are not replayed.")
    for entry in played:
        console.print_line(history_view.played_line(entry))
        if pauses or entry.entry.nonce == last:
            for line in history_view.played_details(entry):
                console.print_line(line)
        if pauses:
            click.pause(err=True)  # does nothing without a terminal


def _document(report: ReplayReport) -> dict[str, Any]:
    return {
        "schema": "aosctl.replay/1",
        "ok": not report.failed,
        "cases": report.cases,
        "steps": report.steps,
        "failed": [msgspec.structs.asdict(found) for found in report.failed],
    }


def _line(found: Difference) -> str:
    expected, actual = (_short(value) for value in (found.expected, found.actual))
    place = f"{found.file}: {found.case}, step {found.step}"
    return f"{place}: {found.path} is {actual}, recorded {expected}"


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _sum(report: ReplayReport, files: int) -> str:
    outcome = f"{len(report.failed)} differ" if report.failed else "all equal"
    numbers = ((files, "file"), (report.cases, "case"), (report.steps, "step"))
    return f"{', '.join(console.counted(*number) for number in numbers)}: {outcome}."
