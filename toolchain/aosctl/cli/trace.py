"""
The trace command.
"""

from __future__ import annotations

import click

from aosctl.cli.command import Command
from aosctl.cli.options import json_option, network_option, project_options
from aosctl.cli.places import make_directory, open_network, recorded_sources
from aosctl.errors import UsageError
from aosctl.message import is_id
from aosctl.networks import Network
from aosctl.networks.local import LocalNetwork
from aosctl.project import Project
from aosctl.view import console, traces

LATEST = "latest"


@click.command(
    "trace",
    cls=Command,
    examples=("aosctl trace latest", "aosctl trace latest --format mermaid"),
)
@click.argument("message", metavar="MESSAGE")
@click.option(
    "--format",
    "form",
    type=click.Choice(["tree", "json", "mermaid"]),
    default="tree",
    show_default=True,
    help="How to show it; json is --json.",
)
@network_option
@json_option
@project_options
def trace(*, project: Project, message: str, form: str, network: str, as_json: bool) -> None:
    """
    Show everything that one message caused.

    MESSAGE is an id, or `latest` for the last message from outside. Each line is a delivery: its
    Action, from whom to whom, the handler with file and line, what it cost, which globals it
    changed, what failed, and what the network would have lost.
    """
    with open_network(project, network) as live:
        node = live.trace(_find(live, message))
        directory = make_directory(project, live)
        if form == "mermaid" and not as_json:
            click.echo(traces.trace_diagram(node, directory), nl=False)
            return
        sources = recorded_sources(project, live, message=node.step.id)
        document = traces.trace_document(node, directory, sources)
    if as_json or form == "json":
        console.print_document(document)
    else:
        console.answers().print(traces.trace_tree(document))


def _find(live: Network, message: str) -> str:
    if message != LATEST:
        if not is_id(message):
            raise UsageError(
                f"'{message}' is no message id",
                where="MESSAGE",
                hint="An id has 43 characters: letters, digits, - and _. Or write `latest`.",
            )
        return message
    if not isinstance(live, LocalNetwork):
        raise UsageError(f"'{live.name}' does not tell its latest message", where="MESSAGE")
    outside = (step.id for step in reversed(live.world.steps) if step.parent is None)
    found = next(outside, None)
    if found is None:
        raise UsageError("nothing has been sent yet", hint="`aosctl deploy` is a beginning.")
    return found
