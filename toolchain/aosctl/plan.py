"""
Plan: the steps that lead from what is recorded to what the manifest wishes.

    0  what an earlier run signed and did not see done: the same bytes again
    1  spawn      processes that have no id
    2  eval       bundles whose hash is not the recorded one
    3  configure  each process told of all others, where what it was told last differs;
       …          those that the manifest wants last, one after the other
       configure  limits, likewise

Then every process is asked how it is set.

Steps of one stage have no order between them. An id that does not exist yet stands as
`<id of till>` and is filled in when the plan is carried out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Literal, Protocol

import msgspec

from aosctl.bundle import Bundle
from aosctl.errors import ManifestError, UsageError
from aosctl.manifest import Manifest
from aosctl.message import Definition, Tags, make_tags
from aosctl.record import Entry, Part, Record, State
from aosctl.whole_file import write_whole

Kind = Literal["spawn", "eval", "configure", "verify"]

SETTLE, SPAWN, EVAL, CONFIGURE = range(4)


class Surroundings(Protocol):
    """What a plan must know of a network; every network knows it without being asked."""

    @property
    def name(self) -> str:
        """What the network is called."""
        ...

    @property
    def log(self) -> str | None:
        """The id of the log that ids belong to, or None where they belong to the whole network."""
        ...

    def spawn_tags(self, tags: Tags, *, module: str | None = None) -> Tags:
        """Return the tags that a new process's item gets."""
        ...

    def message_tags(self, tags: Tags) -> Tags:
        """Return the tags that a message's item gets."""
        ...


class Step(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    One thing to do to one process.

    `part` is where the record keeps its item; `tags` is what the message says and `final` what its
    item has, the protocol's own included; `size` and `hash` are of its data; `item` is the id of
    what was signed. `note` says in words what changes.
    """

    part: Part
    process: str
    stage: int
    tags: Tags = ()
    final: Tags = ()
    module: str | None = None
    size: int = 0
    hash: str | None = None
    item: str | None = None
    state: State = "pending"
    note: str = ""

    @property
    def kind(self) -> Kind:
        """Return what is done: limits are configuration too."""
        return "configure" if self.part == "limits" else self.part


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Steps in the order of their stages; none where everything is as it should be.

    `verify` are the processes that are asked afterwards how they are set; `notes` are what a person
    should know and no step mends.
    """

    network: str
    bundle: str
    steps: tuple[Step, ...] = ()
    verify: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Return whether there is anything to do."""
        return bool(self.steps)


def make_plan(
    manifest: Manifest,
    bundles: Mapping[str, Bundle],
    record: Record,
    network: Surroundings,
    *,
    living: Iterable[Definition] = (),
) -> Plan:
    """
    Return the steps that lead from the record to the manifest on one network.

    Nothing is sent or written, so the same inputs always give the same plan; an up-to-date record
    gives an empty one. Of a local network only the entries of its log count. `living` are processes
    of the wallet: of those that nobody recorded and that a spawn would double, a note tells.

    Raises:
        ManifestError: a process has no bundle among `bundles`.
    """
    for name in manifest.processes:
        if name not in bundles:
            raise ManifestError(f"process '{name}' has no bundle", where=manifest.path)
    planner = _Planner(manifest, bundles, record, network)
    strays = [found for found in living if found.id not in record.ids(network.name)]
    steps = tuple(sorted(planner.steps(), key=lambda step: step.stage))
    return Plan(
        network=network.name,
        bundle=manifest.bundle,
        steps=steps,
        verify=tuple(manifest.processes) if steps and manifest.verify else (),
        notes=(*planner.notes(), *planner.doubles(strays)),
    )


def save_plan(path: Path, plan: Plan) -> None:
    """
    Let `path` hold a plan, for `load_plan`.

    Raises:
        OSError: it cannot be written.
    """
    write_whole(path, msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")


def load_plan(path: Path) -> Plan:
    """
    Return a saved plan.

    Raises:
        UsageError: the file is none.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"this is no saved plan: {error}", where=str(path), hint="Make one: aosctl plan --out."
        ) from error


def placeholder(process: str) -> str:
    """Return what stands for the id of a process that does not exist yet."""
    return f"<id of {process}>"


def resolve(tags: Mapping[str, str], ids: Mapping[str, str]) -> dict[str, str]:
    """Return `tags` with the placeholders of known ids filled in."""
    known = {placeholder(name): value for name, value in ids.items()}
    return {name: known.get(value, value) for name, value in tags.items()}


class _Planner:
    """What one plan is made from."""

    def __init__(
        self,
        manifest: Manifest,
        bundles: Mapping[str, Bundle],
        record: Record,
        network: Surroundings,
    ) -> None:
        self.manifest = manifest
        self.bundles = bundles
        self.network = network
        entries = record.entries(network.name, manifest.bundle, log=network.log)
        # A spawn that the network refused left no process behind.
        self.entries = {name: entry for name, entry in entries.items() if not _unborn(entry)}
        self.ids = {name: entry.id for name, entry in self.entries.items()}

    def steps(self) -> Iterator[Step]:
        last = self.manifest.configure.last if self.manifest.configure else ()
        for name in self.manifest.processes:
            yield from self.settle(name)
            if name not in self.entries:
                yield self.spawn(name)
            yield from self.evaluate(name)
            stage = CONFIGURE + (1 + last.index(name) if name in last else 0)
            yield from self.configure(name, "configure", stage)
            yield from self.configure(name, "limits", CONFIGURE + len(last) + 1)

    def settle(self, name: str) -> Iterator[Step]:
        entry = self.entries.get(name)
        for part, item in entry.pending() if entry else ():
            yield Step(
                part=part,
                process=name,
                stage=SETTLE,
                item=item.id,
                note="signed before: the same bytes again, unless they have arrived",
            )

    def spawn(self, name: str) -> Step:
        tags = make_tags(self.manifest.processes[name].tags)
        module = self.module(name)
        return Step(
            part="spawn",
            process=name,
            stage=SPAWN,
            tags=tags,
            final=self.network.spawn_tags(tags, module=module),
            module=module,
            note="a new process",
        )

    def module(self, name: str) -> str | None:
        """Return the module that the manifest wants, None for the network's own choice."""
        settings = self.manifest.networks.get(self.network.name)
        return self.manifest.processes[name].module or (settings.module if settings else None)

    def evaluate(self, name: str) -> Iterator[Step]:
        bundle, entry = self.bundles[name], self.entries.get(name)
        before = _made(entry, "eval")
        if before != bundle.hash:
            tags = make_tags({"Action": "Eval"})
            yield Step(
                part="eval",
                process=name,
                stage=EVAL,
                tags=tags,
                final=self.network.message_tags(tags),
                size=bundle.size,
                hash=bundle.hash,
                note=f"{_short(before)} -> {_short(bundle.hash)}",
            )

    def configure(self, name: str, part: Part, stage: int) -> Iterator[Step]:
        wanted = resolve(wanted_tags(self.manifest, name, part), self.ids)
        before = _made(self.entries.get(name), part)
        if wanted and wanted != before:
            tags = make_tags({"Action": self.action(part), **wanted})
            yield Step(
                part=part,
                process=name,
                stage=stage,
                tags=tags,
                final=self.network.message_tags(tags),
                note=_difference(before, wanted),
            )

    def action(self, part: Part) -> str:
        question = self.manifest.limits if part == "limits" else self.manifest.configure
        return question.action if question else ""

    def notes(self) -> Iterator[str]:
        for name, entry in self.entries.items():
            wish = self.manifest.processes.get(name)
            if wish is None:
                yield f"'{name}' is recorded and not in the manifest; it is left alone"
            elif wish.tags != entry.tags:
                yield f"'{name}' keeps the tags that it was spawned with; the manifest has others"

    def doubles(self, strays: Iterable[Definition]) -> Iterator[str]:
        for name, wish in self.manifest.processes.items():
            tags = set(make_tags(wish.tags))
            same = [found.id for found in strays if tags and tags <= set(found.tags)]
            if name not in self.entries and same:
                yield (
                    f"'{name}' would be spawned anew, beside {', '.join(same)}, which lives with "
                    "the same tags and is not in the record; if that is the one, restore the record"
                )


def wanted_tags(manifest: Manifest, process: str, part: Part) -> dict[str, str]:
    """Return the tags of a process's configuration or limits, ids as placeholders."""
    wish = manifest.processes[process]
    if part == "limits":
        return wish.limits
    if manifest.configure is None:
        return {}
    tag_for = manifest.configure.tag_for
    return {tag_for(name): placeholder(name) for name in manifest.processes} | wish.config


def _unborn(entry: Entry) -> bool:
    spawn = entry.items.get("spawn")
    return spawn is not None and spawn.state == "failed"


def _made(entry: Entry | None, part: Part) -> str | dict[str, str] | None:
    """Return what is or, once its pending item is settled, will be true of a part."""
    if entry is None:
        return None
    item = entry.items.get(part)
    pending = item if item and item.state == "pending" else None
    if part == "eval":
        return pending.bundle_hash if pending else entry.bundle_hash
    if pending:
        return pending.tags
    return entry.limits if part == "limits" else entry.config


def _short(bundle_hash: object) -> str:
    return str(bundle_hash)[:12] if bundle_hash else "nothing"


def _difference(before: object, wanted: Mapping[str, str]) -> str:
    was = before if isinstance(before, dict) else {}
    changed = [name for name, value in wanted.items() if was.get(name) != value]
    gone = [f"without {name}" for name in was if name not in wanted]
    return ", ".join(changed + gone)
