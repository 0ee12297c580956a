"""
Record: what is, kept in `deployments.json`. Nothing else stores an id.

    {"schema": "aosctl.record/1", "networks": {network: {bundle: {process: Entry}}}}

The published JSON Schema is `schemas/record-1.json`. Keys are sorted, so that a diff reads well.
An entry of `local` names the log that it lives in, and an entry of another log counts as absent:
a log that was thrown away took its processes along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from aosctl.errors import RecordError
from aosctl.json_lines import JsonLines
from aosctl.text_file import said
from aosctl.whole_file import write_whole

SCHEMA = "aosctl.record/1"

_ID, _ETHEREUM = "[A-Za-z0-9_-]{43}", "0x[0-9A-Fa-f]{40}"
Id = Annotated[str, msgspec.Meta(pattern=f"^{_ID}$")]
Address = Annotated[str, msgspec.Meta(pattern=f"^({_ID}|{_ETHEREUM})$")]
_FORMS = {  # the patterns in words
    f"^{_ID}$": "an id: 43 characters of letters, digits, - and _",
    f"^({_ID}|{_ETHEREUM})$": "an address: an id, or 0x and 40 hexadecimal digits",
}

_OR_RESTORE = (
    "or take the last good record: git checkout deployments.json. Do not throw it away: without "
    "it a deploy would spawn every process anew, beside those that live."
)

Part = Literal["spawn", "eval", "configure", "limits"]
State = Literal["pending", "done", "failed"]


class Item(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """
    The last signed item of one part of a process, and how it went.

    While it is pending it also says what it makes true: the hash of the bundle that it evaluates,
    or the tags that it configures.
    """

    id: Id
    state: State
    bundle_hash: str | None = None
    tags: dict[str, str] | None = None

    def settled(self, state: State) -> Item:
        """Return this item as done or failed."""
        return Item(id=self.id, state=state)


class Entry(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """
    One process: its id, what it was spawned with, and what has reached it since.

    `handlers` are those that it had when it was last verified after a deploy.
    """

    id: Id
    module: Id
    scheduler: Id
    owner: Address
    log: str | None = None
    bundle_hash: str | None = None
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    config: dict[str, str] = msgspec.field(default_factory=dict)
    limits: dict[str, str] = msgspec.field(default_factory=dict)
    handlers: tuple[str, ...] | None = None
    items: dict[Part, Item] = msgspec.field(default_factory=dict)

    def with_item(self, part: Part, item: Item) -> Entry:
        """Return this entry with the item as the last one of its part."""
        return msgspec.structs.replace(self, items={**self.items, part: item})

    def with_settled(self, part: Part, state: State) -> Entry:
        """Return this entry with the part's item done or failed, and if done with what it made."""
        item = self.items[part]
        made: dict[str, Any] = {}
        if state == "done" and item.bundle_hash is not None:
            made = {"bundle_hash": item.bundle_hash}
        elif state == "done" and item.tags is not None:
            made = {"limits" if part == "limits" else "config": item.tags}
        settled = self.with_item(part, item.settled(state))
        return msgspec.structs.replace(settled, **made)

    def pending(self) -> Iterator[tuple[Part, Item]]:
        """Give the parts whose items have not come true yet, in the order of their work."""
        for part in ("spawn", "eval", "configure", "limits"):
            item = self.items.get(part)
            if item and item.state == "pending":
                yield part, item


Networks = dict[str, dict[str, dict[str, Entry]]]


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is deployed, by network, bundle and process."""

    schema: Literal["aosctl.record/1"] = "aosctl.record/1"
    networks: Networks = msgspec.field(default_factory=dict)

    def entries(self, network: str, bundle: str, *, log: str | None = None) -> dict[str, Entry]:
        """Return the processes of a bundle that live on a network (on `local`: in this log)."""
        entries = self.networks.get(network, {}).get(bundle, {})
        return {name: entry for name, entry in entries.items() if entry.log == log}

    def pending(self, network: str) -> frozenset[str]:
        """Return the ids of all items of a network whose end is not recorded."""
        bundles = self.networks.get(network, {}).values()
        entries = (entry for processes in bundles for entry in processes.values())
        return frozenset(item.id for entry in entries for _, item in entry.pending())

    def ids(self, network: str) -> frozenset[str]:
        """Return the ids of all processes of a network."""
        bundles = self.networks.get(network, {}).values()
        return frozenset(entry.id for processes in bundles for entry in processes.values())

    def put(self, network: str, bundle: str, entries: Mapping[str, Entry]) -> Record:
        """Return this record with these processes of a bundle set, all others as they are."""
        bundles = self.networks.get(network, {})
        changed = {**bundles, bundle: {**bundles.get(bundle, {}), **entries}}
        return Record(networks={**self.networks, network: changed})


def load_record(path: Path) -> Record:
    """
    Return the record at `path`; a record without entries if there is no file.

    Raises:
        RecordError: the file cannot be read, or is none of ours; `where` says which line.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Record()
    except OSError as error:
        raise RecordError(f"cannot read the record: {said(error)}", where=str(path)) from error
    return make_record(raw, shown=str(path))


def make_record(raw: bytes, *, shown: str) -> Record:
    """
    Return the record that `raw` is, called `shown` in messages.

    Raises:
        RecordError: it is no record of ours.
    """
    document = _parse(raw, shown)
    schema = document.get("schema")
    if schema != SCHEMA:
        raise RecordError(
            f"the record says it is {schema!r}; this aosctl reads '{SCHEMA}'",
            where=shown,
            hint="A newer aosctl made it: upgrade. Or name another file with AOSCTL_RECORD.",
        )
    try:
        return msgspec.convert(document, Record)
    except msgspec.ValidationError:
        raise _fault(document, JsonLines(raw.decode()), shown) from None


def write_record(path: Path, record: Record) -> None:
    """
    Let the file at `path` be `record`: the file holds the old one or the new, nothing between.

    Raises:
        RecordError: it cannot be written; the old one is still there.
    """
    try:
        write_whole(path, encode_record(record))
    except OSError as error:
        raise RecordError(
            f"cannot write the record: {said(error)}",
            where=str(path),
            hint="It is as it was before. Make room or give rights, then run the same command.",
        ) from error


def encode_record(record: Record) -> bytes:
    """Return the bytes of a record: sorted, two spaces, a newline at the end."""
    raw = msgspec.json.encode(record, order="sorted")
    return msgspec.json.format(raw, indent=2) + b"\n"


def record_schema() -> dict[str, Any]:
    """Return the JSON Schema of a record, as published in `schemas/record-1.json`."""
    schema = msgspec.json.schema(Record)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": SCHEMA, **schema}


def _parse(raw: bytes, shown: str) -> dict[str, Any]:
    try:
        document = json.loads(raw.decode())
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise _corrupt(f"byte {raw[error.start]:#04x} is no UTF-8", f"{shown}:{line}") from error
    except json.JSONDecodeError as error:
        place = f"{shown}:{error.lineno}:{error.colno}"
        raise _corrupt(error.msg, place) from error
    if not isinstance(document, dict):
        raise _corrupt("it is no JSON object", f"{shown}:1")
    return document


def _corrupt(reason: str, where: str) -> RecordError:
    return RecordError(
        f"the record is no JSON: {reason}", where=where, hint=f"Mend that place, {_OR_RESTORE}"
    )


def _fault(document: dict[str, Any], lines: JsonLines, shown: str) -> RecordError:
    """Return the error that names the entry at fault; msgspec's own path leaves keys out."""
    for path, value, kind in _parts(document):
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            reason, *field = _said(error, value)
            key = (*path, *field)
            where = [", ".join(key[1:])] if path else []
            return RecordError(
                f"the record is not as aosctl writes it: {': '.join((*where, reason))}",
                where=f"{shown}:{lines.line(*key)}",
                hint=f"Mend that entry, {_OR_RESTORE}",
            )
    raise AssertionError(shown)  # pragma: no cover - called for a document that does not convert


def _parts(document: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any, type]]:
    """Give the parts of a record with their keys, what is inside before what is around it."""
    for network, bundles in _pairs(document.get("networks")):
        for bundle, processes in _pairs(bundles):
            for process, entry in _pairs(processes):
                key = ("networks", network, bundle, process)
                items = entry.get("items") if isinstance(entry, dict) else None
                for part, item in _pairs(items):
                    yield (*key, "items", part), item, Item
                yield key, entry, Entry
    yield (), document, Record


def _pairs(table: object) -> Iterator[tuple[str, Any]]:
    yield from table.items() if isinstance(table, dict) else ()


def _said(error: msgspec.ValidationError, value: Any) -> tuple[str, ...]:
    """Return what is wrong in words, and the field where it is, if msgspec names one."""
    text, _, place = str(error).partition(" - at ")
    unknown = re.search(r"unknown field `([^`]*)`", text)
    field = unknown or re.match(r"`\$\.(\w+)", place)
    form = next((words for pattern, words in _FORMS.items() if f"'{pattern}'" in text), None)
    if form and field:
        text = f"{value[field[1]]!r} is not {form}"
    return (text, field[1]) if field else (text,)
