"""Release view: plans, deployments, verifications, findings, as documents and as words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from rich.table import Table

from aosctl.bundle import Bundle
from aosctl.check import Finding
from aosctl.deploy import Deployment, Progress
from aosctl.plan import Plan, Step
from aosctl.record import Entry, State
from aosctl.verify import Difference
from aosctl.view import console

# --- documents -----------------------------------------------------------------------------------


def plan_document(plan: Plan, entries: Mapping[str, Entry]) -> dict[str, Any]:
    """Return a plan as its JSON document; `entries` are the processes as recorded."""
    return {
        "schema": "aosctl.deploy/1",
        "network": plan.network,
        "bundle": plan.bundle,
        "changed": plan.changed,
        "steps": _step_documents(plan.steps, plan.verify, "pending"),
        "processes": _process_documents(entries),
    }


def deployment_document(deployment: Deployment) -> dict[str, Any]:
    """Return a deployment as its JSON document."""
    return {
        "schema": "aosctl.deploy/1",
        "network": deployment.network,
        "bundle": deployment.bundle,
        "changed": deployment.changed,
        "steps": _step_documents(deployment.steps, deployment.verified, "done"),
        "processes": _process_documents(deployment.entries),
    }


def _process_documents(entries: Mapping[str, Entry]) -> dict[str, Any]:
    return {
        name: {
            "id": entry.id,
            "module": entry.module,
            "scheduler": entry.scheduler,
            "bundle_hash": entry.bundle_hash,
        }
        for name, entry in entries.items()
    }


def _step_documents(
    steps: Iterable[Step], verified: Iterable[str], state: State
) -> list[dict[str, Any]]:
    asked: Iterable[dict[str, Any]] = (
        {"kind": "verify", "process": process, "item": None, "state": state, "tags": []}
        for process in verified
    )
    return [*map(_step_document, steps), *asked]


def _step_document(step: Step) -> dict[str, Any]:
    return {
        "kind": step.kind,
        "process": step.process,
        "item": step.item,
        "state": step.state,
        "tags": msgspec.to_builtins(step.final),
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


def plan_lines(plan: Plan, *, with_tags: bool = True) -> list[str]:
    """Return a plan in words: a line a step, its item's tags below it."""
    lines = []
    for step in plan.steps:
        size = f", {step.size} bytes" if step.size else ""
        lines.append(f"{step.kind:<9}  {step.process}  {step.note}{size}".rstrip())
        lines += [f"             {tag.name} = {tag.value}" for tag in step.final if with_tags]
    return lines + [f"verify     {process}" for process in plan.verify]


def note_lines(plan: Plan) -> list[str]:
    """Return what a person should know besides the steps."""
    return [f"Note: {note}." for note in plan.notes]


def progress_line(progress: Progress) -> str:
    """Return where a step is, as a line."""
    doing = {"pending": "…", "done": "done", "failed": "FAILED"}[progress.state]
    return f"{progress.kind:<9}  {progress.process}  {doing}"


def print_processes(entries: Mapping[str, Entry]) -> None:
    """Print names and ids, one process a line."""
    width = max(map(len, entries), default=0)
    for name, entry in entries.items():
        console.print_line(f"{name:<{width}}  {entry.id}")


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
    return console.make_table(("process", "id", "bundle", "answers"), rows)


def _short(recorded: Mapping[str, Any]) -> str:
    return str(recorded.get("bundle_hash") or "")[:12]


def _answers(live: Mapping[str, Any] | None) -> str:
    return ", ".join(live) if live else "nothing"


def finding_line(finding: Finding) -> str:
    """Return one finding as a line, its place first, as editors follow it."""
    return f"{finding.path}:{finding.line}: {finding.severity}: {finding.text} [{finding.code}]"
