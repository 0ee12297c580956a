from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from aosctl import lock
from aosctl.errors import BusyError

HOLD = """
import sys, time
from pathlib import Path
from aosctl import lock
with lock.hold(Path(sys.argv[1]), what="the test"):
    print("held", flush=True)
    time.sleep(60)
"""


def start_holder(path: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.stdout.close()
    return holder


def test_a_second_run_is_refused_and_told_who_holds_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "lock"
    holder = start_holder(path)
    try:
        with (
            pytest.raises(BusyError, match=f"process {holder.pid}") as refusal,
            lock.hold(path, what="the record"),
        ):
            pass
        assert refusal.value.where == str(path)
    finally:
        holder.kill()
        holder.wait()


def test_a_lock_dies_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = start_holder(path)
    holder.kill()
    holder.wait()
    with lock.hold(path, what="the record"):
        assert "process" in path.read_text()
    assert path.read_text() == ""


def test_waiting_ends_when_the_holder_does(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    holder = start_holder(path)
    holder.kill()
    started = time.monotonic()
    with lock.hold(path, what="the record", wait=30):
        assert time.monotonic() - started < 30
    holder.wait()


def test_a_full_disk_is_told_with_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="No space") as caught, lock.hold(tmp_path / "l", what="it"):
        pytest.fail("held, and nobody knows by whom")
    assert caught.value.filename == str(tmp_path / "l")
