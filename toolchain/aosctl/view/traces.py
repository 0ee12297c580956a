"""Trace view: the tree of what one message caused, as a document, as words, as a diagram."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from rich.text import Text
from rich.tree import Tree

from aosctl.directory import Directory
from aosctl.emulator.trace import Step, TraceNode, walk
from aosctl.locator import Locator, own_words
from aosctl.view import console
from aosctl.view.diagram import make_diagram

_ERROR_LINES = 3  # of a Lua error in a tree; the document has all

Locators = Mapping[str, Locator]


def trace_document(node: TraceNode, directory: Directory, locators: Locators) -> dict[str, Any]:
    """Return a trace as its JSON document."""
    return {"schema": "aosctl.trace/1", "root": _node(node, directory, locators)}


def trace_tree(document: Mapping[str, Any]) -> Tree:
    """Return a trace's document as a tree for a terminal."""
    tree = Tree(_label(document["root"]), guide_style="dim")
    _grow(tree, document["root"])
    return tree


def trace_diagram(node: TraceNode, directory: Directory) -> str:
    """Return a trace as a Mermaid sequence diagram, in the order of delivery."""
    steps = sorted(walk(node), key=lambda step: step.index)
    messages = (msgspec.structs.replace(step.message, target=step.receiver) for step in steps)
    return make_diagram(messages, directory)


def _node(node: TraceNode, directory: Directory, locators: Locators) -> dict[str, Any]:
    step = node.step
    result = step.result
    file, line = _place(step, locators)
    return {
        "message": step.id,
        "process": directory.name(step.receiver),
        "process_id": step.receiver,
        "action": step.message.action,
        "from": directory.name(step.message.sender),
        "from_id": step.message.sender,
        "handler": result.handlers[-1] if result and result.handlers else None,
        "file": file,
        "line": line,
        "cost": result.cost if result else None,
        "error": _error(step, locators),
        "changed": None if result is None or result.changed is None else list(result.changed),
        "lost": _lost(step),
        "children": [_node(child, directory, locators) for child in node.children],
    }


def _place(step: Step, locators: Locators) -> tuple[str | None, int | None]:
    location = step.result.location if step.result else None
    if location is None:
        return None, None
    locator = locators.get(step.receiver)
    return locator.locate(location) if locator else (location.chunk, location.line)


def _error(step: Step, locators: Locators) -> str | None:
    if step.refused is not None:
        return step.refused
    text = step.result.failure if step.result else None
    if text is None:
        return None
    locator = locators.get(step.receiver)
    return locator.translate(own_words(text)) if locator else own_words(text)


def _lost(step: Step) -> list[dict[str, str]]:
    """Return what the network would have lost; messages to a device are not meant to arrive."""
    sent = enumerate(step.result.messages if step.result else (), 1)
    patches = {f"message {place}" for place, entry in sent if entry.tag("device") is not None}
    return [
        {"what": found.what, "reason": found.reason}
        for found in step.lost
        if found.what.split(" (")[0] not in patches
    ]


def _grow(tree: Tree, node: Mapping[str, Any]) -> None:
    for child in node["children"]:
        _grow(tree.add(_label(child)), child)


def _label(node: Mapping[str, Any]) -> Text:
    text = Text.assemble(
        (console.plain(node["action"] or "no Action"), "bold"),
        console.plain(f"  {node['from']} → {node['process']}"),
    )
    if node["handler"]:
        place = f"  {node['file']}:{node['line']}" if node["file"] else ""
        text.append(console.plain(f"  [{node['handler']}]{place}"), "cyan")
    if node["cost"] is not None:
        text.append(f"  {node['cost']:,} instructions", "dim")
    if node["changed"]:
        text.append(f"\nchanged: {console.plain(', '.join(node['changed']))}", "dim")
    for lost in node["lost"]:
        text.append(
            f"\nlost: {console.plain(lost['what'])}: {console.plain(lost['reason'])}", "yellow"
        )
    if node["error"]:
        lines = console.plain(node["error"]).splitlines()[:_ERROR_LINES]
        text.append("\nerror: " + "\n       ".join(lines), "bold red")
    return text
