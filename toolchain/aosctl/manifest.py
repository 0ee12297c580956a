"""
Manifest: what a bundle should be, read from `processes/<bundle>/manifest.toml`.

    [bundle]
    description = "…"                     # optional

    [processes.cash_desk]                 # one table a process; its folder has the same name
    source = "cash_desk/process.lua"      # from the bundle's folder; this is the default
    knows = ["shelf", "ledger"]           # whom it must know before it can work
    module = "<id>"                       # the wasm module, where not the network's
    provided = ["lsqlite3"]               # Lua modules that this wasm module brings beyond aos
    tags = { Name = "…" }                 # spawn tags, beside those of the protocol
    config = { … }                        # more tags of its configuration message
    limits = { … }                        # tags of its limits message; none is sent without

    [configure]                           # how processes are told of one another
    action = "…"                          # one such message to each process
    answer = "…"                          # the Action that says yes; default <action>-Response
    peer_tag = "{Name}-Process"           # its tag for each process of the bundle, `Cash-Desk` for
                                          # cash_desk; this is the default
    last = ["ledger"]                     # who is told after all others

    [limits]                              # the message that carries `limits`: action, answer
    [verify]                              # the query that says how a process is set: action, answer
    [ready]                               # when the whole works
    process = "…"                         # who knows
    action = "…"                          # the query to it, and `answer`
    field = "configured"                  # this of the answer's JSON must be true
    missing = "missing"                   # this says what it waits for
    nudge = "…"                           # an Action that makes it try again
    tries = 10                            # how often
    wait_ms = 3000                        # how long between tries on a live network
    [health]                              # process, action, answer, and `score`: which field it is
    [status]
    actions = ["Info"]                    # queries whose answers `status` shows

    [networks.NAME]                       # what differs on a network, or a network by its URL
    kind = "hyperbeam"                    # or "legacynet"
    url = "https://…"
    scheduler = "<id>"
    authority = "<id>"                    # several separated by commas
    module = "<id>"

A verify answer is JSON: bundleHash, owner, admin, peers {process: id}, limits {tag: text},
handlers [name]; what it leaves out is not compared.

Everything is text. A key that is not listed here is refused, with its line.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, Literal, TypeVar

import msgspec

from aosctl.errors import ManifestError
from aosctl.manifest_rules import refuse_contradictions, spelt
from aosctl.names import did_you_mean, listed, nearest
from aosctl.project import Project
from aosctl.text_file import read_text
from aosctl.toml_lines import TomlLines

NO_LINES = TomlLines("")  # of a manifest that is no file


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A message by its Action, and the Action of the answer that is looked for."""

    action: str
    answer: str = ""

    def __post_init__(self) -> None:
        """Fill in the usual answer."""
        if not self.answer:
            msgspec.structs.force_setattr(self, "answer", f"{self.action}-Response")


class Configure(Question, frozen=True, kw_only=True):
    """How processes are told of one another."""

    peer_tag: str = "{Name}-Process"
    last: tuple[str, ...] = ()

    def tag_for(self, process: str) -> str:
        """Return the name of the tag that carries the id of `process`."""
        return self.peer_tag.replace("{Name}", "-".join(map(str.capitalize, process.split("_"))))


class Ready(Question, frozen=True, kw_only=True):
    """Whom to ask whether the whole works, and how to help it on."""

    process: str
    field: str
    missing: str = "missing"
    nudge: str | None = None
    tries: int = 10
    wait_ms: int = 3000


class Health(Question, frozen=True, kw_only=True):
    """Whom to ask for the score."""

    process: str
    score: str


class Status(msgspec.Struct, frozen=True):
    """The queries that `status` puts to each process."""

    actions: tuple[str, ...] = ()


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the bundle wants otherwise on one network."""

    kind: Literal["hyperbeam", "legacynet"] | None = None
    url: str | None = None
    scheduler: str | None = None
    authority: str | None = None
    module: str | None = None


class About(msgspec.Struct, frozen=True):
    """What a reader should know of the bundle."""

    description: str = ""


class ProcessWish(msgspec.Struct, frozen=True, kw_only=True):
    """One process as it should be. `tags`, `config` and `limits` keep the order of the file."""

    source: str = ""
    knows: tuple[str, ...] = ()
    module: str | None = None
    provided: tuple[str, ...] = ()
    tags: dict[str, str] = msgspec.field(default_factory=dict)
    config: dict[str, str] = msgspec.field(default_factory=dict)
    limits: dict[str, str] = msgspec.field(default_factory=dict)


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A bundle as it should be. `path` is its file as messages show it."""

    bundle: str
    path: str
    processes: dict[str, ProcessWish]
    about: About = About()
    configure: Configure | None = None
    limits: Question | None = None
    verify: Question | None = None
    ready: Ready | None = None
    health: Health | None = None
    status: Status = Status()
    networks: dict[str, NetworkSettings] = msgspec.field(default_factory=dict)
    lines: TomlLines = NO_LINES

    def source(self, process: str) -> str:
        """Return where the source of a process is, from the bundle's folder."""
        return self.processes[process].source or f"{process}/process.lua"


SECTIONS: dict[str, type[msgspec.Struct]] = {
    "bundle": About,
    "configure": Configure,
    "limits": Question,
    "verify": Question,
    "ready": Ready,
    "health": Health,
    "status": Status,
}
TABLES: dict[str, type[msgspec.Struct]] = {"processes": ProcessWish, "networks": NetworkSettings}

T = TypeVar("T", bound=msgspec.Struct)


def load_manifest(project: Project, bundle: str) -> Manifest:
    """
    Return the manifest of a bundle of the project.

    Raises:
        ManifestError: it cannot be read or followed; `where` is file and line.
    """
    path = project.manifest(bundle)
    shown = project.relative(path)
    text = read_text(path, shown=shown, kind=ManifestError)
    manifest = make_manifest(text, bundle=bundle, shown=shown)
    _refuse_missing_sources(manifest, project)
    return manifest


def make_manifest(text: str, *, bundle: str, shown: str) -> Manifest:
    """
    Return the manifest in `text`, called `shown` in messages. No file is looked at.

    Raises:
        ManifestError: it cannot be followed; `where` is file and line.
    """
    return _Reader(text, bundle=bundle, shown=shown).manifest()


class _Reader:
    """One manifest being read: its tables, and where its keys stand."""

    def __init__(self, text: str, *, bundle: str, shown: str) -> None:
        self.bundle = bundle
        self.shown = shown
        self.lines = TomlLines(text)
        self.tables = self.parse(text)

    def parse(self, text: str) -> dict[str, Any]:
        try:
            return tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r" \(at line (\d+), column \d+\)$", str(error))
            place = f"{self.shown}:{found[1] if found else text.count(chr(10)) + 1}"
            said = str(error).removesuffix(found[0] if found else "")
            raise ManifestError(
                f"the manifest is no TOML: {said}",
                where=place,
                hint="Mend that line, or one before it. docs/manifest.md shows a whole manifest.",
            ) from None

    def error(self, message: str, *key: str, hint: str | None = None) -> ManifestError:
        return ManifestError(message, where=f"{self.shown}:{self.lines.line(*key)}", hint=hint)

    def manifest(self) -> Manifest:
        known = {*SECTIONS, *TABLES}
        self.refuse_unknown(self.tables, known)
        sections = {name: self.section(name) for name in SECTIONS if name in self.tables}
        if "bundle" in sections:
            sections["about"] = sections.pop("bundle")
        manifest = Manifest(
            bundle=self.bundle,
            path=self.shown,
            processes=self.named("processes", ProcessWish),
            networks=self.named("networks", NetworkSettings),
            lines=self.lines,
            **sections,
        )
        refuse_contradictions(manifest, self.error)
        return manifest

    def section(self, name: str) -> Any:
        return self.struct(self.tables[name], SECTIONS[name], name)

    def named(self, name: str, kind: type[T]) -> dict[str, T]:
        tables = self.tables.get(name, {})
        if not isinstance(tables, dict):
            raise self.error(f"[{name}] must be a table of tables", name)
        return {key: self.struct(table, kind, name, key) for key, table in tables.items()}

    def struct(self, table: object, kind: type[T], *key: str) -> T:
        if not isinstance(table, dict):
            raise self.error(f"[{'.'.join(key)}] must be a table", *key)
        fields = msgspec.structs.fields(kind)
        self.refuse_unknown(table, {field.name for field in fields}, *key)
        for field in fields:
            if field.required and field.name not in table:
                raise self.error(f"[{'.'.join(key)}] lacks '{field.name}'", *key)
            if field.name in table:
                self.value(table[field.name], field.type, *key, field.name)
        return msgspec.convert(table, kind)

    def value(self, value: object, kind: object, *key: str) -> None:
        """Refuse a value of another type than `kind`, with the line of its own key."""
        if kind == dict[str, str] and isinstance(value, dict):
            for name, text in value.items():
                self.value(text, str, *key, name)
            return
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            said, hint = _mismatch(value, kind, str(error).split(" - at")[0])
            raise self.error(f"{spelt(key)}{said}", *key, hint=hint) from None

    def refuse_unknown(self, table: Mapping[str, object], known: Iterable[str], *key: str) -> None:
        for name in table:
            if name not in known:
                place = f" in [{'.'.join(key)}]" if key else ""
                hint = did_you_mean(name, known) or f"Known here: {listed(known)}."
                raise self.error(f"unknown key '{name}'{place}", *key, name, hint=hint)


def _refuse_missing_sources(manifest: Manifest, project: Project) -> None:
    folder = project.processes / manifest.bundle
    for name in manifest.processes:
        source = PurePosixPath(manifest.source(name))
        if not (folder / source).is_file():
            raise ManifestError(
                f"the source of '{name}' is not there: {project.relative(folder / source)}",
                where=f"{manifest.path}:{manifest.lines.line('processes', name, 'source')}",
                hint=_near_source(source, folder)
                or "Make that file, or name another with `source`.",
            )


def _near_source(source: PurePosixPath, folder: Path) -> str | None:
    """Return the file that may be meant: its folder or its name is misspelt, the rest is right."""
    there = [PurePosixPath(found.relative_to(folder)) for found in folder.glob("*/*.lua")]
    names = {found.name: found for found in there if found.parent == source.parent}
    folders = {str(found.parent): found for found in there if found.name == source.name}
    name, parent = nearest(source.name, names), nearest(str(source.parent), folders)
    near = names[name] if name else folders[parent] if parent else None
    return f"Did you mean '{near}'?" if near else None


_TEXT = ("a text", 'Write it in quotes: "{}".')
_KINDS: dict[object, tuple[str, str]] = {  # types of values: in words, and how they are written
    str: _TEXT,
    str | None: _TEXT,
    int: ("a whole number", "Write it without quotes: 10."),
    tuple[str, ...]: ("a list of texts", 'Write it in brackets: ["one", "two"].'),
    dict[str, str]: ("a table of texts", 'Write it in braces: {{ Name = "value" }}.'),
}
_SEEN = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "this list",
    dict: "a table",
}


def _mismatch(value: object, kind: object, said: str) -> tuple[str, str | None]:
    """Return what is wrong with a value, and how it is written; `said` is what msgspec says."""
    if kind not in _KINDS:
        return f": {said[:1].lower()}{said[1:]}", None
    wanted, hint = _KINDS[kind]
    shown = str(value).lower() if isinstance(value, bool | int | float) else "…"
    return f" must be {wanted}, not {_SEEN.get(type(value), 'this')}", hint.format(shown)
