"""The state manager on the stage: its peers are played by addresses."""

from __future__ import annotations

from typing import Any

from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import Lead

TIMEOUT_MS = 300_000


class StateManagerStage(Lead):
    """What the peers of a state manager say to it."""

    def update(
        self, seq: int, position: str, total: str, *, user: str = "alice", **tags: str
    ) -> list[Sent]:
        """Tell a position and the totals, as the coordinator."""
        said = {
            "Op-Id": f"M-abcdefgh-{seq}",
            "Seq": str(seq),
            "User": self.address(user),
            "User-Position": position,
            "Total-Supply": total,
            "Total-Collateral": total,
            "Kind": "mint",
        }
        said |= {name.replace("_", "-"): value for name, value in tags.items()}
        return self.send("coordinator", "UpdatePosition", said)

    def report_supply(self, seq: int, quantity: str) -> list[Sent]:
        """Attest the supply, as the token manager."""
        return self.send("token_manager", "Report-Supply", _report(seq, quantity))

    def report_locked(self, seq: int, quantity: str) -> list[Sent]:
        """Attest the collateral, as the lock manager."""
        return self.send("lock_manager", "Report-Locked", _report(seq, quantity))

    def balance(self, quantity: str, *, seq: int = 1) -> None:
        """Tell everything that follows a mint, by everyone."""
        self.report_locked(seq, quantity)
        self.report_supply(seq, quantity)
        self.update(seq, quantity, quantity)

    @property
    def system_health(self) -> Any:
        """Return what SystemHealth tells."""
        return self.ask("alice", "SystemHealth")

    def position(self, user: str = "alice") -> Any:
        """Return what GetPosition tells of a user."""
        return self.ask("bob", "GetPosition", {"User": self.address(user)})["position"]


def _report(seq: int, quantity: str) -> dict[str, str]:
    return {"Quantity": quantity, "Seq": str(seq)}
