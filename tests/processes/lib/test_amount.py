from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aosctl.testing.stage import Stage

Call = Callable[[str], str]
MAX = 2**255 - 1
EDGES = st.sampled_from([0, 1, 9, 10, 10**15 - 1, 10**15, 10**30 - 1, 2**53, MAX - 1, MAX])
COUNTS = EDGES | st.integers(0, MAX) | st.integers(0, 10**18)
SIGNED = st.builds(lambda count, sign: sign * count, COUNTS, st.sampled_from([1, -1]))


@pytest.fixture(scope="module")
def evaluate(project: Path) -> Iterator[Call]:
    """A function over the pure module; one process for all examples, it keeps nothing."""
    stage = Stage(project)
    actor = stage.start("processes/probe/left/process.lua")

    def evaluate(expressions: str) -> str:
        return actor.evaluate(f"return lib.json_text.encode({{{expressions}}})")

    yield evaluate
    stage.close()


def in_bounds(value: int) -> str | None:
    return str(value) if abs(value) <= MAX else None


def listed(*values: str | int | None) -> str:
    """Return a Lua list as JSON: `nil` ends it."""
    kept = values[: values.index(None)] if None in values else values
    return "[" + ",".join(f'"{v}"' if isinstance(v, str) else str(v) for v in kept) + "]"


@settings(max_examples=60, deadline=None)
@given(a=COUNTS, b=COUNTS)
def test_sums_differences_and_order_are_those_of_integers(evaluate: Call, a: int, b: int) -> None:
    assert evaluate(f'lib.amount.add("{a}", "{b}")') == listed(in_bounds(a + b))
    assert evaluate(f'lib.amount.sub("{a}", "{b}")') == listed(str(a - b) if a >= b else None)
    assert evaluate(f'lib.amount.compare("{a}", "{b}")') == listed((a > b) - (a < b))
    shown = evaluate(f'lib.amount.min("{a}", "{b}"), lib.amount.max("{a}", "{b}")')
    assert shown == listed(str(min(a, b)), str(max(a, b)))


@settings(max_examples=60, deadline=None)
@given(a=SIGNED, b=SIGNED)
def test_positions_add_and_subtract_below_zero_too(evaluate: Call, a: int, b: int) -> None:
    assert evaluate(f'lib.amount.signedAdd("{a}", "{b}")') == listed(in_bounds(a + b))
    assert evaluate(f'lib.amount.signedSub("{a}", "{b}")') == listed(in_bounds(a - b))
    assert evaluate(f'lib.amount.compare("{a}", "{b}")') == listed((a > b) - (a < b))


@settings(max_examples=30, deadline=None)
@given(a=COUNTS, b=COUNTS.filter(bool))
def test_a_ratio_is_cut_to_four_decimals(evaluate: Call, a: int, b: int) -> None:
    cut = a * 10_000 // b
    expected = f"{cut // 10_000}.{cut % 10_000:04d}"
    assert evaluate(f'lib.amount.ratio("{a}", "{b}")') == listed(expected)


def test_a_ratio_to_nothing_is_none(evaluate: Call) -> None:
    assert evaluate('lib.amount.ratio("5", "0")') == "[]"


@pytest.mark.parametrize(
    "text",
    [
        "", "0", "-5", "+5", "007", "1.5", "1e3", "0x10", "0b101", "NaN", "inf", " 5", "5 ", "5\\n",
        "\u0665", str(MAX + 1), str(2**256 + 1), "9" * 10_000, "1" * 78,
    ],
)  # fmt: skip
def test_what_is_not_canonical_is_no_quantity(evaluate: Call, text: str) -> None:
    assert evaluate(f'tostring(lib.amount.is("{text}"))') == '["false"]'


@pytest.mark.parametrize("value", ["5", "nil", "{}", "true"])
def test_what_is_no_text_is_no_quantity(evaluate: Call, value: str) -> None:
    assert evaluate(f"tostring(lib.amount.is({value}))") == '["false"]'


@pytest.mark.parametrize("text", ["1", "9", "10", str(2**53), str(MAX)])
def test_what_is_canonical_is_a_quantity(evaluate: Call, text: str) -> None:
    assert evaluate(f'tostring(lib.amount.is("{text}"))') == '["true"]'


def test_zero_and_negative_amounts_have_checks_of_their_own(evaluate: Call) -> None:
    shown = evaluate(
        'lib.amount.isZeroOr("0"), lib.amount.isZeroOr("-1"), lib.amount.isSigned("-1"),'
        ' lib.amount.isSigned("0"), lib.amount.isSigned("-0"), lib.amount.isSigned("--1")'
    )
    assert shown == "[true,false,true,true,false,false]"


def test_whole_tokens_become_base_units_unless_too_many(evaluate: Call) -> None:
    shown = evaluate('lib.amount.scale("25", 12), lib.amount.scale("0", 12)')
    assert shown == listed("25000000000000", "0")
    assert evaluate('lib.amount.scale("1", 77)') == "[]"
