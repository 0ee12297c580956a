"""
The messenger: what becomes of an outbox on its way to the next process.

It drops and adds tags, signs with its own key, and silently loses what cannot be made into a data
item. We keep the reason of each loss, because the network tells nobody
(reference: aos-runtime, section 2; ao-network, 2.4).
"""

from __future__ import annotations

from typing import Any

import msgspec

from aosctl.dataitem import MAX_TAG_BYTES
from aosctl.emulator.mail import derive_id
from aosctl.message import (
    Environment,
    Outgoing,
    Result,
    Tag,
    Tags,
    first_tag,
    is_address,
    is_id,
    to_bytes,
)

_DROPPED_FROM_MESSAGES = frozenset(
    {"Data-Protocol", "Type", "From-Process", "From-Module", "Assignments"}
)
_DROPPED_FROM_SPAWNS = frozenset({"Data-Protocol", "Type"})
_DROPPED_FROM_SPAWNED = frozenset({"Data-Protocol", "Variant", "Type"})
_AVRO_BYTES_PER_TAG = 6  # at most: two lengths of up to three bytes
ANCHOR_BYTES = 32
LEGACY_VARIANT = "ao.TN.1"
MAINNET_VARIANT = "ao.N.1"


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """A message on its way: signed by the messenger, not yet scheduled."""

    id: str
    target: str
    tags: Tags
    data: str
    anchor: str


class Spawn(msgspec.Struct, frozen=True, kw_only=True):
    """A process that another one asked for; `asked` are the tags as the parent wrote them."""

    id: str
    tags: Tags
    asked: Tags
    data: str


class Assignment(msgspec.Struct, frozen=True, kw_only=True):
    """An existing message that is to be delivered to one more process."""

    process: str
    message: str


class Lost(msgspec.Struct, frozen=True):
    """An entry of an outbox that the network would drop without a word, and why."""

    what: str
    reason: str


class Post(msgspec.Struct, frozen=True):
    """All that one outbox became, each kind in the outbox's order."""

    messages: tuple[Pushed, ...]
    spawns: tuple[Spawn, ...]
    assignments: tuple[Assignment, ...]
    lost: tuple[Lost, ...]


EMPTY_POST = Post((), (), (), ())


def push(result: Result, *, cause: str, root: str, sender: Environment) -> Post:
    """
    Return what the outbox of `result` becomes.

    `cause` is the id of the message that was evaluated, `root` the id of the one from outside that
    began it all (`Pushed-For`). Ids are the hash of the cause and the place in the outbox, so they
    do not depend on the order of deliveries.
    """
    if not (result.messages or result.spawns or result.assignments):
        return EMPTY_POST
    messages: list[Pushed] = []
    spawns: list[Spawn] = []
    assignments: list[Assignment] = []
    lost: list[Lost] = []
    for place, entry in enumerate(result.messages):
        reason = _why_no_target(entry) or _why_lost(entry)
        if reason:
            lost.append(Lost(f"message {place + 1} ({entry.action or 'no Action'})", reason))
            continue
        pushed = _push_message(entry, derive_id(cause, "message", place), root, sender)
        messages.append(pushed)
        assignments += _tagged_assignments(entry, pushed.id)
    for place, entry in enumerate(result.spawns):
        if reason := _why_lost(entry):
            lost.append(Lost(f"spawn {place + 1}", reason))
            continue
        spawns.append(_push_spawn(entry, derive_id(cause, "spawn", place), root, sender))
    for entry in result.assignments:
        assignments += _asked_assignments(entry, lost)
    return Post(tuple(messages), tuple(spawns), tuple(assignments), tuple(lost))


def spawned_tags(spawn: Spawn) -> Tags:
    """Return the tags of the message that tells the parent about its new process."""
    kept = tuple(tag for tag in spawn.asked if tag.name not in _DROPPED_FROM_SPAWNED)
    variant = first_tag(spawn.tags, "Variant") or LEGACY_VARIANT
    return (
        *kept,
        Tag("Data-Protocol", "ao"),
        Tag("Type", "Message"),
        Tag("Process", spawn.id),
        Tag("Action", "Spawned"),
        Tag("Variant", variant),
    )


def _push_message(entry: Outgoing, message_id: str, root: str, sender: Environment) -> Pushed:
    module = first_tag(sender.process.tags, "Module") or sender.module.id
    kept = tuple(Tag(n, v) for n, v in entry.tags if n not in _DROPPED_FROM_MESSAGES)
    added = (
        Tag("Data-Protocol", "ao"),
        Tag("Type", "Message"),
        Tag("From-Process", sender.process.id),
        Tag("From-Module", module),
        Tag("Pushed-For", root),
    )
    return Pushed(
        id=message_id,
        target=str(entry.target),
        tags=kept + added,
        data=entry.data or " ",  # an item without data carries one blank
        anchor=entry.anchor,
    )


def _push_spawn(entry: Outgoing, process_id: str, root: str, sender: Environment) -> Spawn:
    asked = tuple(Tag(n, v) for n, v in entry.tags)
    mainnet = any(tag == Tag("Variant", MAINNET_VARIANT) for tag in asked)
    added = [
        Tag("Variant", MAINNET_VARIANT if mainnet else LEGACY_VARIANT),
        Tag("Data-Protocol", "ao"),
        Tag("Type", "Process"),
        Tag("From-Process", sender.process.id),
        Tag("Pushed-For", root),
    ]
    scheduler = first_tag(sender.process.tags, "Scheduler")
    if first_tag(asked, "Scheduler") is None and scheduler:
        added.append(Tag("Scheduler", scheduler))
    kept = tuple(tag for tag in asked if tag.name not in _DROPPED_FROM_SPAWNS)
    return Spawn(id=process_id, tags=(*kept, *added), asked=asked, data=entry.data or " ")


def _why_lost(entry: Outgoing) -> str | None:
    size = 0
    for name, value in entry.tags:
        if name in _DROPPED_FROM_MESSAGES:
            continue
        if not isinstance(name, str) or not isinstance(value, str):
            return f"tag {name!r} is {_kind(value)}, not text: use tostring"
        size += len(name) + len(value) + _AVRO_BYTES_PER_TAG
    if size > MAX_TAG_BYTES and _tag_bytes(entry) > MAX_TAG_BYTES:
        return f"its tags take more than {MAX_TAG_BYTES} bytes"
    if entry.data is not None and not isinstance(entry.data, str):
        return f"its Data is {_kind(entry.data)}, not text: use tostring"
    return None


def _why_no_target(entry: Outgoing) -> str | None:
    if not entry.target:
        return "it has no Target"
    if not isinstance(entry.target, str) or not is_address(entry.target):
        return f"its Target {str(entry.target)[:60]!r} is no id or address"
    if len(to_bytes(entry.anchor)) != ANCHOR_BYTES:
        return f"its Anchor has not {ANCHOR_BYTES} bytes"
    return None


def _tag_bytes(entry: Outgoing) -> int:
    texts = [text for pair in entry.tags for text in pair if isinstance(text, str)]
    return sum(len(to_bytes(text)) + _AVRO_BYTES_PER_TAG // 2 for text in texts)


def _tagged_assignments(entry: Outgoing, message_id: str) -> list[Assignment]:
    named = entry.tag("Assignments")
    processes = named if isinstance(named, list) else []
    return [Assignment(process=p, message=message_id) for p in processes if _is_process(p)]


def _asked_assignments(entry: Any, lost: list[Lost]) -> list[Assignment]:
    processes = entry.get("Processes") if isinstance(entry, dict) else None
    message = entry.get("Message") if isinstance(entry, dict) else None
    if not isinstance(processes, list) or not isinstance(message, str):
        lost.append(Lost("an assignment", "it names no Processes, or no Message"))
        return []
    return [Assignment(process=p, message=message) for p in processes if _is_process(p)]


def _is_process(value: Any) -> bool:
    return isinstance(value, str) and is_id(value)


def _kind(value: Any) -> str:
    kinds = {
        bool: "a boolean",
        int: "a number",
        float: "a number",
        dict: "a table",
        list: "a table",
    }
    return kinds.get(type(value), "nothing")
