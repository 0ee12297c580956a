"""Lua scope: which names in a Lua file are globals, read or assigned."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from tree_sitter import Node

from aosctl.lua.source import children_of, line_of, string_value, text_of


class GlobalUse(msgspec.Struct, frozen=True):
    """One place where a global is read, or assigned; `inside` says within a function."""

    name: str
    line: int
    assigned: bool = False
    inside: bool = False


def find_globals(root: Node) -> tuple[GlobalUse, ...]:
    """Return the uses of globals in a syntax tree, in the order of the text."""
    scopes = _Scopes()
    scopes.visit(root)
    return tuple(scopes.uses)


class _Scopes:
    """A walk through a syntax tree that knows the locals of each place."""

    def __init__(self) -> None:
        self.uses: list[GlobalUse] = []
        self.locals: list[set[str]] = [set()]
        self.functions = 0
        self.visits: dict[str, Callable[[Node], None]] = {
            "identifier": self.read,
            "block": self.block,
            "variable_declaration": self.declare_variables,
            "assignment_statement": self.assign,
            "function_declaration": self.declare_function,
            "function_definition": self.function,
            "for_statement": self.loop,
            "repeat_statement": self.repeat,
            "dot_index_expression": self.index,
            "method_index_expression": self.index,
            "field": self.field,
        } | dict.fromkeys(("goto_statement", "label_statement", "attribute"), lambda _: None)

    def visit(self, *nodes: Node | None) -> None:
        # A stack of our own: a long `a .. b .. c …` is as deep a tree.
        waiting = [node for node in reversed(nodes) if node is not None]
        while waiting:
            node = waiting.pop()
            known = self.visits.get(node.type)
            if known:
                known(node)
            else:
                waiting += reversed(children_of(node))

    def use(self, node: Node, *, assigned: bool = False) -> None:
        name = text_of(node)
        if not any(name in names for names in self.locals):
            inside = self.functions > 0
            self.uses.append(GlobalUse(name, line_of(node), assigned=assigned, inside=inside))

    def read(self, node: Node) -> None:
        self.use(node)

    def declare(self, *nodes: Node) -> None:
        self.locals[-1].update(text_of(node) for node in nodes if node.type == "identifier")

    def block(self, node: Node) -> None:
        self.locals.append(set())
        self.visit(*children_of(node))
        self.locals.pop()

    def declare_variables(self, node: Node) -> None:
        # The values come first: in `local x = x` the second is the one outside.
        inner = next(iter(children_of(node)), None)
        is_assignment = inner is not None and inner.type == "assignment_statement"
        names, values = _sides(inner) if is_assignment else (children_of(inner), [])
        self.visit(*values)
        self.declare(*names)

    def assign(self, node: Node) -> None:
        targets, values = _sides(node)
        self.visit(*values)
        for target in targets:
            if target.type == "identifier":
                self.use(target, assigned=True)
            else:
                self.set_slot(target)

    def set_slot(self, target: Node) -> None:
        """Take `_G.X = …` and `_G["X"] = …` for what they are, any other slot as a read."""
        field = target.child_by_field_name("field")
        if text_of(target.child_by_field_name("table")) == "_G" and field is not None:
            name = string_value(field) if target.type == "bracket_index_expression" else None
            is_name = target.type == "dot_index_expression"
            if is_name or name:
                self.uses.append(
                    GlobalUse(
                        text_of(field) if is_name else name or "", line_of(target), assigned=True
                    )
                )
                return
        self.visit(target)

    def declare_function(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        is_local = node.child_count > 0 and text_of(node.children[0]) == "local"
        if name is not None and name.type == "identifier":
            if is_local:
                self.declare(name)
            else:
                self.use(name, assigned=True)
        else:
            self.visit(name)
        is_method = name is not None and name.type == "method_index_expression"
        self.function(node, *(["self"] if is_method else []))

    def function(self, node: Node, *more: str) -> None:
        parameters = children_of(node.child_by_field_name("parameters"))
        self.locals.append({*more})
        self.declare(*parameters)
        self.functions += 1
        self.visit(node.child_by_field_name("body"))
        self.functions -= 1
        self.locals.pop()

    def loop(self, node: Node) -> None:
        clause = node.child_by_field_name("clause")
        parts = children_of(clause)
        is_numeric = clause is not None and clause.type == "for_numeric_clause"
        names = parts[:1] if is_numeric else children_of(parts[0]) if parts else []
        self.visit(*parts[1:])
        self.locals.append(set())
        self.declare(*names)
        self.visit(node.child_by_field_name("body"))
        self.locals.pop()

    def repeat(self, node: Node) -> None:
        # The condition sees the locals of the body.
        self.locals.append(set())
        body = node.child_by_field_name("body")
        self.visit(*children_of(body), node.child_by_field_name("condition"))
        self.locals.pop()

    def index(self, node: Node) -> None:
        self.visit(node.child_by_field_name("table"))

    def field(self, node: Node) -> None:
        is_computed = node.child_count > 0 and text_of(node.children[0]) == "["
        self.visit(node.child_by_field_name("name") if is_computed else None)
        self.visit(node.child_by_field_name("value"))


def _sides(assignment: Node | None) -> tuple[list[Node], list[Node]]:
    """Return the targets and the values of an assignment."""
    sides = children_of(assignment)
    targets = children_of(sides[0]) if sides else []
    values = [value for side in sides[1:] for value in children_of(side)]
    return targets, values
