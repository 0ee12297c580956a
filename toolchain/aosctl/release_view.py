"""Release view: plans, deployments, verifications, findings, as documents and as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from rich.table import Table

from aosctl import view
from aosctl.bundle import Bundle
from aosctl.check import Finding
from aosctl.deploy import Deployment
from aosctl.plan import Plan, Step
from aosctl.record import Entry
from aosctl.verify import Difference

# --- documents -----------------------------------------------------------------------------------


def plan_document(plan: Plan, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Return a plan as its JSON document; `entries` are the processes as recorded."""
    return _release_document(plan.network, plan.bundle, plan.steps, entries, changed=plan.changed)


def deployment_document(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as its JSON document."""
    return _release_document(
        deployment.network,
        deployment.bundle,
        deployment.steps,
        deployment.entries,
        changed=deployment.changed,
    )


def _release_document(
    network: str,
    bundle: str,
    steps: Iterable[Step],
    entries: Mapping[str, Entry],
    *,
    changed: bool,
) -> dict[str, Any]:
    return {
        "schema": "aosctl.deploy/1",
        "network": network,
        "bundle": bundle,
        "changed": changed,
        "steps": [_step_document(step) for step in steps],
        "processes": {
            name: {
                "id": entry.id,
                "module": entry.module,
                "scheduler": entry.scheduler,
                "bundle_hash": entry.bundle_hash,
            }
            for name, entry in entries.items()
        },
    }


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "process": step.process,
        "item": step.item,
        "state": step.state,
        "tags": msgspec.to_builtins(step.tags),
        "size": step.size,
        "note": step.note,
    }


def verify_document(differences: Iterable[Difference]) -> dict[str, Any]:
    """Return what `verify` found as its JSON document."""
    found = msgspec.to_builtins([*differences])
    return {"schema": "aosctl.verify/1", "ok": not found, "differences": found}


def check_document(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return what `check` found as its JSON document."""
    found = [*findings]
    return {
        "schema": "aosctl.check/1",
        "ok": not any(finding.severity == "error" for finding in found),
        "findings": msgspec.to_builtins(found),
    }


def bundle_document(bundle: Bundle) -> dict[str, Any]:
    """Return a bundle as its JSON document: all but its text."""
    return {
        "schema": "aosctl.bundle/1",
        "process": bundle.process,
        "hash": bundle.hash,
        "size": bundle.size,
        "files": [*bundle.files],
        "line_map": msgspec.to_builtins(bundle.line_map.segments),
    }


def status_document(
    network: str,
    bundle: str,
    entries: Mapping[str, Entry | None],
    live: Mapping[str, Mapping[str, Any] | None],
) -> dict[str, Any]:
    """Return the record and what lives as one JSON document."""
    return {
        "schema": "aosctl.status/1",
        "network": network,
        "bundle": bundle,
        "processes": {
            name: {
                "id": entry.id if entry else None,
                "recorded": msgspec.to_builtins(entry) if entry else {},
                "live": live.get(name),
            }
            for name, entry in entries.items()
        },
    }


# --- words ---------------------------------------------------------------------------------------


def plan_lines(plan: Plan) -> list[str]:
    """Return a plan in words: a line a step, its tags below it."""
    lines = []
    for step in plan.steps:
        size = f", {step.size} bytes" if step.size else ""
        lines.append(f"{step.kind:<9}  {step.process}  {step.note}{size}".rstrip())
        lines += [f"             {tag.name} = {tag.value}" for tag in step.tags]
    return lines


def note_lines(plan: Plan) -> list[str]:
    """Return what a person should know besides the steps."""
    return [f"Note: {note}." for note in plan.notes]


def step_line(step: Step) -> str:
    """Return where a step is, as progress."""
    doing = {"pending": "…", "done": "done", "failed": "FAILED"}[step.state]
    return f"{step.kind:<9}  {step.process}  {doing}"


def print_processes(entries: Mapping[str, Entry]) -> None:
    """Print names and ids, one process a line."""
    width = max(map(len, entries), default=0)
    for name, entry in entries.items():
        view.print_line(f"{name:<{width}}  {entry.id}")


def difference_line(found: Difference) -> str:
    """Return one difference as a line."""
    recorded, live = ("nothing" if v is None else v for v in (found.recorded, found.live))
    return f"{found.process}  {found.field}: recorded {recorded}, live {live}"


def status_table(document: Mapping[str, Any]) -> Table:
    """Return a status document as a table: a row a process, its answers in short."""
    rows = [
        (name, about["id"] or "not deployed", _short(about["recorded"]), _answers(about["live"]))
        for name, about in document["processes"].items()
    ]
    return view.make_table(("process", "id", "bundle", "answers"), rows)


def _short(recorded: Mapping[str, Any]) -> str:
    return str(recorded.get("bundle_hash") or "")[:12]


def _answers(live: Mapping[str, Any] | None) -> str:
    return ", ".join(live) if live else "nothing"


def finding_line(finding: Finding) -> str:
    """Return one finding as a line, its place first, as editors follow it."""
    return f"{finding.path}:{finding.line}: {finding.severity}: {finding.text} [{finding.code}]"
