"""
Manifest rules: what a manifest may not say although each of its values is of the right type.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Protocol

from aosctl.errors import ManifestError
from aosctl.message import is_id, to_bytes
from aosctl.names import did_you_mean, listed

if TYPE_CHECKING:
    from aosctl.manifest import Manifest, NetworkSettings, ProcessWish

_PROCESS_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")

# The network's own words, which it writes itself (reference: ao-network, 2.2).
_PROTOCOL_TAGS = """
action data-protocol variant type module scheduler authority sdk from-process from-module pushed-for
timestamp content-type on-boot
"""
PROTOCOL_TAGS = frozenset(_PROTOCOL_TAGS.split())
_NAME_LIMIT, _VALUE_LIMIT = 1024, 3072  # bytes; ANS-104


class MakeError(Protocol):
    """What makes an error that knows the line of a key."""

    def __call__(self, message: str, *key: str, hint: str | None = None) -> ManifestError:
        """Return the error."""
        ...


def refuse_contradictions(manifest: Manifest, error: MakeError) -> None:
    """
    Do nothing if a manifest can be followed.

    Raises:
        ManifestError: it names who is not there, or repeats, or lacks what it needs.
    """
    if not manifest.processes:
        raise error("the manifest has no process", hint="Add a table [processes.NAME].")
    rules = _Rules(manifest, error)
    for name, wish in manifest.processes.items():
        rules.process(name, wish)
    for section, part in (("ready", manifest.ready), ("health", manifest.health)):
        if part:
            rules.strangers([part.process], section, "process")
    if manifest.configure:
        rules.strangers(manifest.configure.last, "configure", "last")
    for name, settings in manifest.networks.items():
        rules.ids(settings, "networks", name)


def spelt(key: tuple[str, ...]) -> str:
    """Return a key as messages name it: `[processes.hub] knows`."""
    return f"[{'.'.join(key[:-1])}] {key[-1]}"


class _Rules:
    """The rules for one manifest; each raises at the first fault."""

    def __init__(self, manifest: Manifest, error: MakeError) -> None:
        self.manifest = manifest
        self.error = error

    def process(self, name: str, wish: ProcessWish) -> None:
        key = ("processes", name)
        if not _PROCESS_NAME.fullmatch(name):
            hint = "Use small letters, digits and _, up to 40, a letter first."
            raise self.error(f"'{name}' is no name for a process", *key, hint=hint)
        self.strangers(wish.knows, *key, "knows")
        if name in wish.knows:
            raise self.error(f"'{name}' need not know itself", *key, "knows")
        for part, tags in (("tags", wish.tags), ("config", wish.config), ("limits", wish.limits)):
            self.tags(tags, *key, part)
        self.ways(name, wish)
        self.ids(wish, *key)

    def ways(self, name: str, wish: ProcessWish) -> None:
        """Refuse tags that no message carries."""
        for part, tags, way in (
            ("config", wish.config, self.manifest.configure),
            ("limits", wish.limits, self.manifest.limits),
        ):
            if tags and way is None:
                raise self.error(
                    f"'{name}' has {part}, but nothing says how to send them",
                    *("processes", name, part),
                    hint=f"Add a table [{'configure' if part == 'config' else part}] "
                    "with an action.",
                )

    def strangers(self, names: Iterable[str], *key: str) -> None:
        """Refuse a name that is no process's, or is there twice."""
        known = self.manifest.processes
        seen: set[str] = set()
        for name in names:
            if name not in known:
                raise self.error(
                    f"{spelt(key)} names '{name}', which is no process of this bundle",
                    *key,
                    hint=did_you_mean(name, known) or f"Its processes: {listed(known)}.",
                )
            if name in seen:
                raise self.error(f"{spelt(key)} names '{name}' twice", *key)
            seen.add(name)

    def tags(self, tags: Mapping[str, str], *key: str) -> None:
        seen: dict[str, str] = {}
        for name, value in tags.items():
            reason = _tag_fault(name, value)
            if reason:
                raise self.error(f"tag '{name}' {reason}", *key, name)
            lower = name.lower()
            if lower in PROTOCOL_TAGS:
                hint = "Module, scheduler and authority are set in [networks.NAME]."
                raise self.error(f"tag '{name}' is written by aosctl", *key, name, hint=hint)
            if lower in seen:
                raise self.error(f"tag '{name}' is there as '{seen[lower]}' already", *key, name)
            seen[lower] = name

    def ids(self, holder: ProcessWish | NetworkSettings, *key: str) -> None:
        """Refuse what is no id where ids belong."""
        for part in ("module", "scheduler", "authority"):
            for text in (getattr(holder, part, None) or "").split(","):
                if text and not is_id(text.strip()):
                    hint = "An id has 43 characters: letters, digits, - and _."
                    key_of_part = (*key, part)
                    raise self.error(
                        f"{spelt(key_of_part)}: '{text}' is no id", *key_of_part, hint=hint
                    )


def _tag_fault(name: str, value: str) -> str | None:
    if not 0 < len(to_bytes(name)) <= _NAME_LIMIT:
        return f"must have a name of 1 to {_NAME_LIMIT} bytes"
    if not 0 < len(to_bytes(value)) <= _VALUE_LIMIT:
        return f"must have a value of 1 to {_VALUE_LIMIT} bytes"
    return None
