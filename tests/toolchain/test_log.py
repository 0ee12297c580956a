from __future__ import annotations

import sqlite3
from pathlib import Path

import msgspec
import pytest

from aosctl.emulator.trace import Step
from aosctl.errors import LogError
from aosctl.log import Log
from aosctl.message import Definition, Message, Outgoing, Result, make_tags

STEP = Step(
    index=0,
    message=Message(id="m", tags=make_tags({"Action": "Hi"}), data="\udcff \x00 ü"),
    receiver="p",
    parent=None,
    root="m",
    result=Result(
        messages=(Outgoing(anchor="1", tags=(("N", 1), ("T", {"a": []})), target="w"),),
        output={"data": "x"},
    ),
)
PROCESS = Definition("p", "o", make_tags({"Name": "n"}))


def test_what_was_appended_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        name = log.id
        log.append(processes=[PROCESS], steps=[STEP], item=("m", b"raw"), now=5, count=1)
    with Log(path) as log:
        assert (log.id, log.now, log.count) == (name, 5, 1)
        assert log.processes() == [PROCESS]
        assert log.steps() == [STEP]
        assert log.has("m")
        assert not log.has("n")


def test_an_entry_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    with Log(tmp_path / "log.sqlite") as log:
        log.append(steps=[STEP], now=1, count=1)
        with pytest.raises(LogError, match="UNIQUE"):
            log.append(processes=[PROCESS], steps=[STEP], now=2, count=2)
        assert (log.now, log.count, log.processes()) == (1, 1, [])


def test_a_file_that_is_no_log_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 40)
    before = path.read_bytes()
    with pytest.raises(LogError, match="file is not a database") as error:
        Log(path)
    assert error.value.where == str(path)
    assert "move the file away" in (error.value.hint or "")
    assert path.read_bytes() == before


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE mine (x)")
    db.close()
    with pytest.raises(LogError, match="not a log of aosctl"):
        Log(path)


def test_a_newer_log_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    Log(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(LogError, match="version 99"):
        Log(path)


def test_a_hole_in_the_middle_is_found_when_it_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        for place in range(200):
            step = msgspec.structs.replace(STEP, index=place)
            log.append(steps=[step], now=1, count=place)
    raw = bytearray(path.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 8 * 4096] = bytes(8 * 4096)
    path.write_bytes(raw)
    for read_only in (False, True):
        with pytest.raises(LogError, match=r"the log is damaged|malformed") as caught:
            Log(path, read_only=read_only)
        assert caught.value.where == str(path)
    assert path.read_bytes() == raw


def test_a_log_is_read_without_a_trace_where_nobody_may_write(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        log.append(processes=[PROCESS], steps=[STEP], now=5, count=1)
    before = path.read_bytes()
    with Log(path, read_only=True) as log:
        assert (log.processes(), log.steps(), log.now) == ([PROCESS], [STEP], 5)
        with pytest.raises(LogError, match="readonly") as caught:
            log.append(now=6, count=2)
        assert "give rights" in (caught.value.hint or "")
        assert [found.name for found in tmp_path.iterdir()] == ["log.sqlite"]
    assert path.read_bytes() == before


def test_what_a_crash_left_beside_a_log_is_read_too(tmp_path: Path) -> None:
    path, copy = tmp_path / "log.sqlite", tmp_path / "copy" / "log.sqlite"
    copy.parent.mkdir()
    with Log(path) as log:
        log.append(processes=[PROCESS], now=5, count=1)
        for found in tmp_path.glob("log.sqlite*"):  # as they are before the log is closed
            (copy.parent / found.name).write_bytes(found.read_bytes())
    with Log(copy, read_only=True) as log:
        assert log.processes() == [PROCESS]


def test_a_full_disk_says_which_file_and_to_make_room(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        log._db.execute("PRAGMA max_page_count = 1")
        big = msgspec.structs.replace(PROCESS, owner="o" * 100_000)
        with pytest.raises(LogError, match="full") as caught:
            log.append(processes=[big], now=1, count=1)
        assert caught.value.where == str(path)
        assert (caught.value.hint or "").startswith("Nothing of this was kept. Make room")
        assert log.processes() == []


def test_a_damaged_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    with Log(path) as log:
        log.append(steps=[STEP], now=1, count=1)
    db = sqlite3.connect(path)
    db.execute("UPDATE step SET body = '{'")
    db.commit()
    db.close()
    with Log(path) as log, pytest.raises(LogError, match="entry that is damaged"):
        log.steps()
