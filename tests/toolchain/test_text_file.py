from __future__ import annotations

from pathlib import Path

import pytest

from aosctl.errors import ManifestError
from aosctl.text_file import read_text


def test_a_text_is_read_as_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes("é\n".encode())
    assert read_text(path, shown="a.toml") == "é\n"


def test_bytes_that_are_no_text_are_refused_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"one\ntwo \xff\n")
    with pytest.raises(ManifestError) as caught:
        read_text(path, shown="a.toml", kind=ManifestError)
    assert caught.value.message == "cannot read 'a.toml': byte 0xff in line 2 is no UTF-8 text"
    assert (caught.value.where, caught.value.hint) == ("a.toml:2", "Save the file as UTF-8.")


def test_what_cannot_be_read_is_told_without_numbers(tmp_path: Path) -> None:
    for path, said in ((tmp_path, "is a directory"), (tmp_path / "b", "no such file or directory")):
        with pytest.raises(ManifestError) as caught:
            read_text(path, shown="b", kind=ManifestError, hint="Write one.")
        assert caught.value.message == f"cannot read 'b': {said}"
        assert caught.value.hint == "Write one."
