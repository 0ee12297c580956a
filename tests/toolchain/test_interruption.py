from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from aosctl.interruption import say_interrupted
from aosctl.project import Project

INTERRUPT = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"
LATE = f"import atexit\n@atexit.register\ndef interrupt():\n    exec({INTERRUPT!r})\n"


def run(
    folder: Path, module: str, text: str, *arguments: str
) -> subprocess.CompletedProcess[bytes]:
    """Run aosctl with a module of this name that stands before the real one."""
    (folder / f"{module}.py").write_text(text)
    command = [sys.executable, "-m", "aosctl", *arguments]
    environment = {"PYTHONPATH": str(folder)}
    return subprocess.run(command, env=environment, capture_output=True, check=False)


@pytest.mark.parametrize("text", [INTERRUPT, f"exec({INTERRUPT!r})"])
@pytest.mark.parametrize("module", ["click", "rich"])
def test_an_interrupt_while_it_loads_is_told_in_a_word(
    tmp_path: Path, module: str, text: str
) -> None:
    done = run(tmp_path, module, text, "nothing")
    assert (done.returncode, done.stdout, done.stderr.split()) == (130, b"", [b"Interrupted."])


def test_an_interrupt_is_a_document_where_documents_are_wanted(tmp_path: Path) -> None:
    done = run(tmp_path, "click", INTERRUPT, "plan", "--json")
    assert (done.returncode, done.stderr) == (130, b"")
    assert json.loads(done.stdout) == {
        "schema": "aosctl.error/1",
        "kind": "Interrupted",
        "message": "interrupted",
        "where": None,
        "hint": "What was sent is recorded. The same command again goes on there.",
    }


def test_an_interrupt_after_the_answer_changes_nothing(tmp_path: Path, shop: Project) -> None:
    done = run(tmp_path, "sitecustomize", LATE, "plan", "--project", str(shop.root))
    assert (done.returncode, done.stderr) == (3, b"")
    assert done.stdout.startswith(b"spawn")


def test_json_behind_two_dashes_wants_no_document(capsys: pytest.CaptureFixture[str]) -> None:
    say_interrupted(["eval", "--", "--json"])
    assert capsys.readouterr() == ("", "Interrupted.\n")
