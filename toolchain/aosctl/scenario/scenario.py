"""
Scenario: what must happen when a bundle runs.

`docs/scenarios.md` tells authors how to write one; `scenario_source` reads their file.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

DEPLOYER = "deployer"  # the wallet that deployed, in every scenario

Start = Literal["unconfigured", "configured", "live"]


class _Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that is not named here is refused."""


class Matches(_Strict, frozen=True):
    """A value that only has to look like this: a regular expression for the whole of it."""

    matches: str


class Expectation(_Strict, frozen=True, rename={"sender": "from", "receiver": "to"}):
    """What is known of a message; whatever is left out may be anything."""

    sender: str | None = None
    receiver: str | None = None
    action: str | None = None
    tags: dict[str, str | Matches] = {}
    json: Any = msgspec.UNSET
    data: str | Matches | None = None


class Source(_Strict, frozen=True, rename={"sender": "from"}):
    """
    Where a value comes from: an answer, the published state, or the clock on the wall.

    `path` leads to it with dots, through JSON objects by name and through lists by number.
    """

    answer: str | None = None
    sender: str | None = None
    published: str | None = None
    elapsed_ms: bool = False
    tag: str | None = None
    path: str = ""
    count: bool = False
    denomination: int | None = None


class Step(_Strict, frozen=True, rename={"sender": "from", "receiver": "to"}):
    """One check: what is done, and what must come of it."""

    name: str
    sender: str | None = None
    receiver: str | None = None
    action: str | None = None
    tags: dict[str, str] = {}
    data: str | None = None
    json: Any = msgspec.UNSET
    advance: str | None = None
    each: tuple[dict[str, str], ...] = ()
    answers: tuple[Expectation, ...] = ()
    between: tuple[Expectation, ...] = ()
    never: tuple[Expectation, ...] = ()
    silent: bool = False
    unchanged: bool | tuple[str, ...] = False
    published: dict[str, dict[str, Any]] = {}
    keep: dict[str, Source] = {}
    figures: dict[str, Source] = {}
    picture: str | None = None

    @property
    def sends(self) -> bool:
        """Return whether a message is sent."""
        return self.receiver is not None


class Stage(_Strict, frozen=True):
    """
    Steps that follow one another in one world.

    `starts` says in what state the bundle is when they begin; without it they go on where the stage
    before ended.
    """

    name: str
    starts: Start | None = None
    step: tuple[Step, ...] = ()


class Laws(_Strict, frozen=True):
    """The invariants: which hold after every delivery, and which when nothing is under way."""

    always: tuple[str, ...] = ()
    at_rest: tuple[str, ...] = ()


class Scenario(_Strict, frozen=True):
    """All stages of a bundle, with the names that its steps use."""

    about: str = ""
    wallets: tuple[str, ...] = ()
    values: dict[str, str] = {}
    invariants: Laws = Laws()
    stage: tuple[Stage, ...] = ()
