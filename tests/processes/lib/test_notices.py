from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Call = Callable[[str], Any]


def notice(tags: dict[str, str], **fields: str) -> str:
    listed = ", ".join(f'{{ name = "{name}", value = "{value}" }}' for name, value in tags.items())
    root = "".join(f', {name} = "{value}"' for name, value in fields.items())
    return f'{{ From = "token", TagArray = {{ {listed} }}{root} }}'


@pytest.mark.parametrize(
    ("tags", "fields", "key"),
    [
        ({"Reference": "12"}, {"Anchor": "9"}, ["token/12"]),
        ({"Ref-": "13"}, {"Anchor": "9"}, ["token/13"]),
        ({"Reference": "12", "Ref_": "13"}, {}, ["token/12"]),
        ({}, {"Anchor": "00000000000000000000000000000012"}, ["token/12"]),
        ({}, {}, []),
        ({}, {"Anchor": "0"}, []),
        ({"Reference": "abc"}, {"Anchor": "9"}, []),
        ({"Reference": "1.5"}, {}, []),
        ({"Reference": "1234567890123456"}, {}, []),
    ],
)
def test_a_notice_is_known_by_its_sender_and_number(
    lua: Call, tags: dict[str, str], fields: dict[str, str], key: list[str]
) -> None:
    assert lua(f"lib.notices.key({notice(tags, **fields)})") == key


BASE = {"Sender": "alice", "Quantity": "5", "X-Action": "Mint-TIM3"}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"X-Action": "Mint-TIM3", "Quantity": "5", "Sender": "alice", "Pushed-For": "x"}, True),
        ({**BASE, "Quantity": "6"}, False),
        ({**BASE, "Sender": "bob"}, False),
        ({**BASE, "X-Op-Ref": "1"}, False),
        ({**BASE, "X-Action": "Mint-TIM4"}, False),
        ({"Sender": "alice", "Quantity": "5"}, False),
    ],
)
def test_content_is_equal_by_sender_quantity_and_x_tags(
    lua: Call, other: dict[str, str], same: bool
) -> None:
    left, right = (f"lib.notices.fingerprint({notice(tags)})" for tags in (BASE, other))
    assert lua(f"{left} == {right}") == [same]


def test_a_long_content_is_kept_short_and_still_told_apart(lua: Call) -> None:
    long = {**BASE, "X-Memo": "m" * 900}
    left, right = notice({**long, "X-Zone": "a"}), notice({**long, "X-Zone": "b"})
    shown = lua(
        f"#lib.notices.fingerprint({left}) < 300,"
        f" lib.notices.fingerprint({left}) == lib.notices.fingerprint({right}),"
        f" lib.notices.fingerprint({left}) == lib.notices.fingerprint({left})"
    )
    assert shown == [True, False, True]
