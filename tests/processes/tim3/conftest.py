"""The stage of TIM3: each process alone among plain addresses, or all five together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from aosctl.emulator.profile import Profile
from aosctl.manifest import Manifest, make_manifest
from aosctl.testing.stage import Actor, Sent, Stage
from tests.processes.tim3.coordinator_stage import CoordinatorStage
from tests.processes.tim3.lock_manager_stage import AUTHENTICATED, STOCK, LockManagerStage
from tests.processes.tim3.state_manager_stage import StateManagerStage

ROOT = Path(__file__).parents[3]
BUNDLE = "tim3"

StartProcess = Callable[..., Actor]
Configure = Callable[..., Sent]


@pytest.fixture
def stage(profile: Profile, shuffle: int | None) -> Iterator[Stage]:
    stage = Stage(ROOT, profile=profile, shuffle=shuffle)
    yield stage
    stage.close()


@pytest.fixture(scope="session")
def manifest() -> Manifest:
    path = ROOT / "processes" / BUNDLE / "manifest.toml"
    return make_manifest(path.read_text("utf-8"), bundle=BUNDLE, shown=str(path))


@pytest.fixture
def start(stage: Stage, manifest: Manifest) -> StartProcess:
    """Start a process of the bundle with its spawn tags; `tags` go over them."""

    def start(name: str, tags: Mapping[str, str] | None = None) -> Actor:
        source = f"processes/{BUNDLE}/{manifest.source(name)}"
        return stage.start(source, tags={**manifest.processes[name].tags, **(tags or {})})

    return start


@pytest.fixture
def configure(stage: Stage, manifest: Manifest) -> Configure:
    """
    Tell a process, as the deployer, of all five: itself by its id, the others by address.

    `config` are further tags, by default those of the manifest; `peers` replaces single ids.
    """

    def configure(
        actor: Actor,
        name: str,
        *,
        peers: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
    ) -> Sent:
        assert manifest.configure is not None
        ids = {role: stage.address(role) for role in manifest.processes}
        ids |= {name: actor.id, **(peers or {})}
        tags = {manifest.configure.tag_for(role): id_ for role, id_ in ids.items()}
        tags |= manifest.processes[name].config if config is None else config
        sent = actor.send("deployer", manifest.configure.action, tags)
        (answer,) = [s for s in sent if s.action == manifest.configure.answer]
        return answer

    return configure


@pytest.fixture
def system(start: StartProcess, configure: Configure, manifest: Manifest) -> dict[str, Actor]:
    """All five, each told of the other four, in the manifest's order."""
    assert manifest.configure is not None
    last = manifest.configure.last
    actors = {name: start(name) for name in manifest.processes}
    ids = {name: actor.id for name, actor in actors.items()}
    for name in (*(n for n in actors if n not in last), *last):
        configure(actors[name], name, peers=ids)
    return actors


@pytest.fixture
def fresh_coordinator(stage: Stage, start: StartProcess) -> CoordinatorStage:
    """A coordinator that knows nobody."""
    actor = start("coordinator", {"Name": "coordinator-test"})
    return CoordinatorStage(stage, actor, "coordinator")


@pytest.fixture
def coordinator(fresh_coordinator: CoordinatorStage) -> CoordinatorStage:
    """A coordinator that is configured and has shaken hands."""
    fresh_coordinator.make_ready()
    return fresh_coordinator


@pytest.fixture
def fresh_state_manager(stage: Stage, start: StartProcess) -> StateManagerStage:
    """A state manager that knows nobody."""
    return StateManagerStage(stage, start("state_manager"), "state_manager")


@pytest.fixture
def state_manager(fresh_state_manager: StateManagerStage) -> StateManagerStage:
    """A state manager that is configured."""
    fresh_state_manager.configure()
    return fresh_state_manager


@pytest.fixture
def fresh_lock_manager(stage: Stage, start: StartProcess) -> LockManagerStage:
    """A lock manager that knows nobody."""
    return LockManagerStage(stage, start("lock_manager"))


@pytest.fixture
def lock_manager(fresh_lock_manager: LockManagerStage) -> LockManagerStage:
    """A lock manager over a token that is authenticated and idempotent, as Mock USDA."""
    fresh_lock_manager.set_up()
    return fresh_lock_manager


@pytest.fixture
def strict_lock_manager(fresh_lock_manager: LockManagerStage) -> LockManagerStage:
    """A lock manager over a token that is authenticated, but executes a repeated transfer."""
    fresh_lock_manager.set_up(AUTHENTICATED)
    return fresh_lock_manager


@pytest.fixture
def stock_lock_manager(fresh_lock_manager: LockManagerStage) -> LockManagerStage:
    """A lock manager over a stock token, whose word about our transfers proves nothing."""
    fresh_lock_manager.set_up(STOCK)
    return fresh_lock_manager
