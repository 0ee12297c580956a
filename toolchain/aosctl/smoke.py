"""
Smoke: a bundle's scenario, played from end to end.

Stages that start unconfigured or configured have a fresh world in memory each, in which the deploy
engine makes the bundle from its manifest; nothing of it touches the record or a log. Stages that
start live ask what is deployed, by dry runs only.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec

from aosctl.bundle import Bundle
from aosctl.deploy import deploy
from aosctl.directory import Directory
from aosctl.errors import AosctlError
from aosctl.ledger import Ledger
from aosctl.manifest import Manifest
from aosctl.message import name_address
from aosctl.networks import Network
from aosctl.networks.local import LocalNetwork
from aosctl.plan import make_plan
from aosctl.scenario.ground import Ground, LiveGround, WorldGround
from aosctl.scenario.invariants import Invariants
from aosctl.scenario.player import Check, Picture, Player
from aosctl.scenario.scenario import DEPLOYER, Scenario, Stage, Start
from aosctl.scenario.watch import Watch, sum_up


class SmokeReport(msgspec.Struct, frozen=True, kw_only=True):
    """Every check with how it came out, the figures, and the messages that are to be drawn."""

    network: str
    bundle: str
    about: str
    checks: tuple[Check, ...]
    figures: dict[str, Any]
    pictures: tuple[Picture, ...] = ()

    @property
    def ok(self) -> bool:
        """Return whether everything that could be asked held."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Return the checks that did not hold."""
        return tuple(check for check in self.checks if not check.ok)


class Live(msgspec.Struct, frozen=True):
    """What is deployed on a network; `why_not` says why it cannot be asked, if it cannot."""

    network: str
    client: Network | None = None
    processes: dict[str, str] = {}
    why_not: str = ""


def run_smoke(
    scenario: Scenario,
    *,
    manifest: Manifest,
    bundles: Mapping[str, Bundle],
    invariants: Invariants | None,
    live: Live,
) -> SmokeReport:
    """
    Return how every step and every law of a scenario came out.

    A step that fails is a check that failed, and the steps after it are played none the less.
    """
    run = _Run(scenario, manifest, bundles, invariants, live)
    with run.open:
        for stage in scenario.stage:
            run.play(stage)
        run.judge()
    return SmokeReport(
        network=live.network,
        bundle=manifest.bundle,
        about=scenario.about or manifest.about.description,
        checks=tuple(run.checks),
        figures=run.figures,
        pictures=tuple(run.pictures),
    )


class _Run:
    """One scenario being played: the stage that is on, and what has come of it so far."""

    def __init__(
        self,
        scenario: Scenario,
        manifest: Manifest,
        bundles: Mapping[str, Bundle],
        invariants: Invariants | None,
        live: Live,
    ) -> None:
        self.scenario = scenario
        self.manifest = manifest
        self.bundles = bundles
        self.invariants = invariants
        self.live = live
        self.open = ExitStack()
        self.checks: list[Check] = []
        self.figures: dict[str, Any] = {}
        self.pictures: list[Picture] = []
        self.watches: list[Watch] = []
        self.live_watch: Watch | None = None
        self.player: Player | None = None
        self.why_not = ""

    def play(self, stage: Stage) -> None:
        """Play the steps of one stage, or say of each why it is not played."""
        if stage.starts:
            self.start(stage.name, stage.starts)
        for step in stage.step:
            if self.player is None:
                name = f"{stage.name}: {step.name}"
                self.checks.append(Check(name=name, ok=True, detail=self.why_not, skipped=True))
            else:
                self.checks.append(self.player.play(step, stage=stage.name))
        if self.player:
            self.pictures += self.player.pictures
            self.player.pictures = []

    def start(self, stage: str, starts: Start) -> None:
        """Open the ground on which a stage is played."""
        self.player, self.why_not = None, self.unplayable(starts)
        if self.why_not:
            return
        try:
            ground = self.live_ground() if starts == "live" else self.world_ground(starts)
        except AosctlError as error:
            detail = "; ".join(filter(None, (error.message, error.where, error.hint)))
            self.checks.append(Check(name=f"{stage}: it starts", ok=False, detail=detail))
            self.why_not = f"the stage did not start: {error.message}"
            return
        self.player = Player(ground, self.scenario.values, self.figures)

    def unplayable(self, starts: Start) -> str:
        """Return why a stage cannot be played here, or nothing."""
        if starts == "live":
            return self.live.why_not
        if self.live.network == "local":
            return ""
        return (
            f"it needs a bundle that is {starts} and empty; "
            f"on '{self.live.network}' there is only the one in use"
        )

    def world_ground(self, starts: Start) -> Ground:
        network = self.open.enter_context(closing(LocalNetwork()))
        manifest = self.manifest if starts == "configured" else _unconfigured(self.manifest)
        ids = _deploy(manifest, self.bundles, network)
        directory = self.directory(ids, network.address)
        watch = Watch(self.invariants, directory, network.world.published)
        self.watches.append(watch)
        return WorldGround(network.world, directory, self.bundles, watch)

    def live_ground(self) -> Ground:
        client = self.live.client
        if client is None:
            raise AosctlError("there is no network to ask")
        directory = self.directory(self.live.processes, client.address)
        if not isinstance(client, LocalNetwork):
            return LiveGround(client, directory, dict)
        watch = Watch(self.invariants, directory, client.world.published)
        self.live_watch = watch
        return LiveGround(client, directory, lambda: watch.published)

    def directory(self, processes: Mapping[str, str], deployer: str) -> Directory:
        wallets = {name: name_address(name) for name in self.scenario.wallets}
        return Directory(processes, wallets | {DEPLOYER: deployer})

    def judge(self) -> None:
        """Add a check for each law: over all worlds of our own, and on what is deployed."""
        for verdict in sum_up(self.invariants, self.watches):
            self.checks.append(
                Check(
                    name=f"invariant {verdict.law}",
                    ok=verdict.broken is None,
                    detail=verdict.broken or _held(verdict.asked),
                    skipped=not verdict.asked,
                )
            )
        if self.live_watch is None:
            return
        self.live_watch.at_rest("as deployed")
        for verdict in sum_up(self.invariants, [self.live_watch]):
            name, broken = f"live: invariant {verdict.law}", verdict.broken
            self.checks.append(Check(name=name, ok=broken is None, detail=broken or "holds"))


def _held(times: int) -> str:
    return f"held each of the {times} times" if times else "it was never asked: no world was played"


def _unconfigured(manifest: Manifest) -> Manifest:
    """Return a manifest that spawns and loads the processes, and tells them nothing."""
    wishes = {
        name: msgspec.structs.replace(wish, config={}, limits={})
        for name, wish in manifest.processes.items()
    }
    return msgspec.structs.replace(
        manifest, processes=wishes, configure=None, limits=None, ready=None, verify=None
    )


def _deploy(
    manifest: Manifest, bundles: Mapping[str, Bundle], network: LocalNetwork
) -> dict[str, str]:
    """Deploy into a network in memory, with a record that is thrown away; return the ids."""
    with tempfile.TemporaryDirectory(prefix="aosctl-") as name:
        folder = Path(name)
        ledger = Ledger(
            folder / "deployments.json",
            folder,
            network=network.name,
            bundle=manifest.bundle,
            log=network.log,
        )
        plan = make_plan(manifest, bundles, ledger.record, network)
        deployment = deploy(
            plan, manifest=manifest, bundles=bundles, network=network, ledger=ledger
        )
    return {name: entry.id for name, entry in deployment.entries.items()}
