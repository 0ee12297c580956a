"""The coordinator on the stage: configured, its peers played by addresses."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from aosctl.testing.stage import Sent
from tests.processes.tim3.cast import Lead

TIMEOUT_MS = 300_000
TOKEN = 10**12  # base units of one token


class CoordinatorStage(Lead):
    """What the peers of a coordinator say to it."""

    def lock_id(self, n: int) -> str:
        """Return the id of the nth lock of the lock manager."""
        return f"M-{self.address('lock_manager')[:8]}-{n}"

    def redeem_id(self, n: int) -> str:
        """Return the id of the nth redeem."""
        return f"R-{self.id[:8]}-{n}"

    def reply(self, question: Sent, *, data: str = "", **tags: str) -> list[Sent]:
        """Answer a message of the process, as whoever got it."""
        pairs = {name.replace("_", "-"): value for name, value in tags.items()}
        pairs["X-Reference"] = question.tag("Reference") or ""
        action = pairs.pop("Action", None)
        return self.actor.send(question.receiver, action, pairs, data=data)

    def shake_hands(self, sent: Iterable[Sent], **answers: dict[str, str]) -> None:
        """Answer the questions of the handshake as peers that agree; `answers` replaces some."""
        peers = {"coordinator": self.id, "mock_usda": self.address("mock_usda")}
        for question in sent:
            role = self.name(question.receiver)
            if question.action == "Info":
                self.reply(question, **(answers.get(role) or {"Denomination": "12"}))
            elif question.action == "GetConfig":
                self.reply(question, Action="Config-Response", data=json.dumps({"peers": peers}))
            elif question.action == "Set-Cap":
                self.reply(question, Action="Set-Cap-Response", Seq=question.tag("Seq") or "")

    def make_ready(self) -> None:
        """Configure the process and complete the handshake."""
        self.shake_hands(self.configure())
        assert self.health["configured"] is True

    def lock(
        self, n: int, quantity: str = "100", *, user: str = "alice", **tags: str
    ) -> list[Sent]:
        """Announce the nth lock, as the lock manager."""
        said = {
            "Op-Id": self.lock_id(n),
            "Lock-Id": self.lock_id(n),
            "User": self.address(user),
            "Recipient": self.address(user),
            "Quantity": quantity,
            "Protocol": "TIM3/1",
            "Low-Water": "1",
        }
        said |= {name.replace("_", "-"): value for name, value in tags.items()}
        return self.send("lock_manager", "LockCollateral-Success", said)

    def say(self, peer: str, action: str, op_id: str, **tags: str) -> list[Sent]:
        """Say something about an operation, as a peer."""
        said = {name.replace("_", "-"): value for name, value in tags.items()}
        return self.send(peer, action, {"Op-Id": op_id, **said})

    def minted(self, n: int, quantity: str = "100", *, user: str = "alice") -> list[Sent]:
        """Confirm the nth mint, as the token manager."""
        return self.say(
            "token_manager",
            "Mint-Response",
            self.lock_id(n),
            Recipient=self.address(user),
            Quantity=quantity,
        )

    def mint(self, n: int, quantity: str = "100", *, user: str = "alice") -> None:
        """Walk the nth mint to its end; every peer answers."""
        self.lock(n, quantity, user=user)
        self.confirm_updates(self.minted(n, quantity, user=user))
        self.say("lock_manager", "Consume-Lock-Response", self.lock_id(n))
        assert self.operation(self.lock_id(n))["closed"] is True

    def redeem(self, quantity: str, *, user: str = "alice", **tags: str) -> list[Sent]:
        """Ask for a redeem, as a user."""
        said = {name.replace("_", "-"): value for name, value in tags.items()}
        return self.send(user, "RedeemTIM3", {"Quantity": quantity, **said})

    def burned(self, n: int, quantity: str, *, user: str = "alice") -> list[Sent]:
        """Confirm the burn of the nth redeem, as the token manager."""
        return self.say(
            "token_manager",
            "Burn-Response",
            self.redeem_id(n),
            User=self.address(user),
            Quantity=quantity,
        )

    def paid(self, op_id: str, quantity: str) -> list[Sent]:
        """Tell that collateral has left, as the lock manager."""
        return self.say("lock_manager", "UnlockCollateral-Success", op_id, Quantity=quantity)

    def confirm_updates(self, sent: Iterable[Sent]) -> None:
        """Confirm every UpdatePosition, as the state manager."""
        for message in sent:
            if message.action == "UpdatePosition":
                seq = message.tag("Seq") or ""
                self.send("state_manager", "UpdatePosition-Response", {"Seq": seq})

    def sweep(self, **tags: str) -> list[Sent]:
        """Sweep as anyone may; return what it sent, without the answer to the sweeper."""
        sent = self.send("bob", "Sweep-Expired", tags)
        return [message for message in sent if self.name(message.receiver) != "bob"]

    def set_limits(self, **limits: str) -> Any:
        """Set limits, as the admin; return the answer."""
        tags = {name.replace("_", "-"): value for name, value in limits.items()}
        return self.ask_first("deployer", "SetLimits", tags)

    def ask_first(self, sender: str, action: str, tags: dict[str, str]) -> Any:
        """Send a message and return the JSON of the answer, whatever others were told."""
        sent = self.send(sender, action, tags)
        (answer,) = [message for message in sent if self.name(message.receiver) == sender]
        assert answer.error is None, answer
        return answer.json()

    def pause(self, scope: str, paused: str = "true", *, sender: str = "deployer") -> list[Sent]:
        """Pause or unpause."""
        return self.send(sender, "EmergencyPause", {"Scope": scope, "Pause": paused})

    def operation(self, op_id: str) -> Any:
        """Return what GetOperation tells."""
        return self.ask("alice", "GetOperation", {"Op-Id": op_id})

    @property
    def info(self) -> Any:
        """Return what Info tells."""
        return self.ask("alice", "Info")

    @property
    def anomalies(self) -> int:
        """Return how many messages should not have come."""
        count = self.health["anomalies"]
        assert isinstance(count, int)
        return count
