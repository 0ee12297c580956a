"""
A resident: a process in its place in the schedule, with what it has published.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from aosctl.dataitem import encode_base64url
from aosctl.emulator.clock import Clock
from aosctl.emulator.cron import Cron, read_crons
from aosctl.emulator.process import Process
from aosctl.emulator.profile import Profile
from aosctl.errors import EmulatorError
from aosctl.message import Environment, Message, Result

_PATCH = ("device", "patch@1.0")
_PROTOCOL = frozenset({"Data-Protocol", "Variant", "Type", "Reference"})


class Resident:
    """
    A process that lives in a world.

    `crons` are those that it asks for; `fault` says why no compute unit would evaluate it, if so.
    `history` gives the messages that it has evaluated and that were not undone; from them it is
    rebuilt at its first use. `published` is what its `patch@1.0` messages said, merged.
    """

    def __init__(
        self,
        environment: Environment,
        history: Callable[[], Iterable[Message]],
        *,
        profile: Profile,
        shuffle: int | None = None,
    ) -> None:
        self.environment = environment
        self.profile = profile
        self._shuffle = shuffle
        self.nonce = -1
        self.hash_chain = ""
        self.seen: set[str] = set()
        self.published: dict[str, Any] = {}
        self.crons, self.fault = _crons_of(environment)
        self._history = history
        self._process: Process | None = None

    @property
    def process(self) -> Process:
        """The Lua process; one that comes from a log is rebuilt at its first use."""
        if self._process is None:
            self._process = Process(self.environment, profile=self.profile, shuffle=self._shuffle)
            self._process.replay(self._history())
        return self._process

    def schedule(self, message: Message, clock: Clock) -> Message:
        """Return `message` as assigned to this process: numbered, dated, chained."""
        self.nonce += 1
        self.seen.add(message.id or "")
        link = self.hash_chain + (message.id or "")
        self.hash_chain = encode_base64url(hashlib.sha256(link.encode()).digest())
        return msgspec.structs.replace(
            message,
            epoch=0,
            nonce=self.nonce,
            hash_chain=self.hash_chain,
            timestamp=clock.now,
            block_height=clock.height,
            cron=False,
        )

    def catch_up(self, message: Message, result: Result) -> None:
        """Take note of a message that was scheduled and evaluated in an earlier run."""
        self.note(result)
        if message.cron:
            return
        self.seen.add(message.id or "")
        self.nonce = -1 if message.nonce is None else message.nonce
        self.hash_chain = message.hash_chain or ""

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


def _crons_of(environment: Environment) -> tuple[tuple[Cron, ...], str | None]:
    """Return what the tags of a process ask for, and why nobody would evaluate it, if so."""
    try:
        return read_crons(environment.process.tags), None
    except EmulatorError as error:
        return (), error.message


def _merge(into: dict[str, Any], patch: dict[str, Any]) -> None:
    for key, value in patch.items():
        known = into.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            _merge(known, value)
        elif not (isinstance(known, dict) and value == []):  # aos encodes an empty table as []
            into[key] = value
