"""
The release commands: plan, deploy, verify, status, bundle, check.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import click

from aosctl import lock
from aosctl.bundle import build_bundles, build_process
from aosctl.check import check_bundle
from aosctl.cli.command import Command
from aosctl.cli.options import json_option, network_option, project_options
from aosctl.cli.places import open_network
from aosctl.deploy import deploy as carry_out
from aosctl.errors import DeployError, UsageError
from aosctl.ledger import Ledger
from aosctl.manifest import load_manifest
from aosctl.names import did_you_mean, listed
from aosctl.networks import Network
from aosctl.networks.local import LOG_NAME, LocalNetwork
from aosctl.plan import Plan, load_plan, make_plan, save_plan
from aosctl.project import Project
from aosctl.record import load_record
from aosctl.status import ask_processes
from aosctl.verify import verify_processes
from aosctl.view import console
from aosctl.view import release as release_view

NOTHING, FAILED, CHANGES = 0, 1, 3

bundle_argument = click.argument("bundle", metavar="[BUNDLE]", required=False)


@click.command(
    "plan",
    cls=Command,
    examples=("aosctl plan", "aosctl plan --json", "aosctl plan --out build/plan.json"),
)
@bundle_argument
@network_option
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Save the plan, for `aosctl deploy --plan`.",
)
@json_option
@project_options
def plan(
    *, project: Project, bundle: str | None, network: str, out: Path | None, as_json: bool
) -> int:
    """
    Show the steps that lead to what the manifest wants.

    Nothing is sent or recorded. Exit code 0: nothing to do; 3: there are changes.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    bundles = build_bundles(project, manifest)
    record = load_record(project.record)
    with _open_to_look(project, network) as live:
        made = make_plan(manifest, bundles, record, network=live)
        entries = record.entries(live.name, manifest.bundle, log=live.log)
    if out:
        save_plan(out, made)
    for line in release_view.note_lines(made):
        console.print_note(line)
    if as_json:
        console.print_document(release_view.plan_document(made, entries))
    else:
        for line in release_view.plan_lines(made) or ["Nothing to do."]:
            console.print_line(line)
    return CHANGES if made.changed else NOTHING


@click.command(
    "deploy",
    cls=Command,
    examples=("aosctl deploy", "aosctl deploy --json", "aosctl deploy {bundle} --yes"),
)
@bundle_argument
@network_option
@click.option("--yes", is_flag=True, help="Do not ask before anything is sent.")
@click.option(
    "--plan",
    "saved",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Carry out exactly this saved plan, or nothing if anything has moved since.",
)
@json_option
@project_options
def deploy(
    *,
    project: Project,
    bundle: str | None,
    network: str,
    yes: bool,
    saved: Path | None,
    as_json: bool,
) -> int:
    """
    Carry out the plan, record every step, and verify the end.

    Whatever stops it, the next run goes on there: nothing is spawned or sent twice.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    bundles = build_bundles(project, manifest)
    with _held(project), open_network(project, network) as live:
        ledger = Ledger(
            project.record,
            project.state_dir,
            network=live.name,
            bundle=manifest.bundle,
            log=live.log,
        )
        made = make_plan(manifest, bundles, ledger.record, network=live)
        _refuse_moved(made, saved)
        _announce(made, yes=yes, is_local=live.log is not None)
        done = carry_out(
            made,
            manifest=manifest,
            bundles=bundles,
            network=live,
            ledger=ledger,
            on_progress=lambda step: console.print_note(release_view.progress_line(step)),
        )
    if as_json:
        console.print_document(release_view.deployment_document(done))
    elif done.changed:
        release_view.print_processes(done.entries)
    else:
        console.print_line(f"Nothing to do: {manifest.bundle} is as its manifest says.")
    return NOTHING


@click.command("verify", cls=Command, examples=("aosctl verify", "aosctl verify --json"))
@bundle_argument
@network_option
@json_option
@project_options
def verify(*, project: Project, bundle: str | None, network: str, as_json: bool) -> int:
    """
    Compare each live process with the record and the source.

    Exit code 0: all as recorded; 3: something differs, and each difference is named.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    bundles = build_bundles(project, manifest)
    record = load_record(project.record)
    with _open_to_look(project, network) as live:
        entries = record.entries(live.name, manifest.bundle, log=live.log)
        found = verify_processes(manifest, bundles, entries, live).differences
    if as_json:
        console.print_document(release_view.verify_document(found))
    else:
        for difference in found:
            console.print_line(release_view.difference_line(difference))
        if not found:
            console.print_line(f"All {len(entries)} processes are as recorded.")
    return CHANGES if found else NOTHING


@click.command("status", cls=Command, examples=("aosctl status", "aosctl status --json"))
@bundle_argument
@network_option
@json_option
@project_options
def status(*, project: Project, bundle: str | None, network: str, as_json: bool) -> int:
    """Show the record and what each process answers."""
    manifest = load_manifest(project, project.bundle(bundle))
    record = load_record(project.record)
    with _open_to_look(project, network) as live:
        entries = record.entries(live.name, manifest.bundle, log=live.log)
        answers = ask_processes(manifest, entries, live)
        all_entries = {name: entries.get(name) for name in manifest.processes}
        document = release_view.status_document(live.name, manifest.bundle, all_entries, answers)
    if as_json:
        console.print_document(document)
    else:
        console.answers().print(release_view.status_table(document))
    return NOTHING


@click.command(
    "bundle",
    cls=Command,
    examples=("aosctl bundle {process}", "aosctl bundle {process} --json"),
)
@click.argument("process", metavar="PROCESS")
@json_option
@project_options
def bundle(*, project: Project, process: str, as_json: bool) -> int:
    """
    Print the one Lua text of a process.

    With --json: its hash, its size, its files, and which lines of the text each of them makes.
    """
    name, process = _split(project, process)
    manifest = load_manifest(project, name)
    if process not in manifest.processes:
        hint = did_you_mean(process, manifest.processes)
        raise UsageError(
            f"no process of '{name}' is called '{process}'",
            where=manifest.path,
            hint=hint or f"Its processes: {listed(manifest.processes)}.",
        )
    built = build_process(project, manifest, process)
    if as_json:
        console.print_document(release_view.bundle_document(built))
    else:
        click.echo(built.text.encode("utf-8", "surrogateescape"), nl=False)
    return NOTHING


@click.command("check", cls=Command, examples=("aosctl check", "aosctl check --json"))
@bundle_argument
@json_option
@project_options
def check(*, project: Project, bundle: str | None, as_json: bool) -> int:
    """
    Look for faults in the Lua of a bundle before it is deployed.

    docs/check-codes.md explains each code. Exit code 1: there are errors; warnings alone give 0.
    """
    manifest = load_manifest(project, project.bundle(bundle))
    findings = check_bundle(project, manifest)
    document = release_view.check_document(findings)
    if as_json:
        console.print_document(document)
    else:
        for finding in findings:
            console.print_line(release_view.finding_line(finding))
        if not findings:
            console.print_line(f"{manifest.bundle}: nothing found.")
    return NOTHING if document["ok"] else FAILED


@contextmanager
def _open_to_look(project: Project, network: str) -> Iterator[Network]:
    """Give a network to ask; where `local` has no log yet, an empty one that makes none."""
    if network == "local" and not (project.state_dir / LOG_NAME).exists():
        with LocalNetwork() as nowhere:
            yield nowhere
        return
    with open_network(project, network) as live:
        yield live


def _held(project: Project) -> AbstractContextManager[None]:
    path = project.record.with_name(project.record.name + ".lock")
    return lock.hold(path, what=f"the record {project.relative(project.record)}")


def _refuse_moved(made: Plan, saved: Path | None) -> None:
    if saved and load_plan(saved) != made:
        raise DeployError(
            "the manifest, the sources or the record have moved since the plan was saved",
            where=str(saved),
            hint=f"Look at the plan of now: aosctl plan --out {saved}.",
        )


def _announce(made: Plan, *, yes: bool, is_local: bool) -> None:
    """Show the plan on stderr, and go on only if that is wanted."""
    steps = release_view.plan_lines(made, with_tags=not is_local)
    for line in (*steps, *release_view.note_lines(made)):
        console.print_note(line)
    if not made.changed or yes or is_local:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "nobody is there to say yes", where="stdin", hint="Say it beforehand: --yes."
        )
    if click.prompt("Type 'yes' to go on", err=True, default="no", show_default=False) != "yes":
        raise click.Abort


def _split(project: Project, process: str) -> tuple[str, str]:
    """Return bundle and name of a process that is given as `name` or `bundle/name`."""
    bundle, slash, name = process.rpartition("/")
    return project.bundle(bundle if slash else None), name
