from __future__ import annotations

import pytest

from aosctl.directory import Directory
from aosctl.errors import UsageError
from aosctl.message import name_address

TILL, ALICE, BOB = (name_address(name) for name in ("till", "alice", "bob"))
DIRECTORY = Directory({"till": TILL}, {"alice": ALICE})


def test_names_and_addresses_lead_to_each_other() -> None:
    assert DIRECTORY.address("till") == TILL
    assert DIRECTORY.name(ALICE) == "alice"
    assert DIRECTORY.address(BOB) == BOB


def test_a_nameless_address_is_shortened() -> None:
    assert DIRECTORY.name(BOB) == f"{BOB[:8]}…"
    assert DIRECTORY.name(None) == "nobody"
    assert DIRECTORY.name("nil") == "nil"


def test_wallets_are_no_processes() -> None:
    assert DIRECTORY.is_process(TILL)
    assert not DIRECTORY.is_process(ALICE)
    assert not DIRECTORY.is_process(None)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="nobody is called 'tlil'") as caught:
        DIRECTORY.address("tlil")
    assert caught.value.hint == "Did you mean 'till'?"
