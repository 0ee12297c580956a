"""
Modules: the Lua files of one process, found by the names that they require each other by.

A name is a path with dots: `lib.amount` is lib/amount.lua or lib/amount/init.lua in the process's
own folder, in its bundle's folder, or in `processes/`, whichever is found first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from aosctl.errors import BundleError
from aosctl.lua.source import LuaSource, Require, load_source
from aosctl.names import did_you_mean

# What aos 2.0.6 has built in (reference: aos-runtime, section 10); the databases and models that
# other wasm modules add are named in the manifest, `provided`.
_RUNTIME_MODULES = """
json ao .ao .process .handlers .handlers-utils .utils .assignment .boot .default .eval
.stringify .pretty .dump .chance .base64 .bint .crypto .crypto.init .crypto.digest
.crypto.digest.init .crypto.digest.md2 .crypto.digest.md4 .crypto.digest.md5 .crypto.digest.sha1
.crypto.digest.sha2_256 .crypto.digest.sha2_512 .crypto.digest.sha3 .crypto.digest.blake2b
.crypto.cipher .crypto.cipher.init .crypto.cipher.aes .crypto.cipher.aes128
.crypto.cipher.aes192 .crypto.cipher.aes256 .crypto.cipher.issac .crypto.cipher.morus
.crypto.cipher.norx .crypto.cipher.mode.cbc .crypto.cipher.mode.cfb .crypto.cipher.mode.ctr
.crypto.cipher.mode.ecb .crypto.cipher.mode.ofb .crypto.mac .crypto.mac.init .crypto.mac.hmac
.crypto.kdf .crypto.kdf.init .crypto.kdf.pbkdf2 .crypto.padding.zero .crypto.util
.crypto.util.init .crypto.util.array .crypto.util.bit .crypto.util.hex .crypto.util.queue
.crypto.util.stream string table math os io debug package coroutine utf8 bit32 _G
"""
RUNTIME_MODULES = frozenset(_RUNTIME_MODULES.split())

Sources = dict[Path, LuaSource]
OnFault = Callable[[str, BundleError], None]


def _refuse(_: str, error: BundleError) -> None:
    raise error


def collect_files(
    root: Path,
    entry: Path,
    *,
    process: str,
    provided: Iterable[str] = (),
    known: Sources | None = None,
    on_fault: OnFault = _refuse,
) -> ModuleFiles:
    """
    Return the files of a process, read and in order.

    `entry` is its source, `provided` are modules that its runtime has beyond those of aos. Files in
    `known` are not read again, and those that are read join them: the processes of a bundle share
    many. Each fault goes to `on_fault` with its code (docs/check-codes.md); by default the first is
    raised. Where that returns, what can be known in spite of it is.

    Raises:
        BundleError: a file is missing or does not compile, or files require each other.
    """
    files = ModuleFiles(
        root.absolute(), root.absolute() / entry, process=process, on_fault=on_fault
    )
    files.read({} if known is None else known)
    files.report_missing(RUNTIME_MODULES.union(provided))
    files.put_in_order()
    return files


class ModuleFiles:
    """
    The files of one process.

    `sources` are the files that could be read, `modules` the files by the names that they are
    required by, `order` all files with what is required first and the process's source last.
    """

    def __init__(self, root: Path, entry: Path, *, process: str, on_fault: OnFault) -> None:
        self.root = root
        self.entry = entry
        self.process = process
        self.folders = _folders(root, entry)
        self.sources: dict[Path, LuaSource] = {}
        self.modules: dict[str, Path] = {}
        self.order: list[Path] = []
        self._fault = on_fault

    def shown(self, path: Path) -> str:
        """Return a path as messages and the bundle show it: from the root."""
        if not path.is_relative_to(self.root):
            raise BundleError(
                f"'{path}' is not in the project", where=str(self.root), hint="Move it there."
            )
        return path.relative_to(self.root).as_posix()

    def read(self, known: Sources) -> None:
        """Read the process's source and all that it requires, but for what is known."""
        waiting = [self.entry]
        seen = {self.entry}
        while waiting:
            path = waiting.pop()
            try:
                if path not in known:
                    known[path] = load_source(path, shown=self.shown(path))
                self.sources[path] = known[path]
            except BundleError as error:
                self._fault("syntax-error", error)
                continue
            found = dict.fromkeys(need for _, need in self.required_by(path) if need not in seen)
            seen.update(found)
            waiting += reversed(found)

    def required_by(self, path: Path) -> Iterator[tuple[Require, Path]]:
        """Give the requires of a file that lead to files."""
        for require in self.sources[path].requires:
            found = self._find(require.name)
            if found:
                yield require, found

    def report_missing(self, provided: frozenset[str]) -> None:
        """Report each required module that is neither a file nor provided."""
        provided = provided.union(*(source.provided for source in self.sources.values()))
        for path, source in self.sources.items():
            for require in source.requires:
                known = require.name in self.modules or require.name in provided
                if not known and not require.optional:
                    self._fault("missing-module", self._missing(require, path, provided))

    def put_in_order(self) -> None:
        """Let `order` be the files, what is required first; report a circle."""
        # Nobody may require the process's source, not even later: its handlers would come twice.
        deferred_too = self.entry in self.modules.values()
        graph = {
            path: [
                found
                for need, found in self.required_by(path)
                if found in self.sources and (deferred_too or not need.deferred)
            ]
            for path in self.sources
        }
        try:
            order = [*TopologicalSorter(graph).static_order()]
        except CycleError as error:
            order = [*self.sources]
            self._fault("require-circle", self._circle(error.args[1][::-1]))
        self.order = [*(path for path in order if path != self.entry), self.entry]

    def _find(self, name: str) -> Path | None:
        found = self.modules.get(name) or _find(name, self.folders)
        if found:
            self.modules[name] = found
        return found

    def _missing(self, require: Require, path: Path, provided: frozenset[str]) -> BundleError:
        return BundleError(
            f"process '{self.process}' requires '{require.name}', which is not there",
            where=f"{self.shown(path)}:{require.line}",
            hint=did_you_mean(require.name, {*_names(self.folders), *provided})
            or f"Looked in {', '.join(map(self.shown, self.folders))}.",
        )

    def _circle(self, paths: list[Path]) -> BundleError:
        names = {path: name for name, path in reversed(self.modules.items())}
        last, first = paths[-2], paths[-1]
        line = next(need.line for need, found in self.required_by(last) if found == first)
        return BundleError(
            "modules require each other in a circle: "
            + " -> ".join(names.get(path, self.shown(path)) for path in paths),
            where=f"{self.shown(last)}:{line}",
            hint="Move what both need into a third module, or require it inside a function.",
        )


def _folders(root: Path, entry: Path) -> tuple[Path, ...]:
    processes = root / "processes"
    if not entry.is_relative_to(processes):
        return tuple(dict.fromkeys((entry.parent, root)))
    bundle = processes / entry.relative_to(processes).parts[0]
    return tuple(dict.fromkeys((entry.parent, bundle, processes)))


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
