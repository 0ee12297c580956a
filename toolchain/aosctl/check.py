"""
Check: faults in the Lua of a bundle that can be seen before it runs.

Each finding has a code, told in docs/check-codes.md: an error will fail or mislead, a warning may.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from aosctl.bundle import build_process
from aosctl.errors import BundleError
from aosctl.lua.hazards import find_hazards
from aosctl.lua.modules import ModuleFiles, Sources, collect_files
from aosctl.lua.scope import GlobalUse, find_globals
from aosctl.lua.source import syntax
from aosctl.manifest import Manifest
from aosctl.names import did_you_mean
from aosctl.project import Project

Severity = Literal["error", "warning"]

CODES: dict[str, Severity] = {
    "syntax-error": "error",
    "missing-module": "error",
    "require-circle": "error",
    "undefined-global": "error",
    "tag-name": "error",
    "stray-global": "warning",
    "handler-twice": "warning",
    "handler-env": "warning",
    "money-number": "warning",
    "clock": "warning",
    "patch-key": "warning",
    "bundle-size": "warning",
}

# Where a scheduler enforces it, a message is at most this long (reference: ao-network, 5.2).
MESSAGE_LIMIT = 102_400

# Lua 5.3 as the module has it, and what aos 2.0.6 adds (reference: aos-runtime, section 5).
_RUNTIME_GLOBALS = """
_G _VERSION assert bit32 collectgarbage coroutine debug dofile error getmetatable io ipairs load
loadfile math next os package pairs pcall print rawequal rawget rawlen rawset require select
setmetatable string table tonumber tostring type utf8 xpcall _ENV Assign Bell Colors Dump Errors
HANDLER_PRINT_LOGS Handlers Inbox Name Owner Prompt Receive Seeded Send Spawn Tab Utils Version
ao handle BundleHash
"""
RUNTIME_GLOBALS = frozenset(_RUNTIME_GLOBALS.split())


class Finding(msgspec.Struct, frozen=True, order=True):
    """One fault; sorted by place."""

    path: str
    line: int
    code: str
    severity: Severity
    text: str


def check_bundle(project: Project, manifest: Manifest) -> tuple[Finding, ...]:
    """Return what is wrong with the Lua of a bundle, by place, each fault once."""
    found: set[Finding] = set()
    known: Sources = {}
    for process in manifest.processes:
        found.update(_Check(project, manifest, process, known).findings())
    return tuple(sorted(found))


class _Check:
    """The findings of one process."""

    def __init__(self, project: Project, manifest: Manifest, process: str, known: Sources) -> None:
        self.project = project
        self.manifest = manifest
        self.process = process
        self.known = known
        self.found: list[Finding] = []

    def findings(self) -> list[Finding]:
        folder = self.project.processes / self.manifest.bundle
        files = collect_files(
            self.project.root,
            folder / self.manifest.source(self.process),
            process=self.process,
            provided=self.manifest.processes[self.process].provided,
            known=self.known,
            on_fault=self.add_fault,
        )
        self.check_files(files)
        self.check_size(files)
        return self.found

    def add(self, code: str, path: str, line: int, text: str) -> None:
        self.found.append(Finding(path, line, code, CODES[code], text))

    def add_fault(self, code: str, error: BundleError) -> None:
        path, _, line = (error.where or "").rpartition(":")
        text = f"{error.message}. {error.hint}" if error.hint else error.message
        self.add(code, path, int(line) if line.isdecimal() else 1, text)

    def check_files(self, files: ModuleFiles) -> None:
        trees = {path: syntax(source.text) for path, source in files.sources.items()}
        uses = {path: find_globals(tree) for path, tree in trees.items()}
        defined = {use.name for found in uses.values() for use in found if use.assigned}
        for path, tree in trees.items():
            shown = files.shown(path)
            for use in uses[path]:
                self.check_global(shown, use, defined)
            for hazard in find_hazards(tree):
                self.add(hazard.code, shown, hazard.line, hazard.text)

    def check_global(self, shown: str, use: GlobalUse, defined: set[str]) -> None:
        known = defined | RUNTIME_GLOBALS
        if not use.assigned and use.name not in known:
            hint = did_you_mean(use.name, known)
            text = f"nothing in '{self.process}' gives '{use.name}' a value"
            self.add("undefined-global", shown, use.line, f"{text}. {hint}" if hint else text)
        if use.assigned and use.inside and use.name[:1].islower():
            text = f"'{use.name}' becomes a global here; is a `local` missing?"
            self.add("stray-global", shown, use.line, text)

    def check_size(self, files: ModuleFiles) -> None:
        if any(CODES[finding.code] == "error" for finding in self.found):
            return
        size = build_process(self.project, self.manifest, self.process, self.known).size
        if size > MESSAGE_LIMIT:
            text = f"the bundle of '{self.process}' has {size} bytes; {MESSAGE_LIMIT} fit a message"
            self.add("bundle-size", files.shown(files.entry), 1, text)
