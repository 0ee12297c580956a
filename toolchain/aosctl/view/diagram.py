"""
Diagram: messages drawn as a Mermaid sequence diagram.
"""

from __future__ import annotations

from collections.abc import Iterable

from aosctl.directory import Directory
from aosctl.message import Message

_SHOWN_TAGS = ("Error", "Op-Id", "X-Op-Id", "Quantity")  # what tells messages apart at a glance
_SHOWN = 40  # characters of a value


def make_diagram(messages: Iterable[Message], directory: Directory) -> str:
    """
    Return the Mermaid text of `messages`, in their order.

    Wallets are drawn as people, processes as boxes, each where it first takes part.
    """
    lines: list[str] = []
    seen: dict[str, str] = {}
    for message in messages:
        for address in (message.sender or "", message.target or ""):
            if address not in seen:
                seen[address] = f"p{len(seen)}"
                lines.insert(len(seen) - 1, _party(seen[address], address, directory))
        arrow = f"{seen[message.sender or '']}->>{seen[message.target or '']}"
        lines.append(f"    {arrow}: {_label(message)}")
    return "\n".join(["sequenceDiagram", "    autonumber", *lines]) + "\n"


def _party(alias: str, address: str, directory: Directory) -> str:
    kind = "participant" if directory.is_process(address) else "actor"
    return f"    {kind} {alias} as {_safe(directory.name(address))}"


def _label(message: Message) -> str:
    values = [message.tag(name) for name in _SHOWN_TAGS]
    shown = [_safe(value) for value in dict.fromkeys(values) if value]
    return " ".join([_safe(message.action or "no Action"), *shown])


def _safe(text: str) -> str:
    """Return text that Mermaid shows as it is: its own signs as character codes, one short line."""
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return "".join(c if c.isalnum() or c in " _-.,+…/" else f"#{ord(c)};" for c in short)
