"""
The message commands: send, dryrun, eval, advance.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from aosctl.cli.command import Command
from aosctl.cli.options import Body, json_option, network_option, project_options
from aosctl.cli.places import (
    Target,
    find_address,
    find_sender,
    find_target,
    make_directory,
    open_network,
    recorded_sources,
)
from aosctl.duration import parse_duration
from aosctl.errors import AosctlError, ProcessError, UsageError
from aosctl.locator import Locator
from aosctl.message import Result, Tag, Tags, from_bytes, make_tags
from aosctl.networks import Network, Reply
from aosctl.networks.local import LocalNetwork
from aosctl.project import Project
from aosctl.view import console, messages

FAILED = 1
_EVAL_HANDLER = "_eval"  # aos's own


def message_options(body: Body) -> Body:
    """Add the options that make a message."""
    options: list[Callable[[Body], Body]] = [
        click.option("--action", metavar="ACTION", help="The tag Action."),
        click.option(
            "--tag",
            "pairs",
            metavar="NAME=VALUE",
            multiple=True,
            help="One more tag; repeatable. The value name:alice becomes the address of alice, "
            "process:NAME the id of a recorded process; name:: is name: itself.",
        ),
        click.option("--data", metavar="TEXT", default="", help="The data, or @FILE."),
        click.option(
            "--from",
            "sender",
            metavar="NAME",
            help="Send as this address, or as the one that a name stands for; `local` only.",
        ),
    ]
    for option in reversed(options):
        body = option(body)
    return body


@click.command(
    "send",
    cls=Command,
    examples=(
        "aosctl send {process} --action Info",
        "aosctl send {process} --action Health --from alice --json",
    ),
)
@click.argument("process", metavar="PROCESS")
@message_options
@network_option
@json_option
@project_options
def send(
    *,
    project: Project,
    process: str,
    action: str | None,
    pairs: tuple[str, ...],
    data: str,
    sender: str | None,
    network: str,
    as_json: bool,
) -> int:
    """
    Send one message and print what came back.

    PROCESS is a recorded name such as `till` or `shop/till`, or an id. The command
    waits until everything that the message causes is done. Exit code 1: the process failed.
    """
    tags, text = _make_tags(action, pairs), _read_data(data)
    with open_network(project, network) as live:
        target = _existing(find_target(project, live, process), live)
        message = _send(live, target, _with_addresses(project, live, tags), text, sender)
        result = live.result(target.id, message)
        return _show(
            project,
            live=live,
            target=target,
            message=message,
            result=result,
            replies=live.replies(message),
            locator=recorded_sources(project, live).get(target.id),
            as_json=as_json,
        )


@click.command(
    "dryrun",
    cls=Command,
    examples=(
        "aosctl dryrun {process} --action Info",
        "aosctl dryrun {process} --action Health --tag Note=a=b --json",
    ),
)
@click.argument("process", metavar="PROCESS")
@message_options
@network_option
@json_option
@project_options
def dryrun(
    *,
    project: Project,
    process: str,
    action: str | None,
    pairs: tuple[str, ...],
    data: str,
    sender: str | None,
    network: str,
    as_json: bool,
) -> int:
    """Ask a process what a message would do, and keep nothing of it."""
    tags, text = _make_tags(action, pairs), _read_data(data)
    with open_network(project, network, to_look=True) as live:
        target = _existing(find_target(project, live, process), live)
        asker = live.address if sender is None else find_sender(sender)
        tags = _with_addresses(project, live, tags)
        result = live.dryrun(target.id, tags=tags, data=text, sender=asker)
        return _show(
            project,
            live=live,
            target=target,
            message=None,
            result=result,
            replies=_would_reply(target.id, asker, result),
            locator=recorded_sources(project, live).get(target.id),
            as_json=as_json,
        )


@click.command(
    "eval",
    cls=Command,
    examples=(
        "aosctl eval {process} 'return Owner'",
        "aosctl eval {process} 'return #Handlers.list' --json",
    ),
)
@click.argument("process", metavar="PROCESS")
@click.argument("lua", metavar="LUA", required=False)
@click.option(
    "--file",
    "path",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Evaluate the text of this file.",
)
@network_option
@json_option
@project_options
def evaluate(
    *,
    project: Project,
    process: str,
    lua: str | None,
    path: Path | None,
    network: str,
    as_json: bool,
) -> int:
    """
    Evaluate Lua in a process that you own.

    What it returns or prints is the answer. What it changes stays. Exit code 1: it failed.
    """
    if (lua is None) == (path is None):
        raise UsageError("give either the Lua text or --file", where="aosctl eval")
    text = lua if path is None else from_bytes(path.read_bytes())
    with open_network(project, network) as live:
        target = _existing(find_target(project, live, process), live)
        message = _send(live, target, make_tags({"Action": "Eval"}), text or "", None)
        result = live.result(target.id, message)
        _refuse_stranger(live, target, result)
        return _show(
            project,
            live=live,
            target=target,
            message=message,
            result=result,
            replies=live.replies(message),
            locator=None,  # its lines are those of the text, not of the sources
            as_json=as_json,
        )


@click.command(
    "advance", cls=Command, examples=("aosctl advance 5m", "aosctl advance 250ms --json")
)
@click.argument("duration", metavar="DURATION")
@network_option
@json_option
@project_options
def advance(*, project: Project, duration: str, network: str, as_json: bool) -> None:
    """
    Move the clock of the local network forward.

    DURATION is a number and a unit: 250ms, 30s, 5m, 24h, 3d. The clock never runs back. Crons that
    fall due on the way fire at their time.
    """
    milliseconds = parse_duration(duration)
    with open_network(project, network) as live:
        if not isinstance(live, LocalNetwork):
            raise UsageError(f"the clock of '{live.name}' is not ours to move", where="--network")
        fired = [step.result for step in live.advance(milliseconds) if step.message.cron]
        now, height = live.world.now, live.world.height
    failed = sum(result is None or result.failed for result in fired)
    if as_json:
        figures = {"now": now, "height": height, "crons": len(fired), "failed": failed}
        console.print_document({"schema": "aosctl.advance/1", **figures})
    else:
        shown = datetime.fromtimestamp(now / 1000, UTC).isoformat(timespec="milliseconds")
        crons = f"  {len(fired)} crons fired, {failed} failed" if fired else ""
        console.print_line(f"{shown}  height {height}{crons}")


def _make_tags(action: str | None, pairs: tuple[str, ...]) -> Tags:
    tags = [] if action is None else [Tag("Action", action)]
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not name or not sign:
            raise UsageError(
                f"'{pair}' is no tag", where="--tag", hint="Write NAME=VALUE, as in Quantity=100."
            )
        tags.append(Tag(name, value))
    return tuple(tags)


def _with_addresses(project: Project, live: Network, tags: Tags) -> Tags:
    return tuple(Tag(tag.name, find_address(project, live, tag.value)) for tag in tags)


def _read_data(data: str) -> str:
    return from_bytes(Path(data[1:]).read_bytes()) if data.startswith("@") else data


def _existing(target: Target, live: Network) -> Target:
    if isinstance(live, LocalNetwork) and target.id not in live.world.processes:
        raise UsageError(
            f"no process {target.id} lives on '{live.name}'",
            hint="`aosctl status` shows those that do.",
        )
    return target


def _send(live: Network, target: Target, tags: Tags, data: str, sender: str | None) -> str:
    if sender is None:
        return live.submit(live.sign_message(target=target.id, tags=tags, data=data))
    if not isinstance(live, LocalNetwork):
        raise UsageError(
            f"on '{live.name}' only the wallet itself can send",
            where="--from",
            hint="Leave it out, or use --network local.",
        )
    return live.send_as(find_sender(sender), target=target.id, tags=tags, data=data)


def _would_reply(process: str, asker: str, result: Result) -> list[Reply]:
    replies = []
    for sent in result.messages:
        if sent.target == asker:
            tags = make_tags((n, v) for n, v in sent.tags if isinstance(v, str))
            data = sent.data if isinstance(sent.data, str) else ""
            action = sent.action if isinstance(sent.action, str) else None
            replies.append(Reply(sender=process, action=action, tags=tags, data=data))
    return replies


def _refuse_stranger(live: Network, target: Target, result: Result) -> None:
    """Refuse an Eval that did nothing because the wallet is not the owner."""
    if result.failed or not result.handlers or _EVAL_HANDLER in result.handlers:
        return  # live networks do not tell which handlers ran
    raise ProcessError(
        f"'{target.shown}' did not evaluate it: only its owner may",
        where=f"process {target.id}, wallet {live.address}",
    )


def _show(
    project: Project,
    *,
    live: Network,
    target: Target,
    message: str | None,
    result: Result,
    replies: list[Reply],
    locator: Locator | None,
    as_json: bool,
) -> int:
    """Print what a message gave; return the exit code."""
    failure = _failure(locator, target, result)
    if as_json:
        document = messages.result_document(message, target.id, result, replies, locator)
        console.print_document(document)
        return FAILED if failure else 0
    if failure:
        console.print_error(failure, as_json=False)
        return FAILED
    output = messages.output_text(result)
    messages.print_replies(replies, make_directory(project, live))
    if output:
        console.print_line(output)
    if not replies and not output:
        console.print_note(_no_answer(target, message))
    return 0


def _no_answer(target: Target, message: str | None) -> str:
    said = f"No answer: '{target.shown}' sent nothing back."
    return said if message is None else f"{said} See what it did: aosctl trace {message}"


def _failure(locator: Locator | None, target: Target, result: Result) -> AosctlError | None:
    if result.failure is None:
        return None
    said, place = (locator or Locator(None)).explain(result.failure)
    return ProcessError(
        f"'{target.shown}' failed: {said}",
        where=f"{place[0]}:{place[1]}" if place else f"process {target.id}",
        hint="What it did before that stays."
        if result.kept
        else "It is as it was before; nothing was sent.",
    )
