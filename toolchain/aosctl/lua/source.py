"""
One Lua file: its text as Lua reads it, and the modules it requires, found in its syntax.

Comments and strings that only look like a `require` do not count, nor does `x.require`.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import msgspec
import tree_sitter_lua
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from aosctl.emulator.sandbox import compile_error
from aosctl.errors import BundleError
from aosctl.message import from_bytes, to_bytes

FUNCTIONS = frozenset({"function_declaration", "function_definition"})

_CALLS = """
(function_call name: (identifier) @callee (#any-of? @callee "require" "pcall")) @call
(assignment_statement
  (variable_list name: (_) @slot (#match? @slot "^(_ENV$|package.(loaded|preload)[.\\[])")))
"""


class Require(msgspec.Struct, frozen=True):
    """
    One `require` of a literal name.

    `optional`: written as `pcall(require, "x")`, so the file does without. `deferred`: inside a
    function, so it does not run while the file loads and may close a circle.
    """

    name: str
    line: int
    optional: bool = False
    deferred: bool = False


class LuaSource(msgspec.Struct, frozen=True):
    """
    A Lua file: `text` has one newline for every line end and compiles.

    `provided` are the modules that it puts into `package.loaded` or `package.preload` itself;
    `own_env` says that it assigns `_ENV`, which must then not be its neighbours'.
    """

    text: str
    requires: tuple[Require, ...] = ()
    provided: frozenset[str] = frozenset()
    own_env: bool = False


def load_source(path: Path, *, shown: str) -> LuaSource:
    """
    Return the Lua file at `path`, called `shown` in messages.

    Raises:
        BundleError: the file cannot be read, or does not compile.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BundleError(f"cannot read '{shown}': {error.strerror}", where=shown) from error
    return make_source(from_bytes(raw), shown=shown)


def make_source(raw: str, *, shown: str) -> LuaSource:
    """
    Return `raw` as a Lua file called `shown` in messages.

    Raises:
        BundleError: it does not compile; the error has Lua's own words and the line.
    """
    text = plain_text(raw)
    refuse_bad_syntax(text, shown=shown)
    if "require" not in text and "_ENV" not in text and "package" not in text:
        return LuaSource(text)
    captures = QueryCursor(_calls()).captures(syntax(text))
    requires = (_require(node) for node in captures.get("call", ()))
    slots = captures.get("slot", ())
    return LuaSource(
        text,
        tuple(sorted(filter(None, requires), key=lambda require: require.line)),
        frozenset(filter(None, map(_slot_name, slots))),
        own_env=any(_is_env(node) for node in slots),
    )


def plain_text(raw: str) -> str:
    """
    Return Lua text without byte order mark and `#!` line, with one newline for every line end.

    Lua reads the four spellings of a line end as one newline, even in long strings, so nothing
    changes but that two checkouts of one tree give the same bytes. Line numbers stay.
    """
    text = re.sub("\r\n|\n\r|\r", "\n", raw.removeprefix("\ufeff"))
    return "--" + text if text.startswith("#") else text


def refuse_bad_syntax(text: str, *, shown: str) -> None:
    """
    Do nothing if `text` compiles.

    Raises:
        BundleError: it does not.
    """
    found = compile_error(text, shown)
    if found is not None:
        line, reason = found
        raise BundleError(f"'{shown}' does not compile: {reason}", where=f"{shown}:{line}")


def syntax(text: str) -> Node:
    """Return the root of the syntax tree of Lua text."""
    return Parser(language()).parse(to_bytes(text)).root_node


def compact(text: str) -> str:
    """
    Return Lua text that is the same program on the same lines, without comments and indentation.

    They are a third of a well-told process, and a message carries 100 KiB.
    """
    raw, at = to_bytes(text), 0
    parts: list[bytes] = []
    for start, end, instead in sorted(_cuts(raw, syntax(text))):
        parts += (raw[at:start], instead)
        at = end
    return from_bytes(b"".join((*parts, raw[at:])))


def line_of(node: Node) -> int:
    """Return the line of a node, counted from 1."""
    return node.start_point.row + 1


def text_of(node: Node | None) -> str:
    """Return the text of a node; the empty text for None."""
    return from_bytes(node.text) if node is not None and node.text is not None else ""


def children_of(node: Node | None) -> list[Node]:
    """Return the named children of a node without comments; none for None."""
    return [] if node is None else [kid for kid in node.named_children if kid.type != "comment"]


def string_value(node: Node | None) -> str | None:
    """Return the value of a string literal, or None if `node` is something else."""
    if node is not None and node.type == "parenthesized_expression":
        return string_value(next(iter(children_of(node)), None))
    if node is None or node.type != "string":
        return None
    content = text_of(node.child_by_field_name("content"))
    is_long = text_of(node).startswith("[")
    return content.removeprefix("\n") if is_long else _unescape(content)


def ancestors(node: Node) -> Iterator[Node]:
    """Give the nodes around `node`, nearest first."""
    parent = node.parent
    while parent is not None:
        yield parent
        parent = parent.parent


@cache
def language() -> Language:
    """Return the grammar of Lua."""
    return Language(tree_sitter_lua.language())


@cache
def _calls() -> Query:
    return Query(language(), _CALLS)


@cache
def _tokens() -> Query:
    return Query(language(), "(comment) @comment (string) @string")


def _cuts(raw: bytes, root: Node) -> Iterator[tuple[int, int, bytes]]:
    """Give what can go: where it begins and ends, and what must stand there instead."""
    found = QueryCursor(_tokens()).captures(root)
    kept = [n.byte_range for kind in ("string", "comment") for n in found.get(kind, ())]
    kept = sorted(span for span in kept if b"\n" in raw[slice(*span)])
    for blank in re.finditer(rb"(?m)^[ \t]+", raw):
        before = bisect_right(kept, (blank.start(), len(raw))) - 1
        if before < 0 or kept[before][1] <= blank.start():
            yield blank.start(), blank.end(), b""
    for node in found.get("comment", ()):
        line_ends = b"\n" * raw.count(b"\n", node.start_byte, node.end_byte)
        # A comment parts two words like a blank does.
        yield node.start_byte, node.end_byte, line_ends or b" "


def _require(call: Node) -> Require | None:
    arguments = children_of(call.child_by_field_name("arguments"))
    optional = text_of(call.child_by_field_name("name")) == "pcall"
    if optional and (not arguments or text_of(arguments.pop(0)) != "require"):
        return None
    name = string_value(arguments[0]) if arguments else None
    if name is None:
        return None
    deferred = any(node.type in FUNCTIONS for node in ancestors(call))
    return Require(name, line_of(call), optional=optional, deferred=deferred)


def _slot_name(slot: Node) -> str | None:
    field = slot.child_by_field_name("field")
    return text_of(field) if slot.type == "dot_index_expression" else string_value(field)


def _is_env(slot: Node) -> bool:
    # `local _ENV = …` is an assignment inside a declaration, and concerns nobody else.
    is_local = any(node.type == "variable_declaration" for node in [*ancestors(slot)][:3])
    return slot.type == "identifier" and not is_local


_ESCAPE = re.compile(r"\\(?:z\s*|x([0-9A-Fa-f]{2})|(\d{1,3})|u\{([0-9A-Fa-f]+)\}|(.))", re.DOTALL)
_LETTERS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def _unescape(text: str) -> str:
    def character(found: re.Match[str]) -> str:
        hexadecimal, decimal, point, letter = found.groups()
        if hexadecimal or decimal:
            return from_bytes(bytes([int(hexadecimal, 16) if hexadecimal else int(decimal)]))
        if point:
            return chr(int(point, 16))
        return _LETTERS.get(letter, letter) if letter else ""

    return _ESCAPE.sub(character, text)
