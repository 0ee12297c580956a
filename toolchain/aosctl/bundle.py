"""
Bundle: one Lua text a process, made from its source and all the files that it requires.

    -- header
    local aosctl_modules = {} …             our `require`: the modules below, else the runtime's
    aosctl_modules["lib.amount"] = function(...) -- processes/lib/amount.lua
    <the file, on its own lines, without comments and indentation>
    end -- processes/lib/amount.lua
    …                                       what is required stands before what requires it
    local aosctl_results = table.pack((function(...) -- processes/shop/till/process.lua
    <the process's source likewise>
    end)()) -- processes/shop/till/process.lua
    BundleHash = "<SHA-256 of all the lines above>"
    return table.unpack(aosctl_results, 1, aosctl_results.n)

- A module name is a path with dots: `lib.amount` is lib/amount.lua or lib/amount/init.lua in the
  process's own folder, in its bundle's folder, or in `processes/`, whichever is found first.
- Every evaluation of the text runs every module anew (the cache lives in the text), so that an
  upgrade never meets a module of the version before.
- Each module is a function, since 200 locals are all that a Lua function may have. A name is only
  ever a string, so that any name will do.
- A module that returns nil gives true, as Lua's own `require` has it.
- A `require` inside a function may close a circle; one that runs while its file loads may not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from aosctl.lua.line_map import LineMap, Segment
from aosctl.lua.modules import ModuleFiles, Sources, collect_files
from aosctl.lua.source import compact
from aosctl.manifest import Manifest
from aosctl.message import to_bytes
from aosctl.project import Project

_HEADER = """\
-- {process}: one text made by aosctl of the files named at their marks, compacted.
-- BundleHash at the end is the SHA-256 of all the lines above it.
local aosctl_modules = {{}}
local require = (function(modules, runtime_require)
  local values, started = {{}}, {{}}
  return function(name)
    local run = modules[name]
    if not run then
      return runtime_require(name)
    end
    if values[name] == nil then
      if started[name] then
        error("module '" .. name .. "' requires itself, or failed before", 2)
      end
      started[name] = true
      local value = run(name)
      if value == nil then
        value = true
      end
      values[name] = value
    end
    return values[name]
  end
end)(aosctl_modules, require)
"""

_RETURN = "return table.unpack(aosctl_results, 1, aosctl_results.n)\n"


class Bundle(msgspec.Struct, frozen=True):
    """
    The Lua text of a process.

    `hash` is the SHA-256, in hex, of the text up to the line that sets the global `BundleHash` to
    it; `size` is in bytes; `files` are paths from the root, in their order in the text.
    """

    process: str
    text: str
    hash: str
    size: int
    files: tuple[str, ...]
    line_map: LineMap


def build_bundle(
    root: Path,
    entry: Path,
    *,
    process: str | None = None,
    provided: Iterable[str] = (),
    known: Sources | None = None,
) -> Bundle:
    """
    Return the bundle of the Lua file `entry` of the project in `root`.

    The same files give the same bytes on every machine. `process` is its name, by default that of
    its folder; `provided` are modules that its runtime has beyond those of aos; `known` are files
    that were read before (see `collect_files`).

    Raises:
        BundleError: a file is missing or does not compile, or modules require each other.
    """
    entry = root / entry
    name = process or entry.absolute().parent.name
    files = collect_files(root, entry, process=name, provided=provided, known=known)
    return _write(files)


def build_bundles(project: Project, manifest: Manifest) -> dict[str, Bundle]:
    """
    Return the bundle of each process of a manifest.

    Raises:
        BundleError: as `build_bundle`.
    """
    known: Sources = {}
    return {name: build_process(project, manifest, name, known) for name in manifest.processes}


def build_process(
    project: Project, manifest: Manifest, process: str, known: Sources | None = None
) -> Bundle:
    """
    Return the bundle of one process of a manifest; `known` as for `build_bundle`.

    Raises:
        BundleError: as `build_bundle`.
    """
    return build_bundle(
        project.root,
        project.processes / manifest.bundle / manifest.source(process),
        process=process,
        provided=manifest.processes[process].provided,
        known=known,
    )


class _Writer:
    """The text of a bundle in the making, with its line count."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.segments: list[Segment] = []
        self.line = 1

    def put(self, text: str) -> None:
        """Add whole lines."""
        self.parts.append(text)
        self.line += text.count("\n")

    def put_file(self, path: str, text: str) -> None:
        """Add a file, whose lines the line map then knows."""
        first = self.line
        self.put(text if text.endswith("\n") else text + "\n")
        self.segments.append(Segment(first, self.line - 1, path))


def _write(files: ModuleFiles) -> Bundle:
    writer = _Writer()
    writer.put(_HEADER.format(process=_comment(files.process)))
    for path in files.order[:-1]:
        _put_module(writer, files, path)
    _put_entry(writer, files, files.order[-1])
    body = "".join(writer.parts)
    digest = hashlib.sha256(to_bytes(body)).hexdigest()
    text = f'{body}BundleHash = "{digest}"\n{_RETURN}'
    return Bundle(
        process=files.process,
        text=text,
        hash=digest,
        size=len(to_bytes(text)),
        files=tuple(map(files.shown, files.order)),
        line_map=LineMap(tuple(writer.segments)),
    )


def _put_module(writer: _Writer, files: ModuleFiles, path: Path) -> None:
    names = [_quoted(name) for name, found in sorted(files.modules.items()) if found == path]
    _put(writer, files, path, before=f"aosctl_modules[{names[0]}] = function(...)", after="end")
    for name in names[1:]:
        writer.put(f"aosctl_modules[{name}] = aosctl_modules[{names[0]}]\n")


def _put_entry(writer: _Writer, files: ModuleFiles, path: Path) -> None:
    start = "local aosctl_results = table.pack((function(...)"
    _put(writer, files, path, before=start, after="end)())")


def _put(writer: _Writer, files: ModuleFiles, path: Path, *, before: str, after: str) -> None:
    source, shown = files.sources[path], files.shown(path)
    # A file of its own has an `_ENV` of its own; here all would share the text's.
    env = " local _ENV = _ENV" if source.own_env else ""
    writer.put(f"\n{before}{env} -- {_comment(shown)}\n")
    writer.put_file(shown, compact(source.text))
    writer.put(f"{after} -- {_comment(shown)}\n")


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", "?", text)


def _quoted(text: str) -> str:
    """Return a Lua string literal for any text."""
    return '"' + re.sub(r'[\x00-\x1f"\\\x7f]', lambda c: f"\\{ord(c[0]):03d}", text) + '"'
