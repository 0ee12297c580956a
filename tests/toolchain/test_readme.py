from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def commands(first_word: str) -> list[str]:
    blocks = re.findall(r"```console\n(.*?)```", README, re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.split()[0] == first_word]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "processes", root / "processes")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert [line.split()[1] for line in commands("make")] == ["run", "test"]
    assert {"run", "test"} <= set(targets)


def test_every_command_of_the_readme_runs_in_its_order(project: Path) -> None:
    message, seen = "", []
    for line in commands("aosctl"):
        arguments = shlex.split(line.replace("MESSAGE", message))[1:]
        done = subprocess.run(
            [sys.executable, "-m", "aosctl", *arguments],
            cwd=project,
            capture_output=True,
            text=True,
            check=False,
        )
        seen.append(line)
        assert done.returncode == (3 if arguments == ["plan"] else 0), (line, done.stderr)
        assert done.stdout, line
        if "--json" in arguments:
            message = json.loads(done.stdout)["message"]
    assert len(seen) >= 8
