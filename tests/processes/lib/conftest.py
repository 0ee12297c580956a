"""A process made of `processes/lib` alone, and its modules for a call from outside."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from aosctl.emulator.profile import Profile
from aosctl.testing.stage import Actor, Stage

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
SOURCE = "processes/probe/left/process.lua"

Call = Callable[[str], Any]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that has `lib` and the probe, and no other bundle."""
    root = tmp_path_factory.mktemp("project")
    entry = root / SOURCE
    entry.parent.mkdir(parents=True)
    entry.write_bytes((HERE / "probe.lua").read_bytes())
    (root / "processes" / "lib").symlink_to(ROOT / "processes" / "lib")
    return root


@pytest.fixture
def stage(project: Path, profile: Profile, shuffle: int | None) -> Iterator[Stage]:
    stage = Stage(project, profile=profile, shuffle=shuffle)
    yield stage
    stage.close()


@pytest.fixture
def probe(stage: Stage) -> Actor:
    return stage.start(SOURCE, tags={"Name": "probe", "Faucet": "on"})


@pytest.fixture
def lua(probe: Actor) -> Call:
    """Return a function that gives the values of Lua expressions in the probe, as a list."""
    return lambda expressions: evaluated(probe, expressions)


def evaluated(actor: Actor, expressions: str) -> Any:
    return json.loads(actor.evaluate(f"return lib.json_text.encode({{{expressions}}})"))
