from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.testing.stage import Actor

Call = Callable[[str], Any]


def encoded(probe: Actor, value: str) -> str:
    return probe.evaluate(f"return lib.json_text.encode({value})")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{}", "[]"),
        ("lib.json_text.object({})", "{}"),
        ("{ b = 1, a = 2 }", '{"a":2,"b":1}'),
        ("{ 'x', { true, false } }", '["x",[true,false]]'),
        ("100000000000000", "100000000000000"),
        ("2^53", "9007199254740992"),
        ("nil", "null"),
        ("lib.json_text.integer('9007199254740991')", "9007199254740991"),
        ("lib.json_text.integer('9007199254740992')", "null"),
        ("{ n = lib.json_text.NULL }", '{"n":null}'),
        (r'"q\" b\\ n\n e\27"', r'"q\" b\\ n\n e\u001b"'),
        ('"é"', '"é"'),
    ],
)
def test_values_are_written_exactly_and_in_order(probe: Actor, value: str, text: str) -> None:
    assert encoded(probe, value) == text


@pytest.mark.parametrize("value", ["1.5", "0/0", "1/0", "print"])
def test_what_json_cannot_say_exactly_is_an_error(probe: Actor, value: str) -> None:
    shown = probe.evaluate(f"return tostring((pcall(lib.json_text.encode, {value})))")
    assert shown == "false"
