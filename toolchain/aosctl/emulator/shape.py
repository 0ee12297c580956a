"""
The shape of a message: which root keys and which tags it has, in order, without their values.

A message enters Lua as a shape and its values. Few shapes are ever used, so each is handed over
once; and a message that one process sends to another need not become text in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from aosctl.message import Message, Tag, from_bytes, to_bytes

Extra = Mapping[str, str | int]
NO_EXTRA: Extra = {}

Names = tuple[bytes, ...]
Shape = tuple[Names, Names]  # names of root keys, names of tags; equal ones are the same object
Values = tuple[Any, ...]  # the values of the root keys, then those of the tags
Row = tuple[Shape, Values]

_FIELDS = tuple(
    (field.name, field.encode_name.encode())
    for field in msgspec.structs.fields(Message)
    if field.name != "tags"
)
_NAMES = {key: name for name, key in _FIELDS}
# What the scheduler adds, behind all else but the tags.
SCHEDULED = (b"Epoch", b"Nonce", b"Timestamp", b"Block-Height", b"Hash-Chain", b"Cron")
_SCHEDULED_FIELDS = frozenset(_NAMES[key] for key in SCHEDULED)


@lru_cache(maxsize=4096)
def find_shape(fields: Names, names: Names) -> Shape:
    """Return the one shape of these names."""
    return fields, names


def is_network_shape(shape: Shape) -> bool:
    """Return whether all root keys are the network's; what recorders add must be title-cased."""
    return all(field in _NAMES for field in shape[0])


def make_row(message: Message, extra: Extra = NO_EXTRA) -> Row:
    """Return `message` as a row; `extra` are root keys that a message does not have."""
    fields: list[bytes] = []
    values: list[Any] = []
    for name, key in _FIELDS:
        value = getattr(message, name)
        if value is not None:
            fields.append(key)
            values.append(_raw(value))
    for name, value in extra.items():
        fields.append(to_bytes(name))
        values.append(_raw(value))
    tags = message.tags
    names = tuple([to_bytes(tag.name) for tag in tags])
    values += [to_bytes(tag.value) for tag in tags]
    return find_shape(tuple(fields), names), tuple(values)


def read_message(row: Row) -> Message:
    """Return the message that `row` stands for."""
    (keys, names), values = row
    fields: dict[str, Any] = {
        _NAMES[key]: from_bytes(value) if isinstance(value, bytes) else value
        for key, value in zip(keys, values, strict=False)
    }
    pairs = zip(names, values[len(keys) :], strict=True)
    tags = tuple([Tag(from_bytes(name), from_bytes(value)) for name, value in pairs])
    return Message(tags=tags, **fields)


def in_seconds(row: Row) -> Row:
    """Return `row` with its time, which is in milliseconds, in whole seconds."""
    shape, values = row
    if b"Timestamp" not in shape[0]:
        return row
    place = shape[0].index(b"Timestamp")
    return shape, (*values[:place], values[place] // 1000, *values[place + 1 :])


def unschedule(message: Message) -> Message:
    """Return `message` as it was before a scheduler had seen it."""
    return msgspec.structs.replace(message, **dict.fromkeys(_SCHEDULED_FIELDS))


def _raw(value: str | int | bool) -> Any:  # noqa: FBT001 - any of a message's values
    if isinstance(value, str):
        return to_bytes(value)
    # Beyond 64 bits Lua reads the JSON of a number as a float.
    return value if -(2**63) <= value < 2**63 else float(value)
