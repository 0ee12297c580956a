"""Read the row of values in which a result leaves a Lua state."""

from __future__ import annotations

