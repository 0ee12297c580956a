from __future__ import annotations

from typing import Any

import pytest

from aosctl.directory import Directory
from aosctl.errors import ScenarioError
from aosctl.message import Message, make_tags, name_address
from aosctl.scenario.scenario import Source
from aosctl.scenario.values import put_figure, read_value, show_amount

TILL = name_address("till")
DIRECTORY = Directory({"till": TILL})
RECEIPT = Message(
    sender=TILL,
    tags=make_tags({"Action": "Receipt", "Units": "4"}),
    data='{"sum":"112900000","phases":[{"cost":7}]}',
)
PUBLISHED = {"till": {"sold": "4", "sales": {"a": "1", "b": "2"}}}


def read(source: Source) -> Any:
    return read_value(
        source, answers=[RECEIPT], published=PUBLISHED, elapsed_ms=1.23456, directory=DIRECTORY
    )


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (Source(answer="Receipt", tag="Units"), "4"),
        (Source(sender="till", path="phases.0.cost"), 7),
        (Source(answer="Receipt", sender="till", path="sum", denomination=6), "112.90"),
        (Source(answer="Receipt", path="phases", count=True), 1),
        (Source(published="till", path="sold"), "4"),
        (Source(published="till", path="sales", count=True), 2),
        (Source(elapsed_ms=True), 1.23),
    ],
)
def test_a_value_is_read_where_its_source_says(source: Source, value: Any) -> None:
    assert read(source) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (Source(answer="Refund", tag="Units"), "no answer Refund came"),
        (Source(answer="Receipt", tag="Left"), "Receipt has no tag 'Left'"),
        (Source(answer="Receipt", path="phases.1"), "there is no '1'"),
        (Source(published="till", path="stock"), "till has no 'stock'"),
        (Source(published="till", path="sold", count=True), "cannot be counted"),
        (Source(answer="Receipt", path="phases", denomination=6), "is no amount"),
    ],
)
def test_a_value_that_is_not_there_is_named(source: Source, message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        read(source)


@pytest.mark.parametrize(
    ("amount", "denomination", "shown"),
    [
        ("112900000", 6, "112.90"),
        ("0", 6, "0.00"),
        ("10000", 6, "0.01"),
        ("5", 0, "5.00"),
        ("15", 1, "1.50"),
    ],
)
def test_an_amount_is_shown_in_whole_units(amount: str, denomination: int, shown: str) -> None:
    assert show_amount(amount, denomination) == shown


@pytest.mark.parametrize("amount", ["1", "-5", "1.0", 5, "\N{ARABIC-INDIC DIGIT FIVE}"])
def test_what_two_places_cannot_show_is_refused(amount: Any) -> None:
    with pytest.raises(ScenarioError):
        show_amount(amount, 6)


def test_a_figure_goes_where_its_name_says() -> None:
    figures: dict[str, Any] = {}
    put_figure(figures, "supply", "60")
    put_figure(figures, "tracking.steps[]", "10.0")
    put_figure(figures, "tracking.steps[]", "15.7")
    put_figure(figures, "tracking.spent", "76.00")
    assert figures == {
        "supply": "60",
        "tracking": {"steps": ["10.0", "15.7"], "spent": "76.00"},
    }
