"""The lock manager on the stage: its token, the coordinator and the users are addresses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent, Stage
from tests.processes.tim3.cast import ROLES, Lead

TIMEOUT_MS = 300_000
HOUR_MS = 3_600_000
# What may be believed of the collateral token: Mock USDA, one that executes a repeated transfer
# again, and a stock token.
MOCK = {"Token-Authenticated": "true", "Token-Idempotent": "true"}
AUTHENTICATED = {"Token-Authenticated": "true", "Token-Idempotent": "false"}
STOCK = {"Token-Authenticated": "false", "Token-Idempotent": "false"}
Tags = Mapping[str, str | None]


def given(tags: Tags) -> dict[str, str]:
    """Return the tags that have a value: None leaves one out."""
    return {name: value for name, value in tags.items() if value is not None}


class LockManagerStage(Lead):
    """What the peers of a lock manager say to it."""

    def __init__(self, stage: Stage, actor: Actor) -> None:
        super().__init__(stage, actor, "lock_manager")
        self._names[name_address("other_token")] = "other_token"
        self._references = 0

    def set_up(
        self, config: Mapping[str, str] = MOCK, *, without: str = "", sender: str = "deployer"
    ) -> list[Sent]:
        """Tell the process of all five but `without`, and what its token is like."""
        ids = {role: self.address(role) for role in ROLES if role != without}
        tags = {f"{role.title().replace('_', '-')}-Process": id_ for role, id_ in ids.items()}
        return self.send(sender, "SetProcessConfig", {**tags, **config})

    def lock_id(self, n: int) -> str:
        """Return the id of the nth lock."""
        return f"M-{self.id[:8]}-{n}"

    def redeem_id(self, n: int) -> str:
        """Return the id of the coordinator's nth redeem."""
        return f"R-{self.address('coordinator')[:8]}-{n}"

    def next_reference(self) -> str:
        """Return the number of the token's next message."""
        self._references += 1
        return str(self._references)

    # --- the token ---

    def deposit(
        self, quantity: str = "100", *, user: str = "alice", tags: Tags | None = None
    ) -> list[Sent]:
        """Announce a deposit, as the token; `tags` go over what it says."""
        said: Tags = {
            "Sender": self.address(user),
            "Quantity": quantity,
            "X-Action": "Mint-TIM3",
            "Reference": self.next_reference(),
            **(tags or {}),
        }
        return self.send("mock_usda", "Credit-Notice", given(said))

    def credit_from(self, token: str, tags: Tags | None = None) -> list[Sent]:
        """Announce alice's deposit of another token: a process, so the messenger signs."""
        said: Tags = {
            "From-Process": self.address(token),
            "Sender": self.address("alice"),
            "Quantity": "100",
            "Reference": self.next_reference(),
            **(tags or {}),
        }
        return self.send(self.stage.world.authority, "Credit-Notice", given(said))

    def debit(
        self, op: str, payee: str = "alice", quantity: str = "100", tags: Tags | None = None
    ) -> list[Sent]:
        """Say that a transfer of the process was executed, as the token."""
        said: Tags = {
            "X-Op-Id": op,
            "Recipient": self.address(payee),
            "Quantity": quantity,
            "Sender": self.id,
            "Reference": self.next_reference(),
            **(tags or {}),
        }
        return self.send("mock_usda", "Debit-Notice", given(said))

    def transfer_error(self, op: str, tags: Tags | None = None) -> list[Sent]:
        """Say that a transfer of the process moved nothing, as the token."""
        said: Tags = {
            "X-Op-Id": op,
            "Error": "InsufficientBalance",
            "Reference": self.next_reference(),
            **(tags or {}),
        }
        return self.send("mock_usda", "Transfer-Error", given(said))

    def balance(self, question: Sent, balance: str, tags: Tags | None = None) -> list[Sent]:
        """Answer a question for the balance as a stock token does: without an Action."""
        said: Tags = {
            "Balance": balance,
            "Account": self.id,
            "Ticker": "USDA",
            "X-Reference": question.tag("Reference"),
            **(tags or {}),
        }
        return self.actor.send("mock_usda", None, given(said))

    # --- the coordinator ---

    def order(self, action: str, op: str, tags: Tags | None = None) -> list[Sent]:
        """Send a command about an operation, as the coordinator."""
        said = {"Op-Id": op, "Protocol": "TIM3/1", "Low-Water": "1", **(tags or {})}
        return self.send("coordinator", action, given(said))

    def consume(self, n: int) -> list[Sent]:
        """Say that the nth lock backs live TIM3."""
        return self.order("Consume-Lock", self.lock_id(n))

    def refund(self, n: int, tags: Tags | None = None) -> list[Sent]:
        """Order that alice's nth lock of 100 goes back."""
        said: Tags = {
            "User": self.address("alice"),
            "Recipient": self.address("alice"),
            "Quantity": "100",
            "Kind": "refund",
            "Reason": "Timeout",
            **(tags or {}),
        }
        return self.order("UnlockCollateral", self.lock_id(n), said)

    def redeem(self, n: int, quantity: str = "100", tags: Tags | None = None) -> list[Sent]:
        """Order that alice's nth redeem is paid."""
        said: Tags = {
            "User": self.address("alice"),
            "Recipient": self.address("alice"),
            "Quantity": quantity,
            "Kind": "redeem",
            **(tags or {}),
        }
        return self.order("UnlockCollateral", self.redeem_id(n), said)

    def pause(self, scope: str, seq: int, *, paused: bool = True) -> list[Sent]:
        """Tell of a pause, or of its end."""
        tags = {"Scope": scope, "Pause": str(paused).lower(), "Seq": str(seq)}
        return self.send("coordinator", "Pause-Notice", tags)

    def back(self, quantity: str = "100") -> None:
        """Have `quantity` behind live TIM3: one more lock, consumed."""
        self.deposit(quantity)
        self.consume(self.stats["totalLocks"])

    # --- anyone ---

    def sweep(self, limit: str | None = None) -> list[Sent]:
        """Sweep; the answer comes last."""
        return self.send("bob", "Sweep-Expired", given({"Limit": limit}))

    def retry(self, op: str, sender: str = "bob", give_up: str | None = None) -> list[Sent]:
        """Retry an operation."""
        return self.send(sender, "Retry-Operation", given({"Op-Id": op, "Give-Up": give_up}))

    @property
    def stats(self) -> Any:
        """Return what LockStats tells."""
        return self.ask("bob", "LockStats")

    @property
    def locked(self) -> str:
        """Return what is owed; readers must have been shown the same."""
        stats, shown = self.stats, self.published
        assert shown["totallocked"] == stats["totalLocked"]
        assert shown["backing"] == stats["backing"]
        assert shown["totalunlocked"] == stats["totalUnlocked"]
        assert (shown["strays"], shown["surplus"]) == (str(stats["strays"]), stats["surplus"])
        return str(stats["totalLocked"])

    @property
    def anomalies(self) -> int:
        """Return how often something came that should not have."""
        return int(self.stats["anomalies"])

    def operation(self, op: str) -> Any:
        """Return what GetOperation tells; readers must have been shown the same."""
        known = self.ask("bob", "GetOperation", {"Op-Id": op})
        shown = self.published["ops"][op]
        for name in ("kind", "phase", "user", "recipient", "quantity"):
            assert shown[name] == known[name]
        assert shown["attention"] == known.get("attention", "")
        return known

    def phase(self, op: str) -> str:
        """Return the phase of an operation."""
        return str(self.operation(op)["phase"])

    def assert_stray(self, *, surplus: str, count: int = 1) -> None:
        """Assert that nothing is owed, nothing was opened, and strays are counted."""
        stats = self.stats
        assert (stats["strays"], stats["surplus"]) == (count, surplus)
        assert (self.locked, stats["totalLocks"], stats["pendingOperations"]) == ("0", 0, 0)
        assert self.health["strays"] == count
