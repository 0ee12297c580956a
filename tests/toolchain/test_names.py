from __future__ import annotations

from aosctl.names import did_you_mean, listed


def test_the_nearest_name_is_asked_for() -> None:
    assert did_you_mean("coordinater", ["coordinator", "token_manager"]) == (
        "Did you mean 'coordinator'?"
    )


def test_nobody_is_asked_for_where_no_name_is_near() -> None:
    assert did_you_mean("zzz", ["coordinator"]) is None
    assert did_you_mean("zzz", []) is None


def test_names_are_listed_sorted_and_quoted() -> None:
    assert listed(["b", "a"]) == "'a', 'b'"
    assert listed([]) == "none"
