"""Query: a process asked a question, with nothing of it left behind."""

from __future__ import annotations

import json
from typing import Any

from aosctl.errors import AnswerError
from aosctl.manifest import Question
from aosctl.message import Outgoing, Result, make_tags
from aosctl.networks import Network


def query(network: Network, process: str, question: Question, *, name: str) -> Outgoing:
    """
    Return the answer of a process (called `name` in messages) to a question.

    Raises:
        AnswerError: it failed over the question, or did not answer it.
        NetworkError: the network failed.
    """
    result = network.dryrun(process, tags=make_tags({"Action": question.action}))
    answer = answer_in(result, question.answer, asker=network.address)
    if answer is None:
        reason = f": {result.failure.strip()}" if result.failure else ""
        raise AnswerError(f"'{name}' gives no answer to {question.action}{reason}", where=process)
    return answer


def query_fields(
    network: Network, process: str, question: Question, *, name: str
) -> dict[str, Any]:
    """
    Return the JSON object in a process's answer.

    Raises:
        AnswerError: there is no answer, or no JSON object in it.
        NetworkError: the network failed.
    """
    answer = query(network, process, question, name=name)
    try:
        fields = json.loads(answer.data)
    except (TypeError, ValueError):
        fields = None
    if not isinstance(fields, dict):
        raise AnswerError(
            f"the answer of '{name}' to {question.action} is no JSON object", where=process
        )
    return fields


def answer_in(result: Result, action: str, *, asker: str) -> Outgoing | None:
    """Return the message in a result that goes back to `asker` with this Action."""
    return next((sent for sent in answers_in(result, asker=asker) if sent.action == action), None)


def answers_in(result: Result, *, asker: str) -> list[Outgoing]:
    """Return the messages in a result that go back to `asker`."""
    return [sent for sent in result.messages if sent.target == asker]
