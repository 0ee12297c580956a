"""History view: what each message of a process's history came to, as a document and as words."""

from __future__ import annotations

from typing import Any

from aosctl.emulator.history import Played
from aosctl.locator import own_words
from aosctl.message import Outgoing, Result
from aosctl.view import messages

_UNHEARD = "nobody"  # a patch message has no target


def played_document(played: Played, process: str) -> dict[str, Any]:
    """Return one entry of a history with its result as a JSON value."""
    message = played.entry.message
    result = played.result
    document = result and messages.result_document(None, process, result, ())["result"]
    return {
        "nonce": played.entry.nonce,
        "message": message and message.id,
        "action": message and message.action,
        "from": message and message.sender,
        "skipped": played.skipped,
        "handler": result.handlers[-1] if result and result.handlers else None,
        "result": document,
    }


def played_line(played: Played) -> str:
    """Return one entry as one line: its place, what was asked by whom, and what came of it."""
    message = played.entry.message
    asked = "" if message is None else f"{message.action or message.tag('Type') or 'no Action'}"
    sender = "" if message is None else f"  from {message.sender}"
    return f"{played.entry.nonce:>5}  {asked}{sender}  {_outcome(played)}"


def played_details(played: Played) -> list[str]:
    """Return the lines that tell all of an entry's result."""
    result = played.result
    if result is None:
        return []
    lines = [f"handler {name}" for name in result.handlers[-1:]]
    lines += (result.failure or messages.output_text(result)).splitlines()
    lines += [f"sends {_sent(sent)}" for sent in result.messages]
    lines += ["spawns a process" for _ in result.spawns]
    return [f"       {line}" for line in lines]


def _outcome(played: Played) -> str:
    if played.result is None:
        return f"skipped: {played.skipped}"
    if played.result.failure is not None:
        return f"error: {_last_line(own_words(played.result.failure))}"
    return ", ".join(_counts(played.result)) or "nothing sent"


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1] if text.strip() else "no words"


def _counts(result: Result) -> list[str]:
    kinds = {"message": result.messages, "spawn": result.spawns, "assignment": result.assignments}
    return [
        f"{len(entries)} {kind}{'s' if len(entries) > 1 else ''}"
        for kind, entries in kinds.items()
        if entries
    ]


def _sent(sent: Outgoing) -> str:
    return f"{sent.action or 'no Action'} to {sent.target or _UNHEARD}"
