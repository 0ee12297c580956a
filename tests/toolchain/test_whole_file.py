from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from aosctl.whole_file import sweep, write_whole


def test_a_full_disk_leaves_the_file_as_it_was_and_is_told_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    write_whole(path, b"old")

    def fail(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        write_whole(path, b"new")
    assert caught.value.filename == str(path)
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["a.json"]


def test_what_killed_writers_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    names = ["a.json", "a.json.lock", ".a.json.x1y2z3ab", ".b.json.x1y2z3ab", ".a.json"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    sweep(tmp_path / "a.json")
    names.remove(".a.json.x1y2z3ab")
    assert sorted(found.name for found in tmp_path.iterdir()) == sorted(names)
