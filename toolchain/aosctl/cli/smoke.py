"""
The smoke commands: smoke, health.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from aosctl.bundle import build_bundles
from aosctl.cli.command import Command
from aosctl.cli.options import json_option, network_option, project_options
from aosctl.cli.places import open_network
from aosctl.errors import ManifestError, NetworkError, ScenarioError, UsageError
from aosctl.manifest import Manifest, load_manifest
from aosctl.networks.local import LOG_NAME
from aosctl.project import Project
from aosctl.query import query_fields
from aosctl.record import load_record
from aosctl.scenario.invariants import load_invariants
from aosctl.scenario.scenario import Scenario
from aosctl.scenario.source import make_scenario
from aosctl.smoke import Live, run_smoke
from aosctl.view import console
from aosctl.view import smoke as smoke_view
from aosctl.view.report import write_report

FAILED = 1
SCENARIO, INVARIANTS = "smoke.toml", "invariants.lua"

bundle_argument = click.argument("bundle", metavar="[BUNDLE]", required=False)


@click.command(
    "smoke",
    cls=Command,
    examples=(
        "aosctl smoke",
        "aosctl smoke --json",
        "aosctl smoke --report build/report.md",
    ),
)
@bundle_argument
@click.option(
    "--report",
    "report_path",
    metavar="FILE.md",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the integration report, with its messages drawn.",
)
@network_option
@json_option
@project_options
def smoke(
    *,
    project: Project,
    bundle: str | None,
    report_path: Path | None,
    network: str,
    as_json: bool,
) -> int:
    """
    Run the bundle's scenario from end to end and report on it.

    What must happen is written in smoke.toml and invariants.lua beside the manifest. On `local` it
    happens in worlds in memory, which leave record and log as they are; what is deployed is only
    asked. Exit code 1: something did not hold.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    scenario = _load_scenario(project, manifest)
    path = project.processes / manifest.bundle / INVARIANTS
    invariants = load_invariants(project.root, path, laws=scenario.invariants)
    bundles = build_bundles(project, manifest)
    with _open_live(project, manifest, network) as live:
        report = run_smoke(
            scenario, manifest=manifest, bundles=bundles, invariants=invariants, live=live
        )
    if report_path:
        write_report(report_path, report)
    if as_json:
        console.print_document(smoke_view.smoke_document(report))
    else:
        smoke_view.print_report(report)
    return 0 if report.ok else FAILED


@click.command("health", cls=Command, examples=("aosctl health", "aosctl health --json"))
@bundle_argument
@network_option
@json_option
@project_options
def health(*, project: Project, bundle: str | None, network: str, as_json: bool) -> None:
    """
    Show the bundle's health score with its parts.

    The score is the bundle's own: the manifest says which process to ask, and for what.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    if manifest.health is None:
        raise ManifestError(
            "the manifest does not say who knows the health",
            where=manifest.path,
            hint="Add a table [health] with process, action and score.",
        )
    question = manifest.health
    record = load_record(project.record)
    with open_network(project, network) as live:
        entries = record.entries(live.name, manifest.bundle, log=live.log)
        if question.process not in entries:
            raise UsageError(
                f"'{question.process}' is not deployed on '{live.name}'",
                where=str(project.record),
                hint=f"Run `aosctl deploy {manifest.bundle}` first.",
            )
        process = entries[question.process].id
        parts = query_fields(live, process, question, name=question.process)
    score = parts.pop(question.score, None)
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise NetworkError(
            f"'{question.process}' gives no number as its {question.score}", where=process
        )
    if as_json:
        console.print_document(smoke_view.health_document(score, parts))
    else:
        smoke_view.print_health(score, parts)


def _load_scenario(project: Project, manifest: Manifest) -> Scenario:
    path = project.processes / manifest.bundle / SCENARIO
    shown = project.relative(path)
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(
            f"cannot read the scenario of '{manifest.bundle}': {error}",
            where=shown,
            hint="docs/scenarios.md tells how to write one.",
        ) from error
    return make_scenario(text, shown=shown, processes=manifest.processes)


@contextmanager
def _open_live(project: Project, manifest: Manifest, network: str) -> Iterator[Live]:
    """Give what is deployed, without making a log or a record where there is none."""
    if network == "local" and not (project.state_dir / LOG_NAME).exists():
        yield Live(network=network, why_not="nothing is deployed on 'local' yet")
        return
    with open_network(project, network) as client:
        record = load_record(project.record)
        entries = record.entries(client.name, manifest.bundle, log=client.log)
        missing = [name for name in manifest.processes if name not in entries]
        if missing:
            why_not = f"not deployed on '{network}': {', '.join(missing)}"
            yield Live(network=network, why_not=why_not)
        else:
            ids = {name: entries[name].id for name in manifest.processes}
            yield Live(network=network, client=client, processes=ids)
