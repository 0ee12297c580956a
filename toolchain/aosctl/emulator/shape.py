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


class Shape:
    """Names of root keys and of tags. Equal shapes are the same object (see `find_shape`)."""

    __slots__ = ("fields", "is_foreseen", "names")

    def __init__(self, fields: tuple[bytes, ...], names: tuple[bytes, ...]) -> None:
        self.fields = fields
        self.names = names
        # Keys that only recorders send must be title-cased like tags, one by one.
        self.is_foreseen = all(field in _KEYS for field in fields)


# A row is a message as it enters Lua: the values of the root keys, then those of the tags.
Values = tuple[Any, ...]
Row = tuple[Shape, Values]


@lru_cache(maxsize=4096)
def find_shape(fields: tuple[bytes, ...], names: tuple[bytes, ...]) -> Shape:
    """Return the one shape of these names."""
    return Shape(fields, names)


_FIELDS = tuple(
    (field.name, field.encode_name.encode())
    for field in msgspec.structs.fields(Message)
    if field.name != "tags"
)
_KEYS = {key: name for name, key in _FIELDS}


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
    names = []
    for tag in message.tags:
        names.append(to_bytes(tag.name))
        values.append(to_bytes(tag.value))
    return find_shape(tuple(fields), tuple(names)), tuple(values)


def read_message(row: Row) -> Message:
    """Return the message that `row` stands for."""
    shape, values = row
    count = len(shape.fields)
    fields: dict[str, Any] = {
        _KEYS[key]: from_bytes(value) if isinstance(value, bytes) else value
        for key, value in zip(shape.fields, values, strict=False)
    }
    pairs = zip(shape.names, values[count:], strict=True)
    tags = tuple(Tag(from_bytes(name), from_bytes(value)) for name, value in pairs)
    return Message(tags=tags, **fields)


def _raw(value: str | int | bool) -> Any:  # noqa: FBT001 - any of a message's values
    if isinstance(value, str):
        return to_bytes(value)
    # Beyond 64 bits Lua reads the JSON of a number as a float.
    return value if -(2**63) <= value < 2**63 else float(value)
