"""
A resident: a process in its place in the schedule, with what it has published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

from aosctl.dataitem import encode_base64url
from aosctl.emulator.clock import Clock
from aosctl.emulator.mail import Sender
from aosctl.emulator.process import Process
from aosctl.emulator.shape import Values
from aosctl.message import Environment, Message, Result

_PATCH = ("device", "patch@1.0")
_PROTOCOL = frozenset({"Data-Protocol", "Variant", "Type", "Reference"})


class Resident:
    """
    A process that lives in a world.

    `history` gives the messages that it has evaluated without failing; from them it is rebuilt at
    its first use. `published` is what its `patch@1.0` messages said, merged.
    """

    def __init__(
        self,
        environment: Environment,
        history: Callable[[], Iterable[Message]],
        *,
        authority: str,
    ) -> None:
        self.environment = environment
        self.nonce = -1
        self.hash_chain = ""
        self.sender = Sender.of(environment, authority)
        self.published: dict[str, Any] = {}
        self._history = history
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The Lua process; one that comes from a log is rebuilt at its first use."""
        if self._process is None:
            self._process = Process(self.environment)
            self._process.replay(self._history())
        return self._process

    def schedule(self, message_id: str, clock: Clock) -> Values:
        """Return what the scheduler adds to a message: number, date, link of the chain."""
        self.nonce += 1
        link = (self.hash_chain + message_id).encode()
        self.hash_chain = encode_base64url(hashlib.sha256(link).digest())
        return (0, self.nonce, clock.now, clock.height, self.hash_chain.encode(), False)

    def catch_up(self, message: Message, result: Result) -> None:
        """Take note of a message that was scheduled and evaluated in an earlier run."""
        self.nonce = -1 if message.nonce is None else message.nonce
        self.hash_chain = message.hash_chain or ""
        self.note(result)

    def note(self, result: Result) -> None:
        """Merge into `published` what the outbox of `result` publishes."""
        for entry in result.messages:
            texts = {n: v for n, v in entry.tags if isinstance(n, str) and n not in _PROTOCOL}
            if _PATCH in texts.items():
                _merge(self.published, {n: v for n, v in texts.items() if n != _PATCH[0]})

    def close(self) -> None:
        """Let go of the Lua state."""
        if self._process is not None:
            self._process.close()


def _merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif not (isinstance(known, dict) and value == []):  # aos encodes an empty table as []
            into[key] = value
