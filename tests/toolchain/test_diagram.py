from __future__ import annotations

from aosctl.directory import Directory
from aosctl.message import Message, make_tags, name_address
from aosctl.view.diagram import make_diagram

ALICE, TILL = name_address("alice"), name_address("till")
DIRECTORY = Directory({"till": TILL}, {"alice": ALICE})


def sent(sender: str, target: str, **tags: str) -> Message:
    return Message(sender=sender, target=target, tags=make_tags(tags))


def test_messages_are_drawn_in_order_between_their_parties() -> None:
    messages = [
        sent(ALICE, TILL, Action="Buy", Quantity="4"),
        sent(TILL, ALICE, Action="Buy-Error", Error="SoldOut"),
    ]
    assert make_diagram(messages, DIRECTORY) == (
        "sequenceDiagram\n"
        "    autonumber\n"
        "    actor p0 as alice\n"
        "    participant p1 as till\n"
        "    p0->>p1: Buy 4\n"
        "    p1->>p0: Buy-Error SoldOut\n"
    )


def test_signs_of_the_language_cannot_break_out_of_a_label() -> None:
    drawn = make_diagram([sent(ALICE, TILL, Action="a;b\nend %% #x")], DIRECTORY)
    assert drawn.splitlines()[-1] == "    p0->>p1: a#59;b#10;end #37;#37; #35;x"


def test_a_long_value_is_cut() -> None:
    drawn = make_diagram([sent(ALICE, TILL, Action="A", Quantity="9" * 90)], DIRECTORY)
    assert drawn.splitlines()[-1] == f"    p0->>p1: A {'9' * 40}…"
