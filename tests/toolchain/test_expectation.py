from __future__ import annotations

from typing import Any

import pytest

from aosctl.directory import Directory
from aosctl.message import Message, make_tags, name_address
from aosctl.scenario.expectation import (
    describe,
    find_difference,
    find_fault,
    find_missing,
    list_messages,
)
from aosctl.scenario.scenario import Expectation, Matches

ALICE, TILL, SHELF = (name_address(name) for name in ("alice", "till", "shelf"))
DIRECTORY = Directory({"till": TILL, "shelf": SHELF}, {"alice": ALICE})


def message(action: str, sender: str = TILL, target: str = ALICE, **more: Any) -> Message:
    tags = {"Action": action} | more.pop("tags", {})
    return Message(sender=sender, target=target, tags=make_tags(tags), **more)


@pytest.mark.parametrize(
    ("wanted", "fault"),
    [
        (Expectation(), None),
        (Expectation(sender="till", receiver="alice", action="Receipt"), None),
        (Expectation(sender="shelf"), "it is from till"),
        (Expectation(receiver="shelf"), "it is to alice"),
        (Expectation(action="Taken"), 'its Action is "Receipt"'),
        (Expectation(tags={"Units": "4"}), None),
        (Expectation(tags={"Units": "5"}), 'its tag Units is "4", not "5"'),
        (Expectation(tags={"Left": "5"}), 'its tag Left is absent, not "5"'),
        (Expectation(tags={"Units": Matches(matches="[0-9]")}), None),
        (Expectation(tags={"Units": Matches(matches="[0-9]{2}")}), 'is "4", not like [0-9]{2}'),
        (Expectation(json={"units": 4}), None),
        (Expectation(json={"units": "4"}), 'in its JSON units is 4, not "4"'),
        (Expectation(json={"left": 4}), "in its JSON left is not there"),
        (Expectation(data="x"), "its Data is"),
    ],
)
def test_a_message_is_as_wanted_or_its_fault_is_named(
    wanted: Expectation, fault: str | None
) -> None:
    receipt = message("Receipt", tags={"Units": "4"}, data='{"units":4,"at":[1]}')
    found = find_fault(wanted, receipt, DIRECTORY)
    assert found == fault if fault is None else fault in (found or "")


def test_data_that_is_no_json_is_a_fault() -> None:
    found = find_fault(Expectation(json={}), message("A", data="{"), DIRECTORY)
    assert found == 'its Data is no JSON: "{"'


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": {"b": [1, "x"]}}, {"a": {"b": [1, "x"], "c": None}}),
        (1, 1.0),
        ([], []),
        (None, None),
    ],
)
def test_a_value_contains_what_is_wanted(wanted: Any, actual: Any) -> None:
    assert find_difference(wanted, actual) is None


@pytest.mark.parametrize(
    ("wanted", "actual", "fault"),
    [
        ({"a": 1}, {"a": "1"}, 'a is "1", not 1'),
        ({"a": 1}, {"a": True}, "a is true, not 1"),
        ({"a": True}, {"a": 1}, "a is 1, not true"),
        ({"a": {"b": 1}}, {"a": {}}, "a.b is not there"),
        ({"a": [1]}, {"a": [1, 2]}, "a is [1, 2], not [1]"),
        ({"a": [1, 2]}, {"a": [1, 3]}, "a.1 is 3, not 2"),
        ({}, [], "it is [], not {}"),
        (0, None, "it is absent, not 0"),
    ],
)
def test_a_difference_is_named_with_its_path_and_type(wanted: Any, actual: Any, fault: str) -> None:
    assert find_difference(wanted, actual) == fault


def test_one_message_fulfils_one_wish() -> None:
    wish = Expectation(action="A")
    assert find_missing([wish], [message("A")], DIRECTORY, in_order=False) is None
    assert find_missing([wish, wish], [message("A")], DIRECTORY, in_order=False) is not None


def test_order_counts_only_where_it_is_asked_for() -> None:
    wishes = [Expectation(action="A"), Expectation(action="B")]
    messages = [message("B"), message("A")]
    assert find_missing(wishes, messages, DIRECTORY, in_order=False) is None
    missing = find_missing(wishes, messages, DIRECTORY, in_order=True)
    assert missing == "B did not come; there came: none"


def test_the_one_near_message_is_named_with_its_fault() -> None:
    wish = Expectation(action="A", tags={"Units": "5"})
    missing = find_missing([wish], [message("A", tags={"Units": "4"})], DIRECTORY, in_order=True)
    assert missing == (
        'A with Units "5" did not come: there is one, but its tag Units is "4", not "5"'
    )


def test_messages_and_wishes_are_told_in_words() -> None:
    error = message("Buy-Error", tags={"Error": "SoldOut"})
    told = list_messages([error, error, message("A", TILL, SHELF)], DIRECTORY)
    assert told == "2 times Buy-Error (SoldOut) till → alice, A till → shelf"
    assert list_messages([], DIRECTORY) == "none"
    assert describe(Expectation(sender="till", receiver="shelf")) == "a message from till to shelf"
