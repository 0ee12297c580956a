"""
Messages of AO: what a process is given and what it answers.

Text is `str`. Bytes that are not UTF-8 are kept by the `surrogateescape` error handler, so nothing
is lost between two processes; `to_network_text` gives what a reader of the network would see.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from aosctl.errors import ProcessError

ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}")
ETHEREUM_PATTERN = re.compile(r"0x[0-9A-Fa-f]{40}")


class Tag(msgspec.Struct, frozen=True):
    """One name and its value, in the order in which they were written."""

    name: str
    value: str


Tags = tuple[Tag, ...]


class Message(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    One message as a compute unit hands it to a process (reference: aos-runtime, section 2).

    `None` stands for a key that is absent. Encoded as JSON the keys are the network's:
    `Id`, `Block-Height`, `Read-Only`. Timestamps are milliseconds.
    """

    id: str | None = msgspec.field(default=None, name="Id")
    signature: str | None = msgspec.field(default=None, name="Signature")
    owner: str | None = msgspec.field(default=None, name="Owner")
    sender: str | None = msgspec.field(default=None, name="From")
    forwarded_by: str | None = msgspec.field(default=None, name="Forwarded-By")
    target: str | None = msgspec.field(default=None, name="Target")
    anchor: str | None = msgspec.field(default=None, name="Anchor")
    tags: Tags = msgspec.field(default=(), name="Tags")
    data: str | None = msgspec.field(default=None, name="Data")
    epoch: int | None = msgspec.field(default=None, name="Epoch")
    nonce: int | None = msgspec.field(default=None, name="Nonce")
    timestamp: int | None = msgspec.field(default=None, name="Timestamp")
    block_height: int | None = msgspec.field(default=None, name="Block-Height")
    hash_chain: str | None = msgspec.field(default=None, name="Hash-Chain")
    cron: bool | None = msgspec.field(default=None, name="Cron")
    read_only: bool | None = msgspec.field(default=None, name="Read-Only")

    def tag(self, name: str) -> str | None:
        """Return the value of the first tag called exactly `name`."""
        return first_tag(self.tags, name)

    @property
    def action(self) -> str | None:
        """Return the value of the `Action` tag."""
        return self.tag("Action")


class Definition(msgspec.Struct, frozen=True):
    """What a process or a module was made with: its id, its owner's address, its tags."""

    id: str
    owner: str
    tags: Tags = ()


class Environment(msgspec.Struct, frozen=True):
    """The second argument of every evaluation: the process and the module it runs."""

    process: Definition
    module: Definition


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """
    One entry of an outbox: a message, or a spawn (then `target` is None).

    Tag values and data are JSON values as the process left them; only text travels further.
    """

    anchor: str
    tags: tuple[tuple[str, Any], ...]
    target: str | None = None
    data: Any = None

    def tag(self, name: str) -> Any:
        """Return the value of the first tag called exactly `name`."""
        return next((value for key, value in self.tags if key == name), None)

    @property
    def action(self) -> Any:
        """Return the value of the `Action` tag."""
        return self.tag("Action")


class Location(msgspec.Struct, frozen=True):
    """A place in Lua text: a chunk name (`aos` for evaluated text) and a line counted from 1."""

    chunk: str
    line: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """
    What one evaluation gave.

    With `error` set (any JSON value but null; the module's own error) or `host_error` set (the
    module failed outside its own error handling) the process is as it was before, and the outbox is
    empty; unless `kept`: then the error has undone nothing (the profile `hyper`). `handlers` names
    the handlers that ran, in order; `location` is where the last of them is defined. `cost` counts
    Lua instructions where the evaluation was observed, else None; `changed` likewise names the
    globals whose content changed, sorted.
    """

    messages: tuple[Outgoing, ...] = ()
    spawns: tuple[Outgoing, ...] = ()
    assignments: tuple[Any, ...] = ()
    output: Any = None
    error: Any = None
    host_error: str | None = None
    kept: bool = False
    handlers: tuple[str, ...] = ()
    location: Location | None = None
    cost: int | None = None
    changed: tuple[str, ...] | None = None

    @property
    def failed(self) -> bool:
        """Return whether there was an error."""
        return self.error is not None or self.host_error is not None

    @property
    def is_undone(self) -> bool:
        """Return whether the process was put back to what it was before."""
        return self.failed and not self.kept

    @property
    def failure(self) -> str | None:
        """Return the error as text without colour codes, or None."""
        if self.host_error is not None:
            return self.host_error
        return None if self.error is None else strip_colours(str(self.error))

    def raise_for_error(self) -> Result:
        """
        Return this result.

        Raises:
            ProcessError: the evaluation failed.
        """
        if self.failure is not None:
            raise ProcessError(self.failure)
        return self


_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def strip_colours(text: str) -> str:
    """Return `text` without terminal colour codes."""
    return _COLOUR.sub("", text)


def first_tag(tags: Iterable[Tag], name: str) -> str | None:
    """Return the value of the first tag called exactly `name`."""
    return next((tag.value for tag in tags if tag.name == name), None)


def make_tags(pairs: Mapping[str, str] | Iterable[tuple[str, str]]) -> Tags:
    """Return tags in the order of `pairs`."""
    items = pairs.items() if isinstance(pairs, Mapping) else pairs
    return tuple(Tag(name, value) for name, value in items)


def sender_of(owner: str, tags: Tags) -> str:
    """Return the `From` of a message signed by `owner`."""
    return first_tag(tags, "From-Process") or owner


def forwarder_of(owner: str, tags: Tags) -> str | None:
    """Return the `Forwarded-By` of a message signed by `owner`."""
    return owner if first_tag(tags, "From-Process") is not None else None


def hide_claims(tags: Tags) -> Tags:
    """Return the tags without those that a compute unit hides from the process."""
    return tuple(tag for tag in tags if tag.name not in {"From", "Owner"})


def is_id(text: str) -> bool:
    """Return whether `text` has the shape of an id or Arweave address: 43 characters base64url."""
    return ID_PATTERN.fullmatch(text) is not None


def is_address(text: str) -> bool:
    """Return whether `text` can be a sender: an id, or an Ethereum address with 0x."""
    return is_id(text) or ETHEREUM_PATTERN.fullmatch(text) is not None


def name_address(name: str) -> str:
    """Return the address that a plain name such as `alice` stands for on networks at home."""
    digest = hashlib.sha256(to_bytes(f"aosctl:{name}")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def to_bytes(text: str) -> bytes:
    """Return the bytes that `text` stands for."""
    try:
        return text.encode()  # without an error handler it takes a third of the time
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogateescape")


def from_bytes(raw: bytes) -> str:
    """Return `raw` as text from which `to_bytes` gets the same bytes back."""
    return raw.decode("utf-8", "surrogateescape")


def to_network_text(text: str) -> str:
    """Return `text` as the network shows it: bytes that are not UTF-8 become U+FFFD."""
    return to_bytes(text).decode("utf-8", "replace")
