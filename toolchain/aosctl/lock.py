"""
A lock: one run at a time holds a file, and says who it is to those that wait.

The operating system keeps the lock (flock), so it ends with its process, however that dies: a lock
file left behind locks nothing.
"""

from __future__ import annotations

import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from aosctl.errors import BusyError

_PAUSE = 0.02  # seconds between two tries


@contextmanager
def hold(path: Path, *, what: str, wait: float = 0.0) -> Iterator[None]:
    """
    Hold the lock at `path` for the length of the block; `what` names what it guards.

    Raises:
        BusyError: another process still holds it after `wait` seconds. It is named.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        _take(file, path, what, time.monotonic() + wait)
        try:
            _sign(file, path)
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _take(file: IO[str], path: Path, what: str, until: float) -> None:
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise BusyError(
                    f"another run holds {what}: {_holder(file)}",
                    where=str(path),
                    hint="wait until it ends, or stop it; then run this again",
                ) from None
            time.sleep(_PAUSE)
        else:
            return


def _sign(file: IO[str], path: Path) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    command = " ".join([Path(sys.argv[0]).name, *sys.argv[1:]])
    file.truncate(0)
    try:
        os.write(file.fileno(), f"process {os.getpid()} ({command}), since {since}".encode())
    except OSError as error:
        error.filename = str(path)  # a full disk names no file
        raise


def _holder(file: IO[str]) -> str:
    file.seek(0)
    return file.read() or "one that has not yet said its name"
