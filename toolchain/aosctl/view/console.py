"""
View: everything that aosctl prints, by the one rich Console of each stream.

stdout carries the answer, stderr the rest. Where a stream is no terminal nothing is wrapped and
nothing coloured, so that one record stays one line; NO_COLOR is honoured by rich itself.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aosctl.errors import AosctlError
from aosctl.message import strip_colours, to_network_text

_UNWRAPPED = 100_000  # columns: more than any line has
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

# --- the two streams -----------------------------------------------------------------------------


def answers() -> Console:
    """Return the console of stdout."""
    return _console(sys.stdout)


def notes() -> Console:
    """Return the console of stderr."""
    return _console(sys.stderr)


def _console(stream: Any) -> Console:
    width = None if stream.isatty() else _UNWRAPPED
    return Console(file=stream, highlight=False, markup=False, emoji=False, width=width)


def plain(text: str) -> str:
    """Return text of a process as it may be shown: no control codes, no broken characters."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", strip_colours(_encodable(text)))


def _encodable(text: str) -> str:
    try:
        return to_network_text(text)
    except UnicodeEncodeError:  # half of a surrogate pair, out of somebody's JSON
        return text.encode("utf-8", "replace").decode()


# --- documents -----------------------------------------------------------------------------------


def print_document(document: Any) -> None:
    """Print one JSON document on stdout, in UTF-8 whatever the locale."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    stream = getattr(sys.stdout, "buffer", None)
    if stream is None:
        sys.stdout.write(_encodable(text) + "\n")
    else:
        sys.stdout.flush()
        stream.write(_encodable(text).encode() + b"\n")
        stream.flush()


def print_line(text: str) -> None:
    """Print one answer on stdout."""
    answers().print(Text(plain(text)), soft_wrap=True)


def print_note(text: str) -> None:
    """Print progress or a warning on stderr."""
    notes().print(Text(plain(text)), soft_wrap=True)


# --- errors --------------------------------------------------------------------------------------


def print_error(error: AosctlError, *, as_json: bool) -> None:
    """Say what happened, where, and what to do: in words on stderr, or as a document on stdout."""
    if as_json:
        print_document(error_document(error))
        return
    text = Text.assemble(("Error: ", "bold red"), plain(error.message))
    for part in (error.where, error.hint):
        if part:
            text.append("\n" + "\n".join(f"  {line}" for line in plain(part).splitlines()))
    notes().print(text, soft_wrap=True)


def error_document(error: AosctlError) -> dict[str, Any]:
    """Return a failure as its JSON document."""
    return {
        "schema": "aosctl.error/1",
        "kind": error.kind,
        "message": error.message,
        "where": error.where,
        "hint": error.hint,
    }


# --- tables --------------------------------------------------------------------------------------


def make_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> Table:
    """Return a table without lines; text of processes in it is made safe to show."""
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(plain(cell)) for cell in row))
    return table


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]]) -> None:
    """Print a table on stdout; where nobody looks on, lines end with their last word."""
    console = answers()
    if console.is_terminal:
        console.print(make_table(columns, rows))
        return
    with console.capture() as captured:
        console.print(make_table(columns, rows))
    lines = (line.rstrip() for line in captured.get().splitlines())
    console.file.write("".join(f"{line}\n" for line in lines))


def verdict(*, ok: bool, skipped: bool = False) -> Text:
    """Return how a check came out, in one word."""
    if skipped:
        return Text("skipped", "yellow")
    return Text("ok", "green") if ok else Text("FAILED", "bold red")
