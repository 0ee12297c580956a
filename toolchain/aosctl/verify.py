"""Verify: what live processes say of themselves, compared with the record and the source."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from aosctl.bundle import Bundle
from aosctl.errors import AnswerError, ManifestError, UsageError
from aosctl.manifest import Manifest
from aosctl.networks import Network
from aosctl.query import query_fields
from aosctl.record import Entry


class Difference(msgspec.Struct, frozen=True):
    """One thing that is recorded (or in the source) and lives otherwise. None: not there."""

    process: str
    field: str
    recorded: Any
    live: Any

    def __str__(self) -> str:
        """Return the difference as a line."""
        recorded, live = ("nothing" if v is None else v for v in (self.recorded, self.live))
        return f"{self.process}  {self.field}: recorded {recorded}, live {live}"


class Verification(msgspec.Struct, frozen=True):
    """The differences, and the handlers of each process that answered."""

    differences: tuple[Difference, ...]
    handlers: dict[str, tuple[str, ...]]


def verify_processes(
    manifest: Manifest,
    bundles: Mapping[str, Bundle],
    entries: Mapping[str, Entry],
    network: Network,
) -> Verification:
    """
    Return how the processes of a bundle differ from the record and the source.

    Each is asked by the manifest's verify query, which leaves nothing behind. A process that does
    not answer is a difference too, as is one that is in the manifest and not in the record.

    Raises:
        ManifestError: the manifest names no such query.
        NetworkError: the network failed; of the processes nothing is known.
    """
    if manifest.verify is None:
        raise ManifestError(
            "the manifest does not say how a process tells how it is set",
            where=manifest.path,
            hint="Add a table [verify] with an action.",
        )
    ids = {name: entry.id for name, entry in entries.items()}
    differences: list[Difference] = []
    handlers: dict[str, tuple[str, ...]] = {}
    for name in manifest.processes:
        entry = entries.get(name)
        if entry is None:
            differences.append(Difference(name, "id", None, None))
            continue
        try:
            live = query_fields(network, entry.id, manifest.verify, name=name)
        except (AnswerError, UsageError) as error:
            differences.append(Difference(name, "answer", manifest.verify.answer, error.message))
            continue
        differences += _compare(name, entry, live, ids, manifest)
        differences += _compare_source(name, entry, live, bundles)
        handlers[name] = tuple(map(str, live.get("handlers") or ()))
    return Verification(tuple(differences), handlers)


def _compare(
    name: str, entry: Entry, live: Mapping[str, Any], ids: Mapping[str, str], manifest: Manifest
) -> Iterator[Difference]:
    yield from _scalar(name, "bundle_hash", entry.bundle_hash, live.get("bundleHash"))
    yield from _scalar(name, "owner", entry.owner, live.get("owner"))
    yield from _scalar(name, "admin", entry.owner, live.get("admin"))
    if manifest.configure:
        peers = _table(live, "peers")
        told = ids if entry.config else {}
        for peer in sorted({*manifest.processes[name].knows, *peers}):
            yield from _pair(name, f"peers.{peer}", told.get(peer), peers.get(peer))
    if entry.limits:
        limits = _table(live, "limits")
        for tag, value in entry.limits.items():
            yield from _pair(name, f"limits.{tag}", value, limits.get(tag))
    if entry.handlers is not None and "handlers" in live:
        yield from _handlers(name, entry.handlers, tuple(live["handlers"] or ()))


def _scalar(name: str, field: str, recorded: object, live: object) -> Iterator[Difference]:
    # What an answer leaves out is not compared.
    return _pair(name, field, recorded, recorded if live is None else live)


def _pair(name: str, field: str, recorded: object, live: object) -> Iterator[Difference]:
    if live != recorded:
        yield Difference(name, field, recorded, live)


def _table(live: Mapping[str, Any], field: str) -> dict[str, Any]:
    # An empty Lua table comes out as [] (reference: aos-runtime, 0.6).
    value = live.get(field)
    return value if isinstance(value, dict) else {}


def _handlers(name: str, recorded: tuple[str, ...], live: tuple[str, ...]) -> Iterator[Difference]:
    for missing in (handler for handler in recorded if handler not in live):
        yield Difference(name, f"handlers.{missing}", missing, None)
    for extra in (handler for handler in live if handler not in recorded):
        yield Difference(name, f"handlers.{extra}", None, extra)


def _compare_source(
    name: str, entry: Entry, live: Mapping[str, Any], bundles: Mapping[str, Bundle]
) -> Iterator[Difference]:
    source = bundles[name].hash if name in bundles else entry.bundle_hash
    if source != entry.bundle_hash:
        yield Difference(name, "source", source, live.get("bundleHash"))


def advice(differences: Iterable[Difference], manifest: Manifest) -> tuple[str, ...]:
    """Return what somebody who finds these differences can do, each thing once."""
    return tuple(dict.fromkeys(_advice(found, manifest) for found in differences))


def _advice(found: Difference, manifest: Manifest) -> str:
    name, kind = found.process, found.field.partition(".")[0]
    questions = {"peers": manifest.configure, "limits": manifest.limits, "answer": manifest.verify}
    question = questions.get(kind)
    action = question.action if question else ""
    if kind == "id":
        return "Deploy first: `aosctl deploy` spawns what is not recorded yet."
    if kind == "source":
        return "The source has moved since: `aosctl deploy` brings it, or take the change back."
    if kind in ("bundle_hash", "handlers"):
        return (
            f"Somebody evaluated other code: `aosctl bundle {name} > build.lua`, then `aosctl eval "
            f"{name} --file build.lua`, brings the source back; or write in it what lives."
        )
    if kind in ("peers", "limits"):
        return (
            f"Somebody set it by hand: `aosctl send {name} --action {action}` with the recorded "
            "tags sets it back; or write in the manifest what shall hold, and deploy."
        )
    if kind == "answer":
        return f"See why: `aosctl dryrun {name} --action {action}`."
    return f"'{name}' obeys somebody else now: only they can give it back."
