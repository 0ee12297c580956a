from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.testing.stage import Actor

SOURCE = "processes/probe/left/process.lua"
Call = Callable[[str], Any]


def test_ids_count_up_for_each_kind_under_the_name_of_the_process(probe: Actor, lua: Call) -> None:
    ids = lua('lib.ids.next("M"), lib.ids.next("M"), lib.ids.next("R"), lib.ids.issued("M")')
    prefix = probe.id[:8]
    assert ids == [f"M-{prefix}-1", f"M-{prefix}-2", f"R-{prefix}-1", 2]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("M-abcdefgh-12", ["M", "abcdefgh", 12]),
        ("R---_-_-_--7", ["R", "--_-_-_-", 7]),
        ("M-abcdefgh-0", []),
        ("M-abcdefgh-012", []),
        ("M-abcdefgh-1000000000000000", []),
        ("M-abcdefg-1", []),
        ("m-abcdefgh-1", []),
        ("M-abcdefgh-", []),
        ("M-abcdefgh-1x", []),
        ("", []),
    ],
)
def test_an_id_has_a_kind_a_prefix_and_a_number(lua: Call, text: str, parts: list[Any]) -> None:
    assert lua(f'lib.ids.parse("{text}")') == parts


def test_numbers_go_on_after_an_update(probe: Actor, lua: Call) -> None:
    lua('lib.ids.next("M")')
    probe.load(SOURCE)
    assert lua("lib.ids.issued('M')") == [1]


@pytest.mark.parametrize(
    "text", ["'0'", "'01'", "'1e3'", "'-1'", "''", "nil", "5", "'12345678901234567'"]
)
def test_only_plain_counting_numbers_are_numbers(lua: Call, text: str) -> None:
    assert lua(f"lib.ids.number({text})") == []
