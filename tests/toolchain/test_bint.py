from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aosctl.emulator.process import Process
from aosctl.message import Definition, Environment, Message, make_tags

ID, MODULE, OWNER = "p" * 43, "m" * 43, "o" * 43
TAGS = make_tags({"Type": "Process", "Module": MODULE})
BITS = 256


def wrap(number: int) -> int:
    """Return `number` as two's complement of 256 bits has it."""
    half: int = 2 ** (BITS - 1)
    return (number + half) % (2 * half) - half


def trunc(x: int, y: int) -> int:
    """Return x / y rounded towards zero."""
    quotient = abs(x) // abs(y)
    return quotient if (x < 0) == (y < 0) else -quotient


@pytest.fixture(scope="module")
def process() -> Iterator[Process]:
    process = Process(Environment(Definition(ID, OWNER, TAGS), Definition(MODULE, OWNER)))
    process.evaluate(
        Message(id=ID, owner=OWNER, sender=OWNER, target=ID, data="", tags=TAGS, block_height=1)
    ).raise_for_error()
    evaluate(process, "b = require('.bint')(256)")
    yield process
    process.close()


def evaluate(process: Process, text: str) -> str:
    tags = make_tags({"Action": "Eval"})
    message = Message(id="i" * 43, owner=OWNER, sender=OWNER, target=ID, data=text, tags=tags)
    shown: str = process.evaluate(message).raise_for_error().output["data"]
    return shown


# Numbers near the edges of words are where carries go wrong.
EDGES = [2**k + d for k in (0, 16, 31, 32, 63, 64, 96, 128, 224, 255) for d in (-1, 0, 1)]
NUMBERS = st.one_of(
    st.sampled_from(EDGES).map(wrap),
    st.sampled_from(EDGES).map(lambda number: wrap(-number)),
    st.integers(-(2 ** (BITS - 1)), 2 ** (BITS - 1) - 1),
    st.integers(-(2**64), 2**64),
)


@settings(max_examples=150, deadline=None)
@given(x=NUMBERS, y=NUMBERS, by=st.integers(0, 300))
def test_whole_numbers_calculate_as_those_of_python_do(
    process: Process, x: int, y: int, by: int
) -> None:
    unsigned_x, unsigned_y = x % 2**BITS, y % 2**BITS
    expected = {
        "x + y": wrap(x + y),
        "x - y": wrap(x - y),
        "x * y": wrap(x * y),
        "-x": wrap(-x),
        "x & y": wrap(x & y),
        "x | y": wrap(x | y),
        "x ~ y": wrap(x ^ y),
        "~x": wrap(~x),
        f"x << {by}": wrap(x << by),
        f"x >> {by}": wrap(unsigned_x >> by),
        "x < y": x < y,
        "x <= y": x <= y,
        "x == y": x == y,
        "b.ult(x, y)": unsigned_x < unsigned_y,
        "b.tobase(x, 16)": f"{unsigned_x:x}",
        "b.fromle(b.tole(x))": x,
        "b.frombe(b.tobe(x))": x,
        "b.tointeger(x)": (x + 2**63) % 2**64 - 2**63,
        "b.ipow(x, 3)": wrap(x**3),
    }
    if y:
        expected |= {
            "x // y": wrap(x // y),
            "x % y": wrap(x % y),
            "b.udiv(x, y)": wrap(unsigned_x // unsigned_y),
            "b.umod(x, y)": wrap(unsigned_x % unsigned_y),
            "b.tdiv(x, y)": wrap(trunc(x, y)),
            "b.tmod(x, y)": wrap(x - trunc(x, y) * y),
        }
    listed = ", ".join(f"tostring({expression})" for expression in expected)
    text = f"local x, y = b('{x}'), b('{y}') return table.concat({{{listed}}}, ' ')"
    found = dict(zip(expected, evaluate(process, text).split(" "), strict=True))
    assert found == {key: str(value).lower() for key, value in expected.items()}


@pytest.mark.parametrize("word_bits", [8, 16, 24, 32])
def test_the_width_of_a_word_changes_no_result(process: Process, word_bits: int) -> None:
    text = (
        f"local c = require('.bint')(384, {word_bits}) "
        "local x = c('123456789012345678901234567890') "
        "return table.concat({tostring(x * x), tostring(x * x // c('987654321098765')), #x}, ' ')"
    )
    x = 123456789012345678901234567890
    quotient = x * x // 987654321098765
    assert evaluate(process, text) == f"{x * x} {quotient} {384 // word_bits}"


def test_a_size_that_is_not_whole_words_is_refused(process: Process) -> None:
    text = "return (select(2, pcall(require('.bint'), 100)))"
    assert "bitsize is not multiple of word bitsize" in evaluate(process, text)
