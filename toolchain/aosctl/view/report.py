"""
Report: an integration run as a Markdown document, with its messages drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from aosctl.scenario.player import Check
from aosctl.smoke import SmokeReport
from aosctl.view.diagram import make_diagram
from aosctl.view.smoke import figure_text, summary
from aosctl.whole_file import write_whole

_SIGNS = str.maketrans({"|": "\\|", "\n": " ", "<": "&lt;", "*": "\\*", "_": "\\_", "`": "'"})


def make_report(report: SmokeReport) -> str:
    """Return the Markdown text of an integration run."""
    parts = [
        f"# Integration report: {_cell(report.bundle)} on {_cell(report.network)}",
        _cell(report.about),
        f"**{_cell(summary(report))}**",
        "## Figures",
        _table(
            ("Figure", "Value"),
            [(name, figure_text(value)) for name, value in report.figures.items()],
        ),
        "## Checks",
        _table(
            ("", "Check", "What was seen"),
            [(_verdict(check), check.name, check.detail) for check in report.checks],
        ),
    ]
    for picture in report.pictures:
        drawn = make_diagram(picture.messages, picture.directory)
        parts += [f"## {_cell(picture.title)}", f"```mermaid\n{drawn}```"]
    return "\n\n".join(part for part in parts if part) + "\n"


def write_report(path: Path, report: SmokeReport) -> None:
    """Write the Markdown text of an integration run to a file."""
    write_whole(path, make_report(report).encode("utf-8", "replace"))


def _verdict(check: Check) -> str:
    if check.skipped:
        return "skipped"
    return "ok" if check.ok else "FAILED"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_row(heads), _row(["---"] * len(heads))]
    lines += [_row([_cell(cell) for cell in cells]) for cells in rows]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    """Return text that stays in its cell and is shown as it is."""
    return text.translate(_SIGNS)
