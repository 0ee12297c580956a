"""
Options that several commands share.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from aosctl.errors import UsageError
from aosctl.project import Project, find_project

Body = Callable[..., int | None]

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document instead of words."
)

network_option = click.option(
    "--network",
    metavar="NETWORK",
    envvar="AOSCTL_NETWORK",
    show_envvar=True,
    default="local",
    show_default=True,
    help="Where the processes live.",
)


def refuse_lost_folder(project: Project, path: Path | None, *, option: str) -> None:
    """
    Do nothing if a file may be written to `path`: inside the project folders are made for it.

    Raises:
        UsageError: its folder is elsewhere, and is not there.
    """
    folder = path.absolute().parent if path else project.root
    if not folder.is_dir() and not folder.resolve().is_relative_to(project.root.resolve()):
        raise UsageError(
            f"there is no folder '{folder}' to write '{path}' to",
            where=option,
            hint="Make it first, or name a path inside the project.",
        )


def project_options(body: Body) -> Body:
    """Find the project by the options that say where it is, and give it as `project`."""

    @click.option(
        "--project",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="AOSCTL_PROJECT",
        show_envvar=True,
        help="The project's root.  [default: found from the working folder up]",
    )
    @click.option(
        "--state-dir",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="AOSCTL_STATE_DIR",
        show_envvar=True,
        help="Where logs and pending items are kept.  [default: .aosctl beside the record]",
    )
    @click.option(
        "--record",
        type=click.Path(dir_okay=False, path_type=Path),
        envvar="AOSCTL_RECORD",
        show_envvar=True,
        help="The record of what is deployed.  [default: deployments.json in the root]",
    )
    @functools.wraps(body)
    def with_project(
        *, folder: Path | None, state_dir: Path | None, record: Path | None, **rest: Any
    ) -> int | None:
        environment = dict(os.environ) | ({"AOSCTL_RECORD": str(record)} if record else {})
        project = find_project(folder, state_dir=state_dir, environment=environment)
        return body(project=project, **rest)

    return with_project
