"""
The replay command.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import msgspec

from aosctl import view
from aosctl.cli.command import Command
from aosctl.cli.options import json_option
from aosctl.emulator.profile import PROFILES, find_profile
from aosctl.emulator.replay import Difference, ReplayReport, replay_files

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
    default="aos",
    show_default=True,
    help="Whose rules hold: a version of aos (aos: 2.0.6), or hyper.",
)
@json_option
def replay(*, files: tuple[Path, ...], engine: str, profile: str, as_json: bool) -> int:  # noqa: ARG001 - one engine, so far
    """
    Replay recorded traces and compare every result.

    tests/vectors/aos/README.md tells the format, and what may differ. Exit code 1: something does.
    """
    report = replay_files(files, profile=find_profile(profile))
    if as_json:
        view.print_document(_document(report))
    else:
        for found in report.failed:
            view.print_line(_line(found))
        view.print_line(_sum(report, len(files)))
    return FAILED if report.failed else 0


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
    return f"{files} files, {report.cases} cases, {report.steps} steps: {outcome}."
