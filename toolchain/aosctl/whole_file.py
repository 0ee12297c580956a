"""
Whole files: a reader meets the file as it was or as it is meant, whatever stops the writer.

The text is written beside the file and made durable, then takes its name; the folder is made
durable too, since a name that is lost in a power cut is a file that is lost.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_whole(path: Path, raw: bytes) -> None:
    """
    Let `path` hold `raw`, durably; a link is followed, the folder made where it is missing.

    Raises:
        OSError: it could not be; the file is as it was.
    """
    path = path.resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
            file.flush()
            os.fchmod(file.fileno(), _mode(path))
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _mode(path: Path) -> int:
    # mkstemp makes files for their owner alone; a record is for everybody who reads the project.
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        return 0o644
