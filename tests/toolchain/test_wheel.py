from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the built wheel, installed in an environment that holds nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "build", "--wheel", "--outdir", str(folder), str(ROOT))
    (wheel,) = folder.glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env/bin/python"
    run(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel))
    return folder / "env/bin/aosctl"


def run(*command: str, cwd: Path | None = None) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_alone_deploys_and_replays(program: Path, tmp_path: Path) -> None:
    assert "deploy" in run(str(program), "--help")
    replayed = run(str(program), "replay", str(ROOT / "tests/vectors/aos/token.json"), "--json")
    assert json.loads(replayed)["ok"]
    options = ["--record", str(tmp_path / "deployments.json"), "--state-dir", str(tmp_path / "s")]
    deployed = json.loads(run(str(program), "deploy", "--json", *options, cwd=ROOT))
    assert deployed["changed"]
    assert len(deployed["processes"]) == 5


def test_the_wheel_carries_the_lua_the_schema_and_the_types(program: Path) -> None:
    python = str(program.parent / "python")
    code = "import aosctl, pathlib; print(*pathlib.Path(aosctl.__file__).parent.rglob('*'))"
    files = run(python, "-c", code)
    for name in ("emulator/aos/process.lua", "schemas/record-1.json", "py.typed"):
        assert name in files
