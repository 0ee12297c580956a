"""
A resident: a process in its place in the schedule, with what it has published.
"""

from __future__ import annotations

import hashlib
from typing import Any

from aosctl.dataitem import encode_base64url
from aosctl.emulator.chronicle import ProcessLog
from aosctl.emulator.clock import Clock
from aosctl.emulator.cron import Cron, read_crons
from aosctl.emulator.mail import Sender
from aosctl.emulator.process import Process
from aosctl.emulator.profile import Profile
from aosctl.emulator.shape import Values
from aosctl.errors import EmulatorError
from aosctl.message import Environment, Message, Result

_PATCH = ("device", "patch@1.0")
_PROTOCOL = frozenset({"Data-Protocol", "Variant", "Type", "Reference"})


class Resident:
    """
    A process that lives in a world.

    `crons` are those that it asks for; `fault` says why no compute unit would evaluate it, if so.
    `log` has the messages that it has evaluated and that were not undone; a process of an earlier
    run is rebuilt from them at its first use. `published` is what its `patch@1.0` messages said,
    merged.
    """

    def __init__(
        self,
        environment: Environment,
        log: ProcessLog,
        *,
        authority: str,
        profile: Profile,
        shuffle: int | None = None,
    ) -> None:
        self.environment = environment
        self.profile = profile
        self.nonce = -1
        self.hash_chain = ""
        self.sender = Sender.of(environment, authority)
        self.published: dict[str, Any] = {}
        self.crons, self.fault = _crons_of(environment)
        self._log = log
        self.process = Process(environment, profile=profile, shuffle=shuffle, log=log)

    def schedule(self, message_id: str, clock: Clock) -> Values:
        """Return what the scheduler adds to a message: number, date, link of the chain."""
        self.nonce += 1
        link = (self.hash_chain + message_id).encode()
        self.hash_chain = encode_base64url(hashlib.sha256(link).digest())
        return (0, self.nonce, clock.now, clock.height, self.hash_chain.encode(), False)

    def catch_up(self, number: int, message: Message, result: Result) -> None:
        """Take note of the step of that number: evaluated in an earlier run."""
        if not result.is_undone:
            self._log.note(number)
        self.note(result)
        if message.cron:
            return
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
        self.process.close()


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
