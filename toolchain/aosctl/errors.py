"""
What aosctl refuses, and why.

    AosctlError                 1   something failed
    ├── UsageError              2   the request itself is wrong: an option, a name, an id
    ├── ManifestError           1   manifest.toml cannot be followed
    ├── BundleError             1   Lua files do not make one text
    ├── RecordError             1   deployments.json cannot be read or written
    ├── BusyError               1   another run holds the record or the log
    ├── DeployError             1   a step of a plan did not come true
    ├── DriftError              3   live and recorded differ
    ├── ScenarioError           1   smoke.toml or invariants.lua cannot be followed
    ├── TraceError              1   a recorded trace is malformed
    ├── WalletError             1   a key file cannot be used
    ├── DataItemError           1   bytes are not an ANS-104 item
    ├── NetworkError            1   a network did not do what it was asked
    │   ├── AnswerError         1   a process gave no answer, or none that can be read
    │   └── LogError            1   the log of the local network is damaged
    └── EmulatorError           1   the world cannot go on
        ├── HopLimitError       1   messages go round without end
        └── ProcessError        1   a handler failed (raised only by Result.raise_for_error)
"""

from __future__ import annotations

from collections.abc import Callable


class AosctlError(Exception):
    """
    Say what happened (`message`), where (`where`: path:line, process, id) and what to do (`hint`).

    `exit_code` is what the command line exits with.
    """

    exit_code = 1

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    @property
    def kind(self) -> str:
        """Return the class name, the `kind` of the JSON error document."""
        return type(self).__name__


class UsageError(AosctlError):
    """The request itself is wrong."""

    exit_code = 2


class ManifestError(AosctlError):
    """A manifest cannot be followed."""


class BundleError(AosctlError):
    """Lua files do not make one text."""


class RecordError(AosctlError):
    """The record cannot be read or written."""


class BusyError(AosctlError):
    """Another run holds what this one needs."""


class DeployError(AosctlError):
    """A step of a plan did not come true."""


class DriftError(AosctlError):
    """What lives differs from what is recorded."""

    exit_code = 3


class ScenarioError(AosctlError):
    """A scenario or its invariants cannot be followed."""


class TraceError(AosctlError):
    """A recorded trace is malformed."""


class WalletError(AosctlError):
    """A key file cannot be used."""


class DataItemError(AosctlError):
    """Bytes are not an ANS-104 item."""


class NetworkError(AosctlError):
    """A network did not do what it was asked."""


class AnswerError(NetworkError):
    """A process gave no answer, or none that can be read."""


class LogError(NetworkError):
    """The log of the local network is damaged."""


class EmulatorError(AosctlError):
    """The world cannot go on."""


class HopLimitError(EmulatorError):
    """
    Messages go round without end.

    `last` are receiver and Action of the latest deliveries, in order; `where` is made of them.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        hint: str | None = None,
        last: tuple[tuple[str, str | None], ...] = (),
    ) -> None:
        path = " -> ".join(f"{receiver} ({action or 'no Action'})" for receiver, action in last)
        super().__init__(message, where=f"the last ones: {path}" if last else where, hint=hint)
        self.last = last

    def named(self, name: Callable[[str], str]) -> HopLimitError:
        """Return this error with names for the addresses in it."""
        last = tuple((name(receiver), action) for receiver, action in self.last)
        return HopLimitError(self.message, where=self.where, hint=self.hint, last=last)


class ProcessError(EmulatorError):
    """A handler failed."""
