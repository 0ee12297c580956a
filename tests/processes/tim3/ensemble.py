"""All five processes of TIM3 together, and what they say to one another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aosctl.emulator.trace import TraceNode
from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent, Stage
from tests.processes.tim3.cast import USERS, tags_of

_OP_ID = re.compile(r"\b([MRWVK])-([\w-]{8})-(\d+)\b")


class Ensemble:
    """Five actors on one stage, and names for everyone they speak of."""

    def __init__(self, stage: Stage, actors: Mapping[str, Actor]) -> None:
        self.stage = stage
        self.actors = actors
        self.names = {name_address(user): user for user in USERS}
        self.names |= {actor.id: name for name, actor in actors.items()}
        self._prefixes = {actor.id[:8]: name for name, actor in actors.items()}

    def name(self, text: str) -> str:
        """Return `text` with ids and addresses replaced by who they are."""
        known = self.names.get(text, text)
        return _OP_ID.sub(lambda m: f"{m[1]}-<{self._prefixes.get(m[2], m[2])}>-{m[3]}", known)

    def send(self, sender: str, role: str, action: str, **tags: str) -> list[Sent]:
        """Send one message and deliver until all is quiet."""
        said = {name.replace("_", "-"): value for name, value in tags.items()}
        return self.actors[role].send(sender, action, said)

    def ask(self, role: str, action: str, **tags: str) -> Any:
        """Return the JSON that a process answers to a question."""
        said = {name.replace("_", "-"): value for name, value in tags.items()}
        return self.actors[role].ask("alice", action, said).json()

    def fund(self, user: str, quantity: str) -> None:
        """Give a user collateral."""
        self.send("deployer", "mock_usda", "Mint", Recipient=name_address(user), Quantity=quantity)

    def deposit(self, user: str, quantity: str, **tags: str) -> list[Sent]:
        """Send collateral to the lock manager, as one does to mint."""
        said = {"X_Action": "Mint-TIM3", **tags}
        recipient = self.actors["lock_manager"].id
        return self.send(
            user, "mock_usda", "Transfer", Recipient=recipient, Quantity=quantity, **said
        )

    def redeem(self, user: str, quantity: str, **tags: str) -> list[Sent]:
        """Ask for collateral in return for TIM3."""
        return self.send(user, "coordinator", "RedeemTIM3", Quantity=quantity, **tags)

    def sweep(self) -> None:
        """Sweep everywhere."""
        for role in ("coordinator", "lock_manager"):
            self.send("alice", role, "Sweep-Expired")

    def balance(self, role: str, holder: str) -> str:
        """Return a balance of a token."""
        address = self.actors[holder].id if holder in self.actors else name_address(holder)
        answer = self.ask(role, "Balance", Target=address)
        assert isinstance(answer, dict)
        return str(answer["balance"])

    def between(self, sent: list[Sent]) -> list[tuple[str, str, str]]:
        """Return the messages between processes: sender, Action, receiver."""
        lines = [
            (self.name(s.message.sender or ""), s.action or "", self.name(s.receiver)) for s in sent
        ]
        return [line for line in lines if line[0] in self.actors and line[2] in self.actors]

    def told(self, sent: list[Sent], user: str) -> list[str]:
        """Return the Actions that a user was sent."""
        return [s.action or "" for s in sent if s.receiver == name_address(user)]

    def totals(self) -> dict[str, str]:
        """Return every figure that must be one and the same at rest."""
        health = self.ask("state_manager", "SystemHealth")
        info = self.ask("coordinator", "Info")
        return {
            "usda held": self.balance("mock_usda", "lock_manager"),
            "locked": self.ask("lock_manager", "LockStats")["totalLocked"],
            "tim3 supply": self.ask("token_manager", "TokenStats")["totalSupply"],
            "coordinator minted": info["totalTIM3MintedQty"],
            "coordinator collateral": info["totalCollateralQty"],
            "observed supply": health["totalTIM3Supply"],
            "observed collateral": health["totalCollateral"],
        }

    def picture(self, message: str) -> str:
        """Return the tree of messages that one message caused, as text, one message a line."""
        return "".join(self._lines(self.stage.world.trace(message), 0))

    def _lines(self, node: TraceNode, depth: int) -> list[str]:
        message = node.step.message
        sent = Sent(node.step.receiver, message)
        said = [f"{name}={self.name(value)}" for name, value in sorted(tags_of(sent).items())]
        sender = self.name(message.sender or "")
        arrow = f"{sender} -> {self.name(node.step.receiver)}"
        line = f"{'  ' * depth}{arrow}  {message.action}  {' '.join(said)}".rstrip() + "\n"
        return [line, *(text for child in node.children for text in self._lines(child, depth + 1))]
