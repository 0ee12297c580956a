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

from aosctl.project import find_project

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
