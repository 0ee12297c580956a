"""
The clock of a world: virtual, so that a run is the same on every day and every machine.
"""

from __future__ import annotations

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z in milliseconds
START_HEIGHT = 1_800_000
BLOCK = 120_000  # milliseconds: Arweave makes a block about every two minutes


class Clock:
    """Counts milliseconds; `height` grows by one every two minutes."""

    def __init__(self, now: int = START) -> None:
        self.now = now

    @property
    def height(self) -> int:
        """Return the block height at this instant."""
        return START_HEIGHT + (self.now - START) // BLOCK

    @property
    def block_time(self) -> int:
        """Return when the block of this height was made."""
        return START + (self.height - START_HEIGHT) * BLOCK

    def after(self, milliseconds: int) -> int:
        """Return the time that it will be then; time never runs back."""
        if milliseconds < 0:
            raise ValueError(f"a clock moves forward, not by {milliseconds} ms")
        return self.now + milliseconds

    def advance(self, milliseconds: int) -> None:
        """Move forward."""
        self.now = self.after(milliseconds)

    def reach(self, time: int) -> None:
        """Move forward to `time`, or stay where that has passed."""
        self.now = max(self.now, time)
