"""
Whole files: a reader meets the file as it was or as it is meant, whatever stops the writer.

The text is written beside the file and made durable, then takes its name; the folder is made
durable too, since a name that is lost in a power cut is a file that is lost.
"""

from __future__ import annotations

import glob
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
    except BaseException as error:
        beside.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # a full disk names no file
            error.filename = str(path)
        raise
    sync_folder(path.parent)


def sweep(path: Path) -> None:
    """Remove what writers of `path` that were killed have left beside it; none may be writing."""
    path = path.resolve()
    for left in path.parent.glob(f".{glob.escape(path.name)}.????????"):
        left.unlink(missing_ok=True)


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
