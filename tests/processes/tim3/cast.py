"""The cast of TIM3: who a process talks with when it stands on the stage alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aosctl.message import name_address
from aosctl.testing.stage import Actor, Sent, Stage

ROLES = ("mock_usda", "coordinator", "state_manager", "lock_manager", "token_manager")
USERS = ("alice", "bob", "carol", "mallory", "deployer", "guardian", "admin")
_ENVELOPE = {"Action", "Data-Protocol", "Variant", "Type", "Reference"}
_ENVELOPE |= {"From-Process", "From-Module", "Pushed-For", "X-Reference", "Protocol"}


def tags_of(sent: Sent) -> dict[str, str]:
    """Return what a message says in tags, without the envelope."""
    return {tag.name: tag.value for tag in sent.message.tags if tag.name not in _ENVELOPE}


def only(sent: Iterable[Sent], action: str) -> Sent:
    """Return the one message of this Action."""
    (found,) = [message for message in sent if message.action == action]
    return found


class Lead:
    """
    One process among plain addresses: every other part is played by an address of its name.

    Answers of the process reach those addresses, and nothing they are sent is answered unless the
    test does it; so a test sees each step of a conversation alone.
    """

    def __init__(self, stage: Stage, actor: Actor, role: str) -> None:
        self.stage = stage
        self.actor = actor
        self.role = role
        self._names = {name_address(name): name for name in (*ROLES, *USERS)}
        self._names[actor.id] = role

    @property
    def id(self) -> str:
        """Return the id of the process."""
        return self.actor.id

    def name(self, address: str) -> str:
        """Return who an address is."""
        return self._names.get(address, address)

    def address(self, name: str) -> str:
        """Return the address that plays `name`."""
        return self.id if name == self.role else name_address(name)

    def send(
        self, sender: str, action: str, tags: Mapping[str, str] | None = None, *, data: str = ""
    ) -> list[Sent]:
        """Send a message and return what the process then sent."""
        return self.actor.send(sender, action, tags or {}, data=data)

    def ask(self, sender: str, action: str, tags: Mapping[str, str] | None = None) -> Any:
        """Send a message and return the JSON of its one answer."""
        return self.actor.ask(sender, action, tags or {}).json()

    def refusal(
        self, sender: str, action: str, tags: Mapping[str, str] | None = None
    ) -> str | None:
        """Send a message that is refused; return the code. Nothing else may have been sent."""
        (answer,) = self.send(sender, action, tags)
        assert answer.action == f"{action}-Error"
        assert self.name(answer.receiver) == sender
        assert answer.data, "a refusal says why in words"
        return answer.error

    def heard(self, sent: Iterable[Sent]) -> list[tuple[str, str]]:
        """Return who got which Action, in order."""
        return [(self.name(message.receiver), message.action or "") for message in sent]

    def configure(self, peers: Mapping[str, str] | None = None) -> list[Sent]:
        """Tell the process of all five, as the deployer."""
        ids = {role: self.address(role) for role in ROLES} | dict(peers or {})
        tags = {f"{role.title().replace('_', '-')}-Process": ids[role] for role in ROLES}
        return self.send("deployer", "SetProcessConfig", tags)

    def advance(self, milliseconds: int) -> None:
        """Move the clock forward."""
        self.stage.advance(milliseconds)

    @property
    def health(self) -> Any:
        """Return what the process answers to Health."""
        return self.ask("alice", "Health")

    @property
    def published(self) -> dict[str, Any]:
        """Return the state that the process has published."""
        return self.actor.published
