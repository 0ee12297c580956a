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

APPLICATION_ID = 0x616F_7363  # "aosc": says whose file this is
VERSION = 1
T = TypeVar("T")
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

    `now` is the virtual time in milliseconds, `count` the number of messages from outside.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
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
        if self.path is not None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        db = sqlite3.connect(":memory:" if self.path is None else self.path)
        try:
            self._prepare(db)
        except BaseException:
            db.close()
            raise
        return db

    def _prepare(self, db: sqlite3.Connection) -> None:
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if not tables:
            _make_tables(db)
        application = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if application != APPLICATION_ID:
            raise self._error("this SQLite file is not a log of aosctl")
        if version != VERSION:
            raise self._error(f"this log has version {version}, this aosctl reads {VERSION}")
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
            raise self._error(f"the log cannot be used: {error}") from error
        except (msgspec.MsgspecError, ValueError) as error:
            raise self._error(f"the log holds an entry that is damaged: {error}") from error
        except OSError as error:
            raise self._error(f"the log cannot be opened: {error.strerror}") from error

    def _error(self, text: str) -> LogError:
        return LogError(
            text,
            where=str(self.path or "in memory"),
            hint="move the file away to begin a new log; what was deployed in it is then absent",
        )


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
