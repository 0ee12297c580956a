"""
Places: the network that a command speaks to, and who lives there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from aosctl.directory import Directory
from aosctl.errors import UsageError
from aosctl.locator import Locator
from aosctl.message import is_address, is_id, name_address
from aosctl.names import did_you_mean, listed
from aosctl.project import Project
from aosctl.record import load_record

if TYPE_CHECKING:
    from aosctl.networks import Network

NETWORKS = ("local",)


class Target(msgspec.Struct, frozen=True):
    """A process: its id, and the bundle and name under which it is recorded, if it is."""

    id: str
    bundle: str | None = None
    name: str | None = None

    @property
    def shown(self) -> str:
        """Return what people call it."""
        return self.name or self.id


@contextmanager
def open_network(project: Project, name: str) -> Iterator[Network]:
    """
    Give the network of this name, closed at the end of the block.

    Raises:
        UsageError: there is no such network.
    """
    if name not in NETWORKS:
        hint = did_you_mean(name, NETWORKS) or f"There is: {listed(NETWORKS)}."
        raise UsageError(f"no network is called '{name}'", where="--network", hint=hint)
    from aosctl.networks.local import LocalNetwork  # noqa: PLC0415 - loads the Lua runtime

    with LocalNetwork(project.state_dir) as network:
        yield network


def recorded_processes(project: Project, network: Network) -> list[Target]:
    """Return every process that is recorded on a network, in the order of bundles and names."""
    record = load_record(project.record)
    return [
        Target(entry.id, bundle, name)
        for bundle in sorted(record.networks.get(network.name, {}))
        for name, entry in sorted(record.entries(network.name, bundle, log=network.log).items())
    ]


def recorded_sources(
    project: Project, network: Network, *, message: str | None = None
) -> dict[str, Locator]:
    """
    Return what leads from places in each recorded process, by its id, back to its files.

    With `message`, from what the process had evaluated when that message came.
    """
    return {
        target.id: Locator(network.bundle_text(target.id, message=message))
        for target in recorded_processes(project, network)
    }


def find_target(project: Project, network: Network, text: str) -> Target:
    """
    Return the process that `text` means: `name`, `bundle/name`, or an id.

    A name alone is looked for in the default bundle first.

    Raises:
        UsageError: no recorded process has this name, or several have.
    """
    targets = recorded_processes(project, network)
    if is_id(text):
        return next((target for target in targets if target.id == text), Target(text))
    found = [t for t in targets if text in (t.name, f"{t.bundle}/{t.name}")]
    if len(found) > 1:
        found = [target for target in found if target.bundle == _default(project)] or found
    if len(found) == 1:
        return found[0]
    names = [f"{target.bundle}/{target.name}" for target in targets]
    if found:
        raise UsageError(
            f"'{text}' may be any of {listed(f'{t.bundle}/{t.name}' for t in found)}",
            hint="Write the bundle before it.",
        )
    raise UsageError(
        f"no process '{text}' is recorded on '{network.name}'",
        where=str(project.record),
        hint=_hint(text, names),
    )


def find_sender(text: str) -> str:
    """
    Return the address that `text` is, or that a plain name stands for.

    Raises:
        UsageError: it is neither.
    """
    if is_address(text):
        return text
    if not text or not text.isprintable() or len(text) > len(name_address("")):
        raise UsageError(f"'{text}' is no name and no address", where="--from")
    return name_address(text)


def make_directory(project: Project, network: Network) -> Directory:
    """Return the names of the processes on a network, and of the wallet that signs there."""
    targets = recorded_processes(project, network)
    plain = [target.name for target in targets]
    names = {
        t.name if t.name and plain.count(t.name) == 1 else f"{t.bundle}/{t.name}": t.id
        for t in targets
    }
    return Directory(names, {"wallet": network.address})


def _default(project: Project) -> str | None:
    try:
        return project.bundle()
    except UsageError:
        return None


def _hint(text: str, names: list[str]) -> str:
    if not names:
        return "Nothing is recorded there yet: deploy first, or give an id of 43 characters."
    plain = [name.partition("/")[2] for name in names]
    return did_you_mean(text, [*plain, *names]) or f"Recorded: {listed(names)}."
