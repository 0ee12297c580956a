"""Smoke view: an integration run and a health score, as documents and as words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aosctl.scenario.player import Check
from aosctl.smoke import SmokeReport
from aosctl.view import console


def smoke_document(report: SmokeReport) -> dict[str, Any]:
    """Return an integration run as its JSON document."""
    return {
        "schema": "aosctl.smoke/1",
        "ok": report.ok,
        "network": report.network,
        "bundle": report.bundle,
        "checks": [_check(check) for check in report.checks],
        "figures": report.figures,
    }


def _check(check: Check) -> dict[str, Any]:
    skipped = {"skipped": True} if check.skipped else {}
    return {"name": check.name, "ok": check.ok, **skipped, "detail": check.detail}


def print_report(report: SmokeReport) -> None:
    """Print every check with its verdict, then the figures, then the sum."""
    rows = [
        (console.verdict(ok=check.ok, skipped=check.skipped), check.name, check.detail)
        for check in report.checks
    ]
    console.print_table(("", "check", "what was seen"), rows)
    if report.figures:
        figures = [(name, figure_text(value)) for name, value in report.figures.items()]
        console.answers().print()
        console.print_table(("figure", "value"), figures)
    console.answers().print()
    console.print_line(summary(report))


def summary(report: SmokeReport) -> str:
    """Return how it came out, in one line."""
    skipped = sum(check.skipped for check in report.checks)
    held = len(report.checks) - len(report.failed) - skipped
    parts = [f"{held} held", f"{len(report.failed)} failed"]
    parts += [f"{skipped} skipped"] if skipped else []
    outcome = "holds" if report.ok else "FAILS"
    return f"{report.bundle} on {report.network} {outcome}: {', '.join(parts)}."


def figure_text(value: Any) -> str:
    """Return a figure as people read it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def health_document(score: float, parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return a health score as its JSON document."""
    return {"schema": "aosctl.health/1", "score": score, "parts": dict(parts)}


def print_health(score: float, parts: Mapping[str, Any]) -> None:
    """Print the score, then its parts."""
    rows = [("score", figure_text(score)), *((n, figure_text(v)) for n, v in parts.items())]
    console.print_table(("health", ""), rows)
