"""
Bundle: one Lua text a process, made from its source and all the files that it requires.

    -- header
    local aosctl_modules = {} …             our `require`: the modules below, else the runtime's
    aosctl_modules["lib.amount"] = function(...) -- processes/lib/amount.lua
    <the file, unchanged>
    end -- processes/lib/amount.lua
    …                                       what is required stands before what requires it
    local aosctl_results = table.pack((function(...) -- processes/tim3/lock_manager/process.lua
    <the process's source, unchanged>
    end)()) -- processes/tim3/lock_manager/process.lua
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
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import msgspec

from aosctl.errors import BundleError
from aosctl.line_map import LineMap, Segment
from aosctl.lua_source import LuaSource, Require, load_source
from aosctl.message import to_bytes
from aosctl.names import did_you_mean

# What aos 2.0.6 has built in (reference: aos-runtime, section 10); the databases and models that
# other wasm modules add are named in the manifest, `provided`.
RUNTIME_MODULES = frozenset(
    """
    json ao .ao .process .handlers .handlers-utils .utils .assignment .boot .default .eval
    .stringify .pretty .dump .chance .base64 .bint .crypto .crypto.init
    .crypto.digest .crypto.digest.init .crypto.digest.md2 .crypto.digest.md4 .crypto.digest.md5
    .crypto.digest.sha1 .crypto.digest.sha2_256 .crypto.digest.sha2_512 .crypto.digest.sha3
    .crypto.digest.blake2b .crypto.cipher .crypto.cipher.init .crypto.cipher.aes
    .crypto.cipher.aes128 .crypto.cipher.aes192 .crypto.cipher.aes256 .crypto.cipher.issac
    .crypto.cipher.morus .crypto.cipher.norx .crypto.cipher.mode.cbc .crypto.cipher.mode.cfb
    .crypto.cipher.mode.ctr .crypto.cipher.mode.ecb .crypto.cipher.mode.ofb
    .crypto.mac .crypto.mac.init .crypto.mac.hmac .crypto.kdf .crypto.kdf.init .crypto.kdf.pbkdf2
    .crypto.padding.zero .crypto.util .crypto.util.init .crypto.util.array .crypto.util.bit
    .crypto.util.hex .crypto.util.queue .crypto.util.stream
    string table math os io debug package coroutine utf8 bit32 _G
    """.split()
)

_HEADER = """\
-- {process}: one text made by aosctl of the files named at their marks, each unchanged.
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
    root: Path, entry: Path, *, process: str | None = None, provided: Iterable[str] = ()
) -> Bundle:
    """
    Return the bundle of the Lua file `entry` of the project in `root`.

    The same files give the same bytes on every machine. `process` is its name, by default that of
    its folder; `provided` are modules that its runtime has beyond those of aos.

    Raises:
        BundleError: a file is missing or does not compile, or modules require each other.
    """
    root = root.absolute()
    entry = root / entry
    name = process or entry.parent.name
    files = _Files(root, _folders(root, entry), process=name, provided=frozenset(provided))
    return _write(name, files, files.collect(entry))


def module_folders(root: Path, entry: Path) -> tuple[Path, ...]:
    """Return where the modules of `entry` are looked for, in order."""
    return _folders(root.absolute(), root.absolute() / entry)


def _folders(root: Path, entry: Path) -> tuple[Path, ...]:
    processes = root / "processes"
    if not entry.is_relative_to(processes):
        return tuple(dict.fromkeys((entry.parent, root)))
    bundle = processes / entry.relative_to(processes).parts[0]
    return tuple(dict.fromkeys((entry.parent, bundle, processes)))


class _Files:
    """The files of one bundle: found, read once each, and put in order."""

    def __init__(
        self, root: Path, folders: tuple[Path, ...], *, process: str, provided: frozenset[str]
    ) -> None:
        self.root = root
        self.folders = folders
        self.process = process
        self.provided = provided | RUNTIME_MODULES
        self.sources: dict[Path, LuaSource] = {}
        self.modules: dict[str, Path] = {}

    def collect(self, entry: Path) -> list[Path]:
        """Read `entry` and all that it requires; return the files, what is required first."""
        waiting = [entry]
        while waiting:
            path = waiting.pop()
            if path not in self.sources:
                self.sources[path] = load_source(path, shown=self.shown(path))
                waiting += [found for _, found in self.required_by(path)][::-1]
        self.refuse_missing()
        return self.in_order(entry)

    def required_by(self, path: Path) -> Iterator[tuple[Require, Path]]:
        """Give the requires of a file that lead to files."""
        for require in self.sources[path].requires:
            found = self.find(require.name)
            if found:
                yield require, found

    def find(self, name: str) -> Path | None:
        """Return the file of a module, and remember its name."""
        found = self.modules.get(name) or _find(name, self.folders)
        if found:
            self.modules[name] = found
        return found

    def refuse_missing(self) -> None:
        """Raise if a required module is neither a file nor provided by runtime or files."""
        provided = self.provided.union(*(source.provided for source in self.sources.values()))
        for path, source in self.sources.items():
            for require in source.requires:
                known = require.name in self.modules or require.name in provided
                if not known and not require.optional:
                    raise self.missing(require, path)

    def missing(self, require: Require, path: Path) -> BundleError:
        return BundleError(
            f"process '{self.process}' requires '{require.name}', which is not there",
            where=f"{self.shown(path)}:{require.line}",
            hint=did_you_mean(require.name, {*_names(self.folders), *self.provided})
            or f"Looked in {', '.join(map(self.shown, self.folders))}.",
        )

    def in_order(self, entry: Path) -> list[Path]:
        """Return the files, what is required first and `entry` last; raise for a circle."""
        # Nobody may require the entry, not even later: it would add its handlers twice.
        deferred_too = entry in self.modules.values()
        graph = {
            path: [f for need, f in self.required_by(path) if deferred_too or not need.deferred]
            for path in self.sources
        }
        try:
            order = TopologicalSorter(graph).static_order()
            return [*(path for path in order if path != entry), entry]
        except CycleError as error:
            raise self.circle(error.args[1][::-1]) from None

    def circle(self, paths: list[Path]) -> BundleError:
        names = {path: name for name, path in reversed(self.modules.items())}
        last, first = paths[-2], paths[-1]
        line = next(need.line for need, found in self.required_by(last) if found == first)
        return BundleError(
            "modules require each other in a circle: "
            + " -> ".join(names.get(path, self.shown(path)) for path in paths),
            where=f"{self.shown(last)}:{line}",
            hint="Move what both need into a third module, or require it inside a function.",
        )

    def shown(self, path: Path) -> str:
        """Return a path as messages and the bundle show it: from the root."""
        if not path.is_relative_to(self.root):
            raise BundleError(
                f"'{path}' is not in the project", where=str(self.root), hint="Move it there."
            )
        return path.relative_to(self.root).as_posix()


def _find(name: str, folders: Iterable[Path]) -> Path | None:
    # A name that begins with a dot is the runtime's; one with a slash first would leave the folder.
    if not name or name[0] in "./" or "\0" in name:
        return None
    inner = name.replace(".", "/")
    tries = (folder / f"{inner}{end}" for folder in folders for end in (".lua", "/init.lua"))
    return next((path for path in tries if path.is_file()), None)


def _names(folders: Iterable[Path]) -> Iterator[str]:
    for folder in folders:
        for path in folder.rglob("*.lua"):
            parts = path.relative_to(folder).with_suffix("").parts
            yield ".".join(parts[:-1] if parts[-1] == "init" and len(parts) > 1 else parts)


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


def _write(process: str, files: _Files, order: list[Path]) -> Bundle:
    writer = _Writer()
    writer.put(_HEADER.format(process=_comment(process)))
    for path in order[:-1]:
        _put_module(writer, files, path)
    _put_entry(writer, files, order[-1])
    body = "".join(writer.parts)
    digest = hashlib.sha256(to_bytes(body)).hexdigest()
    text = f'{body}BundleHash = "{digest}"\n{_RETURN}'
    return Bundle(
        process=process,
        text=text,
        hash=digest,
        size=len(to_bytes(text)),
        files=tuple(map(files.shown, order)),
        line_map=LineMap(tuple(writer.segments)),
    )


def _put_module(writer: _Writer, files: _Files, path: Path) -> None:
    names = [_quoted(name) for name, found in sorted(files.modules.items()) if found == path]
    slots = " = ".join(f"aosctl_modules[{name}]" for name in names[:1])
    _put(writer, files, path, before=f"{slots} = function(...)", after="end")
    for name in names[1:]:
        writer.put(f"aosctl_modules[{name}] = aosctl_modules[{names[0]}]\n")


def _put_entry(writer: _Writer, files: _Files, path: Path) -> None:
    start = "local aosctl_results = table.pack((function(...)"
    _put(writer, files, path, before=start, after="end)())")


def _put(writer: _Writer, files: _Files, path: Path, *, before: str, after: str) -> None:
    source, shown = files.sources[path], files.shown(path)
    # A file of its own has an `_ENV` of its own; here all would share the text's.
    env = " local _ENV = _ENV" if source.own_env else ""
    writer.put(f"\n{before}{env} -- {_comment(shown)}\n")
    writer.put_file(shown, source.text)
    writer.put(f"{after} -- {_comment(shown)}\n")


def _comment(text: str) -> str:
    return re.sub(r"[\x00-\x1f]", "?", text)


def _quoted(text: str) -> str:
    """Return a Lua string literal for any text."""
    return '"' + re.sub(r'[\x00-\x1f"\\\x7f]', lambda c: f"\\{ord(c[0]):03d}", text) + '"'
