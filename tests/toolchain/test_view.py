from __future__ import annotations

import io
import json
import re
import sys

import pytest
from rich.text import Text

from aosctl.errors import ManifestError
from aosctl.view import console

ERROR = ManifestError("it lacks 'x'", where="m.toml:3", hint="Add it.")


def test_an_error_has_three_parts_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(ERROR, as_json=False)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Error: it lacks 'x'\n  m.toml:3\n  Add it.\n"


def test_an_error_without_place_and_hint_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(ManifestError("no"), as_json=False)
    assert capsys.readouterr().err == "Error: no\n"


def test_an_error_as_a_document_goes_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(ERROR, as_json=True)
    captured = capsys.readouterr()
    assert captured.err == ""
    assert json.loads(captured.out) == console.error_document(ERROR)


def test_markup_in_an_error_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    console.print_error(ManifestError("[bold]x[/bold] :smile:"), as_json=False)
    assert capsys.readouterr().err == "Error: [bold]x[/bold] :smile:\n"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07", "\N{REPLACEMENT CHARACTER}]0;title\N{REPLACEMENT CHARACTER}"),
        ("a\rb", "a\N{REPLACEMENT CHARACTER}b"),
        ("\udcff", "\N{REPLACEMENT CHARACTER}"),
        ("\ud83d", "?"),
    ],
)
def test_text_of_processes_cannot_steer_the_terminal(text: str, shown: str) -> None:
    assert console.plain(text) == shown


def test_a_long_line_stays_one_line_where_nobody_looks_on(
    capsys: pytest.CaptureFixture[str],
) -> None:
    console.print_line("word " * 200)
    console.print_table(("name", "value"), [("x" * 300, "y")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "word " * 200
    assert lines[2] == f"{'x' * 300}  y"


def test_no_colour_where_it_is_not_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    terminal.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", "1")
    console.print_error(ERROR, as_json=False)
    assert set(re.findall(r"\x1b\[[0-9;]*m", terminal.getvalue())) <= {"\x1b[1m", "\x1b[0m"}
    assert "it lacks 'x'" in terminal.getvalue()


def test_a_document_is_utf_8_whatever_it_holds(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    console.print_document({"data": "é\udcff"})
    assert capsysbinary.readouterr().out == '{\n  "data": "é�"\n}\n'.encode()


def test_a_verdict_is_one_word() -> None:
    assert console.verdict(ok=True) == Text("ok", "green")
    assert console.verdict(ok=False).plain == "FAILED"
    assert console.verdict(ok=True, skipped=True).plain == "skipped"
