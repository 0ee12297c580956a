"""Hazards: Lua that means something else on AO than where it was learnt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import msgspec
from tree_sitter import Node, Query, QueryCursor

from aosctl.lua.source import children_of, language, line_of, string_value, text_of

_NODES = """
(function_call) @call
(dot_index_expression) @slot
(bracket_index_expression) @slot
(table_constructor) @table
"""

_MESSAGE_TAGS = re.compile(r"(?:msg|message|m)\.Tags")
_AMOUNT = re.compile(
    r"""(?:msg|message|m)(?:\.Tags)?(?:\.|\[["'])(?:[\w-]*)(?:Quantity|Amount|Balance)(?:["']\])?"""
)
_CLOCKS = {"os.date": "a fixed time near 1970", "os.clock": "no stable time"}
_RESERVED_KEYS = frozenset({"now", "compute", "state", "info", "test"})  # HyperBEAM's own paths


class Hazard(msgspec.Struct, frozen=True):
    """One hazard, by the code that docs/check-codes.md explains."""

    code: str
    line: int
    text: str


def find_hazards(root: Node) -> tuple[Hazard, ...]:
    """Return the hazards in a syntax tree, in the order of the text."""
    nodes = QueryCursor(_nodes()).captures(root)
    found = [
        hazard
        for kind, finders in _FINDERS.items()
        for node in nodes.get(kind, ())
        for finder in finders
        for hazard in finder(node)
    ]
    found += _handlers_twice(nodes.get("call", ()))
    return tuple(sorted(found, key=lambda hazard: hazard.line))


def title_kebab(name: str) -> str:
    """Return a tag name as aos 2.0.6 gives it to a process (reference: aos-runtime, section 6)."""
    parts = name.replace("_", "-").split("-")
    return "-".join(part[:1].upper() + part[1:].lower() for part in parts)


@cache
def _nodes() -> Query:
    return Query(language(), _NODES)


def _arguments(call: Node) -> list[Node]:
    return children_of(call.child_by_field_name("arguments"))


def _callee(call: Node) -> str:
    return text_of(call.child_by_field_name("name"))


def _tag_names(slot: Node) -> Iterator[Hazard]:
    table = text_of(slot.child_by_field_name("table"))
    field = slot.child_by_field_name("field")
    is_dotted = slot.type == "dot_index_expression"
    name = text_of(field) if is_dotted else string_value(field)
    is_target = slot.parent is not None and slot.parent.type == "variable_list"
    if name is None or is_target or not _MESSAGE_TAGS.fullmatch(table):
        return
    if title_kebab(name) != name:
        text = f"aos rewrites incoming tag names: '{name}' arrives as '{title_kebab(name)}'"
        yield Hazard("tag-name", line_of(slot), text)


def _money_numbers(call: Node) -> Iterator[Hazard]:
    arguments = _arguments(call)
    if _callee(call) == "tonumber" and len(arguments) == 1:
        amount = text_of(arguments[0])
        if _AMOUNT.fullmatch(amount):
            text = f"tonumber({amount}) loses digits, and takes 1e3, 0x10 and 1.5 for amounts"
            yield Hazard("money-number", line_of(call), text)


def _clocks(call: Node) -> Iterator[Hazard]:
    name = _callee(call)
    if name == "os.time" and _arguments(call):
        text = "os.time ignores what it is given: it is the message's Timestamp, in milliseconds"
        yield Hazard("clock", line_of(call), text)
    if name in _CLOCKS and not (name == "os.date" and len(_arguments(call)) > 1):
        yield Hazard("clock", line_of(call), f"{name} gives {_CLOCKS[name]} on AO")


def _handler_env(call: Node) -> Iterator[Hazard]:
    handle = next(reversed(_arguments(call)), None)
    if not _is_handlers_add(call) or handle is None or handle.type != "function_definition":
        return
    parameters = children_of(handle.child_by_field_name("parameters"))
    if len(parameters) > 1 and text_of(parameters[1]) != "_":
        text = f"a handler is given the message alone: '{text_of(parameters[1])}' is always nil"
        yield Hazard("handler-env", line_of(handle), text)


def _handlers_twice(calls: list[Node] | tuple[Node, ...]) -> Iterator[Hazard]:
    first: dict[str, int] = {}
    for call in sorted(calls, key=line_of):
        name = string_value(next(iter(_arguments(call)), None))
        if name is None or _callee(call) != "Handlers.add":
            continue
        if name in first:
            text = f"this replaces the handler '{name}' of line {first[name]}"
            yield Hazard("handler-twice", line_of(call), text)
        first.setdefault(name, line_of(call))


def _is_handlers_add(call: Node) -> bool:
    return _callee(call) in ("Handlers.add", "Handlers.append", "Handlers.prepend", "Handlers.once")


def _patch_keys(table: Node) -> Iterator[Hazard]:
    fields = [(field, *_field(field)) for field in children_of(table)]
    if not any(name == "device" and value == "patch@1.0" for _, name, value in fields):
        return
    for field, name, _ in fields:
        if name and name not in ("device", "Target") and name != name.lower():
            yield Hazard("patch-key", line_of(field), f"HyperBEAM lower-cases the key '{name}'")
        if name in _RESERVED_KEYS:
            yield Hazard("patch-key", line_of(field), f"HyperBEAM has a '{name}' of its own")


def _field(field: Node) -> tuple[str | None, str | None]:
    name = field.child_by_field_name("name")
    is_computed = text_of(field).startswith("[")
    key = string_value(name) if is_computed else text_of(name) or None
    return key, string_value(field.child_by_field_name("value"))


_FINDERS: dict[str, tuple[Callable[[Node], Iterator[Hazard]], ...]] = {
    "call": (_money_numbers, _clocks, _handler_env),
    "slot": (_tag_names,),
    "table": (_patch_keys,),
}
