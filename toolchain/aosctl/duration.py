"""
Duration: a length of time as people write it, in milliseconds: `250ms`, `30s`, `5m`, `24h`, `3d`.
"""

from __future__ import annotations

import re

from aosctl.errors import UsageError

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"([0-9]{1,12})(ms|s|m|h|d)")


def parse_duration(text: str) -> int:
    """
    Return how many milliseconds `text` stands for.

    Raises:
        UsageError: it is no duration.
    """
    found = _DURATION.fullmatch(text)
    if found is None:
        raise UsageError(
            f"'{text}' is no duration", hint="Write a number and a unit: 250ms, 30s, 5m, 24h, 3d."
        )
    return int(found[1]) * _UNITS[found[2]]
