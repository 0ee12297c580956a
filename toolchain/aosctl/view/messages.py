"""Message view: results and replies, as documents and as words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.text import Text

from aosctl.directory import Directory
from aosctl.message import Outgoing, Result, Tags
from aosctl.networks import Reply
from aosctl.view import console

# What units add to every message: true of all, so news of none.
_PROTOCOL_TAGS = frozenset(
    {
        "Data-Protocol",
        "Variant",
        "Type",
        "Reference",
        "SDK",
        "From-Process",
        "From-Module",
        "Pushed-For",
    }
)

# --- documents -----------------------------------------------------------------------------------


def result_document(
    message: str | None, process: str, result: Result, replies: Iterable[Reply]
) -> dict[str, Any]:
    """Return what a message gave as its JSON document; `message` is None for a dry run."""
    return {
        "schema": "aosctl.result/1",
        "message": message,
        "process": process,
        "result": {
            "Messages": [_outgoing(sent) for sent in result.messages],
            "Spawns": [_outgoing(spawn) for spawn in result.spawns],
            "Assignments": list(result.assignments),
            "Output": result.output,
            "Error": result.host_error if result.error is None else result.error,
        },
        "replies": [_reply(reply) for reply in replies],
    }


def _outgoing(sent: Outgoing) -> dict[str, Any]:
    target = {} if sent.target is None else {"Target": sent.target}
    tags = [{"name": name, "value": value} for name, value in sent.tags]
    return {**target, "Anchor": sent.anchor, "Tags": tags, "Data": sent.data}


def _reply(reply: Reply) -> dict[str, Any]:
    tags = {tag.name: tag.value for tag in reversed(reply.tags)}  # of two, the first is read
    return {
        "From": reply.sender,
        "Action": reply.action,
        "Tags": dict(reversed(tags.items())),
        "Data": reply.data,
    }


# --- words ---------------------------------------------------------------------------------------


def print_replies(replies: Sequence[Reply], directory: Directory) -> None:
    """Print each reply: who says what, its tags, its data."""
    for reply in replies:
        heading = f"{directory.name(reply.sender)}: {reply.action or 'no Action'}"
        console.answers().print(Text(console.plain(heading), "bold"), soft_wrap=True)
        for name, value in sorted(own_tags(reply.tags).items()):  # `pairs` has no order
            console.print_line(f"  {name}: {value}")
        if reply.data.strip():
            console.print_line(f"  {reply.data}")


def own_tags(tags: Tags) -> dict[str, str]:
    """Return the tags that a process chose, without those of the protocol and its Action."""
    return {
        tag.name: tag.value
        for tag in tags
        if tag.name not in _PROTOCOL_TAGS and tag.name != "Action"
    }


def output_text(result: Result) -> str:
    """Return what an evaluation printed or returned, or nothing."""
    output = result.output
    data = output.get("data") if isinstance(output, dict) else output
    if isinstance(data, dict):
        data = data.get("output")
    return "" if data is None else str(data)
