"""
A project: the folder that holds `processes/`, and where its record and its state live.

    <root>/processes/<bundle>/manifest.toml   the bundles
    <root>/deployments.json                   the record; AOSCTL_RECORD names another file
    <root>/.aosctl/                           log of `local`, pending items; beside the record, or
                                              where --state-dir or AOSCTL_STATE_DIR says
    <root>/pyproject.toml                     [tool.aosctl] default_bundle
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from aosctl.errors import UsageError
from aosctl.names import did_you_mean, listed
from aosctl.text_file import read_text

PROCESSES = "processes"
MANIFEST = "manifest.toml"


class Project(msgspec.Struct, frozen=True):
    """Where everything of one project is. Paths are absolute; the record need not exist yet."""

    root: Path
    record: Path
    state_dir: Path

    @property
    def processes(self) -> Path:
        """Return the folder of the Lua sources."""
        return self.root / PROCESSES

    def bundles(self) -> tuple[str, ...]:
        """Return the names of all bundles: the folders of `processes/` with a manifest, sorted."""
        return tuple(sorted(path.parent.name for path in self.processes.glob(f"*/{MANIFEST}")))

    def bundle(self, name: str | None = None) -> str:
        """
        Return the name of the bundle that is meant: `name`, the only one, or the default one.

        Raises:
            UsageError: there is no such bundle, or none is named and the choice is open.
        """
        known = self.bundles()
        chosen = name or (known[0] if len(known) == 1 else self._default_bundle())
        if chosen is None:
            raise _no_choice(self, known)
        if chosen not in known:
            raise UsageError(
                f"no bundle is called '{chosen}'",
                where=str(self.processes),
                hint=did_you_mean(chosen, known) or f"Its bundles: {listed(known)}.",
            )
        return chosen

    def manifest(self, bundle: str) -> Path:
        """Return where the manifest of a bundle is."""
        return self.processes / bundle / MANIFEST

    def relative(self, path: Path) -> str:
        """Return a path as messages show it: from the root, with forward slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return str(path)

    def _default_bundle(self) -> str | None:
        return _settings(self.root).get("default_bundle")


def find_project(
    folder: Path | None = None,
    *,
    start: Path | None = None,
    state_dir: Path | None = None,
    environment: Mapping[str, str] = os.environ,
) -> Project:
    """
    Return the project in `folder`, or else the one that `start` (the working folder) lies in.

    Raises:
        UsageError: there is no folder `processes` where it should be.
    """
    root = _named_root(folder) if folder else _root_above(start or Path.cwd())
    record = _path(environment.get("AOSCTL_RECORD")) or root / "deployments.json"
    state = _path(state_dir) or _path(environment.get("AOSCTL_STATE_DIR"))
    return Project(root=root, record=record, state_dir=state or record.parent / ".aosctl")


def _path(text: str | Path | None) -> Path | None:
    return Path(text).absolute() if text else None


def _named_root(folder: Path) -> Path:
    if (folder / PROCESSES).is_dir():
        return folder.absolute()
    raise UsageError(
        f"no project in '{folder}'",
        where=str(folder.absolute()),
        hint=f"A project's root is the folder that holds `{PROCESSES}/`.",
    )


def _root_above(start: Path) -> Path:
    # tests/processes/ looks like a project from inside tests/: a manifest tells the two apart.
    start = start.absolute()
    holders = [folder for folder in (start, *start.parents) if (folder / PROCESSES).is_dir()]
    rich = (folder for folder in holders if any((folder / PROCESSES).glob(f"*/{MANIFEST}")))
    root = next(rich, holders[0] if holders else None)
    if root is None:
        raise UsageError(
            f"no project here: no folder above holds `{PROCESSES}/`",
            where=str(start),
            hint="Go to your project, or name it with --project DIR.",
        )
    return root


def _settings(root: Path) -> dict[str, str]:
    path = root / "pyproject.toml"
    try:
        text = read_text(path, shown=path.name, kind=UsageError) if path.exists() else ""
        settings: dict[str, str] = tomllib.loads(text).get("tool", {}).get("aosctl", {})
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"pyproject.toml cannot be read: {error}", where=str(path), hint="Mend that line."
        ) from error
    return settings


def _no_choice(project: Project, known: tuple[str, ...]) -> UsageError:
    if not known:
        return UsageError(
            "the project has no bundle",
            where=str(project.processes),
            hint=f"A bundle is a folder with a {MANIFEST}.",
        )
    return UsageError(
        f"which bundle is meant is open: {listed(known)}",
        where=str(project.processes),
        hint="Name one, or set default_bundle in [tool.aosctl] of pyproject.toml.",
    )
