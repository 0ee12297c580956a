"""Status: what each process of a bundle answers to the queries that its manifest names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aosctl.errors import UsageError
from aosctl.manifest import Manifest, Question
from aosctl.message import make_tags
from aosctl.networks import Network
from aosctl.query import answer_in, answers_in
from aosctl.record import Entry


def ask_processes(
    manifest: Manifest, entries: Mapping[str, Entry], network: Network
) -> dict[str, dict[str, Any] | None]:
    """Return what each recorded process answers, by Action; None where one answers nothing."""
    return {
        name: _answers(manifest.status.actions, entry.id, network) or None
        for name, entry in entries.items()
    }


def _answers(actions: tuple[str, ...], process: str, network: Network) -> dict[str, Any]:
    answers = {action: _answer(action, process, network) for action in actions}
    return {action: answer for action, answer in answers.items() if answer is not None}


def _answer(action: str, process: str, network: Network) -> Any:
    """Return the data of an answer (JSON as what it says), its tags where it has none."""
    try:
        result = network.dryrun(process, tags=make_tags({"Action": action}))
    except UsageError:  # it does not live there
        return None
    # Stock processes answer Info without an Action of its own.
    wanted = answer_in(result, Question(action=action).answer, asker=network.address)
    answer = wanted or next(iter(answers_in(result, asker=network.address)), None)
    if answer is None:
        return None
    if not answer.data:
        return {name: value for name, value in answer.tags if name[:1].isalpha()}
    try:
        return json.loads(answer.data)
    except (TypeError, ValueError):
        return answer.data
