from __future__ import annotations

from aosctl.scenario.template import fill, open_names


def test_places_are_filled_at_any_depth_and_in_keys() -> None:
    template = {"to": "${a}", "tags": {"${a}": ["x ${b} y", 1]}}
    assert fill(template, {"a": "A", "b": 2}) == {"to": "A", "tags": {"A": ["x 2 y", 1]}}


def test_a_text_that_is_one_place_becomes_the_value_itself() -> None:
    assert fill("${a}", {"a": 85}) == 85
    assert fill("${a}%", {"a": 85}) == "85%"


def test_unknown_places_and_other_braces_stay() -> None:
    assert fill("${x} {a} $a", {"a": "A"}) == "${x} {a} $a"


def test_what_was_filled_in_is_not_filled_again() -> None:
    assert fill("-${a}", {"a": "${b}", "b": "B"}) == "-${b}"


def test_open_names_are_all_places() -> None:
    assert [*open_names({"${a}": ["${b}", {"x": "${c} ${a}"}], "n": 1})] == ["a", "b", "c", "a"]
