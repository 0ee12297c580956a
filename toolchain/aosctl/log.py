"""
The log of a network at home: every delivery in SQLite, so that the next command goes on from there.

A transaction holds one message from outside with all that it caused. It is acknowledged after the
commit, so a crash loses nothing that was acknowledged and keeps nothing by half.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self, TypeVar

import msgspec

from aosctl.emulator.trace import Step
from aosctl.errors import LogError
from aosctl.message import Definition
from aosctl.text_file import said

APPLICATION_ID = 0x616F_7363  # "aosc": says whose file this is
VERSION = 1
T = TypeVar("T")

_BEGIN_ANEW = "move the file away to begin a new log; what was deployed in it is then absent"
_MAKE_ROOM = "Nothing of this was kept. Make room or give rights, then run the same command."
# The file is whole, but what is around it refuses: rights, disk, locks.
_SURROUNDINGS = frozenset(
    {
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
    }
)
_SCHEMA = """
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE process (
  place INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, definition TEXT NOT NULL) STRICT;
CREATE TABLE step (
  place INTEGER PRIMARY KEY, message TEXT NOT NULL, receiver TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE item (id TEXT PRIMARY KEY, raw BLOB NOT NULL) STRICT;
CREATE INDEX step_message ON step (message);
"""


class Log:
    """
    An open log. `id` names it: process ids in a record belong to one log.

    `now` is the virtual time in milliseconds, `count` the number of messages from outside. With
    `read_only` nothing is written, not even beside the file.

    Raises:
        LogError: the file is damaged anywhere, or none of ours.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self.path = path
        self._read_only = read_only
        with self._explained():
            self._db = self._open()
            self.id = self._fact("id")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def now(self) -> int:
        """Return the virtual time of the last commit."""
        with self._explained():
            return int(self._fact("now"))

    @property
    def count(self) -> int:
        """Return how many messages had come from outside at the last commit."""
        with self._explained():
            return int(self._fact("count"))

    def processes(self) -> list[Definition]:
        """Return every process, in the order in which they were made."""
        with self._explained():
            rows = self._db.execute("SELECT definition FROM process ORDER BY place").fetchall()
            return [_decode(text, Definition) for (text,) in rows]

    def steps(self) -> list[Step]:
        """Return every delivery, in order."""
        with self._explained():
            rows = self._db.execute("SELECT body FROM step ORDER BY place").fetchall()
            return [_decode(text, Step) for (text,) in rows]

    def has(self, message: str) -> bool:
        """Return whether the message of this id has been delivered."""
        with self._explained():
            query = "SELECT 1 FROM step WHERE message = ? LIMIT 1"
            return self._db.execute(query, (message,)).fetchone() is not None

    def append(
        self,
        *,
        processes: Iterable[Definition] = (),
        steps: Iterable[Step] = (),
        item: tuple[str, bytes] | None = None,
        now: int,
        count: int,
    ) -> None:
        """
        Keep all of this, or, after a crash, nothing of it.

        Raises:
            LogError: the disk is full or the file is damaged; nothing was kept.
        """
        with self._explained(), self._db:
            self._db.executemany(
                "INSERT INTO process (id, definition) VALUES (?, ?)",
                [(definition.id, _encode(definition)) for definition in processes],
            )
            self._db.executemany(
                "INSERT INTO step VALUES (?, ?, ?, ?)",
                [(step.index, step.id, step.receiver, _encode(step)) for step in steps],
            )
            if item is not None:
                self._db.execute("INSERT INTO item VALUES (?, ?)", item)
            facts = [("now", str(now)), ("count", str(count))]
            self._db.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _open(self) -> sqlite3.Connection:
        db = self._connect()
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _connect(self) -> sqlite3.Connection:
        if self.path is None:
            return sqlite3.connect(":memory:")
        if self._read_only:
            return sqlite3.connect(_read_only_uri(self.path), uri=True)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(self.path)

    def _prepare(self, db: sqlite3.Connection) -> None:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables and not self._read_only:
            _make_tables(db)
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise self._error("this SQLite file is not a log of aosctl")
        if version != VERSION:
            raise self._error(f"this log has version {version}, this aosctl reads {VERSION}")
        # A hole in the middle is found now, and not by whoever first reads there.
        found = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise self._error(f"the log is damaged: {found.splitlines()[-1]}")
        if self._read_only:
            return
        # WAL and FULL: a commit is on the disk when it returns, and readers never wait.
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")

    def _fact(self, name: str) -> str:
        row = self._db.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        if row is None:
            raise self._error(f"the log has lost its '{name}'")
        return str(row[0])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._refused(error) from error
        except (msgspec.MsgspecError, ValueError) as error:
            raise self._error(f"the log holds an entry that is damaged: {error}") from error
        except OSError as error:
            raise self._error(f"the log cannot be opened: {said(error)}", _MAKE_ROOM) from error

    def _refused(self, error: sqlite3.Error) -> LogError:
        # The low byte is the kind of error; what is above it says more of the same.
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        hint = _MAKE_ROOM if code in _SURROUNDINGS else _BEGIN_ANEW
        return self._error(f"the log cannot be used: {error}", hint)

    def _error(self, text: str, hint: str = _BEGIN_ANEW) -> LogError:
        return LogError(text, where=str(self.path or "in memory"), hint=hint)


def _read_only_uri(path: Path) -> str:
    # What a crash left beside the file belongs to it; with nothing there no file need be made.
    beside = path.with_name(f"{path.name}-wal")
    has_more = beside.exists() and beside.stat().st_size > 0
    return f"{path.absolute().as_uri()}?mode=ro{'' if has_more else '&immutable=1'}"


def _make_tables(db: sqlite3.Connection) -> None:
    with db:
        db.executescript(
            f"BEGIN; {_SCHEMA} "
            f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {VERSION};"
        )
        facts = [("id", secrets.token_hex(8)), ("now", "0"), ("count", "0")]
        db.executemany("INSERT INTO fact VALUES (?, ?)", facts)


def _encode(value: msgspec.Struct) -> str:
    # json, not msgspec.json: text may hold bytes that are not UTF-8 (surrogates), and only the
    # escaping encoder keeps those.
    return json.dumps(msgspec.to_builtins(value), separators=(",", ":"), ensure_ascii=True)


def _decode(text: str, kind: type[T]) -> T:
    return msgspec.convert(json.loads(text), kind)
