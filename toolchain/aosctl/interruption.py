"""
Interruption: what the program says when somebody stops it.

It needs nothing but the standard library, since it may come while all else is still loading.
"""

from __future__ import annotations

import json
import sys

EXIT_CODE = 130
_HINT = "What was sent is recorded. The same command again goes on there."


def wants_json(arguments: list[str]) -> bool:
    """Return whether --json is among the arguments, before any `--`."""
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--json" in options


def say_interrupted(arguments: list[str]) -> None:
    """Say it on stderr, or with --json among the arguments as a document on stdout."""
    if wants_json(arguments):
        error = {"kind": "Interrupted", "message": "interrupted", "where": None, "hint": _HINT}
        sys.stdout.write(json.dumps({"schema": "aosctl.error/1", **error}, indent=2) + "\n")
        sys.stdout.flush()
    else:
        sys.stderr.write("Interrupted.\n")
