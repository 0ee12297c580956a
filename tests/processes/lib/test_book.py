from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.testing.stage import Actor

Call = Callable[[str], Any]
MINUTE = 60_000
SOON = 5 * MINUTE
LATER = 60 * MINUTE


@pytest.fixture
def fill(probe: Actor) -> Callable[..., None]:
    """Put entries 1..n, closed but for those named, all at time 0; tell the Low-Water."""

    def fill(n: int, *, open_: tuple[int, ...] = (), low_water: int = 1) -> None:
        still_open = "".join(f"[{number}] = true, " for number in open_)
        probe.evaluate(
            f"""
            Book, Open = lib.book.make(), {{ {still_open} }}
            for n = 1, {n} do
              lib.book.put(Book, "M", n, {{ n = n, closed = not Open[n] }}, 0)
            end
            lib.book.raiseLowWater(Book, "M", {low_water})
            Gone = {{}}
            function forget(now)
              for _ = 1, 5 do
                for _, entry in ipairs(lib.book.forget(Book, "M", now, {SOON})) do
                  Gone[#Gone + 1] = entry.n
                end
              end
              return #Gone
            end
            """
        )

    return fill


def test_an_entry_is_forgotten_when_closed_old_far_back_and_below_low_water(
    lua: Call, fill: Callable[..., None]
) -> None:
    fill(10_003, low_water=10_000)
    assert lua(f"forget({LATER})") == [3]
    assert lua("lib.book.isForgotten(Book, 'M', 3), lib.book.isForgotten(Book, 'M', 4)") == [
        True,
        False,
    ]
    assert lua("lib.book.greatestForgotten(Book, 'M')") == [3]


@pytest.mark.parametrize(
    ("book", "now", "gone"),
    [
        ({"n": 10_003, "low_water": 10_000}, 10 * SOON, 0),  # not older than ten times the timeout
        ({"n": 10_000, "low_water": 10_000}, LATER, 0),  # fewer than 10,000 later ones
        ({"n": 10_003, "low_water": 2}, LATER, 1),  # the sender still works on number 2
        ({"n": 10_003, "low_water": 10_000, "open_": (1,)}, LATER, 0),  # the first is open
        ({"n": 10_003, "low_water": 10_000, "open_": (2,)}, LATER, 1),
    ],
)
def test_nothing_else_is_forgotten(
    lua: Call, fill: Callable[..., None], book: dict[str, Any], now: int, gone: int
) -> None:
    fill(**book)
    assert lua(f"forget({now})") == [gone]


def test_forgetting_is_bounded_at_each_call_and_goes_on(
    lua: Call, fill: Callable[..., None]
) -> None:
    fill(10_050, low_water=10_050)
    assert lua(f"#lib.book.forget(Book, 'M', {LATER}, {SOON})") == [8]
    assert lua(f"#lib.book.forget(Book, 'M', {LATER}, {SOON})") == [8]


def test_the_oldest_open_number_is_found_also_when_it_came_late(
    lua: Call, fill: Callable[..., None]
) -> None:
    fill(5, open_=(3, 5))
    assert lua("lib.book.oldestOpen(Book, 'M')") == [3]
    assert lua("lib.book.oldestOpen(Book, 'R')") == [1]
    lua("(function() lib.book.find(Book, 'M', 3).closed = true end)()")
    assert lua("lib.book.oldestOpen(Book, 'M')") == [5]
    lua("(function() lib.book.find(Book, 'M', 5).closed = true end)()")
    assert lua("lib.book.oldestOpen(Book, 'M')") == [6]
    lua("(function() lib.book.put(Book, 'M', 9, {}, 0); lib.book.put(Book, 'M', 7, {}, 0) end)()")
    assert lua("lib.book.oldestOpen(Book, 'M')") == [7]


def test_low_water_never_falls_and_missing_numbers_below_it_are_forgotten(
    lua: Call, fill: Callable[..., None]
) -> None:
    fill(3, low_water=9)
    lua("(function() lib.book.raiseLowWater(Book, 'M', 4) end)()")
    assert lua("lib.book.lowWater(Book, 'M')") == [9]
    assert lua("lib.book.isForgotten(Book, 'M', 8), lib.book.isForgotten(Book, 'M', 9)") == [
        True,
        False,
    ]
    assert lua("lib.book.isForgotten(Book, 'M', 3)") == [False]


def test_numbers_that_begin_high_cost_no_walk_from_one(lua: Call) -> None:
    shown = lua(
        """(function()
          local book = lib.book.make()
          lib.book.put(book, "token", 900000000, { closed = true }, 0)
          return lib.book.oldestOpen(book, "token")
        end)()"""
    )
    assert shown == [900_000_001]
