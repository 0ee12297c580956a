"""
Near misses: the names that somebody may have meant.

Every refusal of a name ends in the same words, so that they are written once.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, or None if none is near."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.6)), None)


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """Return "Did you mean 'x'?" for the known name nearest to `name`, or None if none is near."""
    near = nearest(name, known)
    return f"Did you mean '{near}'?" if near else None


def listed(names: Iterable[str]) -> str:
    """Return the names sorted, quoted, and separated by commas, or "none"."""
    return ", ".join(f"'{name}'" for name in sorted(names)) or "none"
