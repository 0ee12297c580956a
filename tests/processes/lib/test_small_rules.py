from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aosctl.message import name_address
from aosctl.testing.stage import Actor

Call = Callable[[str], Any]
ID = name_address("somebody")
OWN = name_address("left")
OTHER = name_address("other")


@pytest.mark.parametrize(
    ("text", "is_address", "is_id"),
    [
        (ID, True, True),
        ("0x" + "aB" * 20, True, False),
        ("0x" + "ag" * 20, False, False),
        ("", False, False),
        ("nil", False, False),
        (ID[:-1], False, False),
        (ID + "a", False, False),
        (ID[:-1] + "/", False, False),
        (ID[:-1] + "\\n", False, False),
        ("a" * 10_000, False, False),
    ],
)
def test_an_address_has_one_of_two_shapes(
    lua: Call, text: str, is_address: bool, is_id: bool
) -> None:
    assert lua(f'lib.address.is("{text}"), lib.address.isId("{text}")') == [is_address, is_id]
    assert lua("lib.address.is(nil), lib.address.is(5)") == [False, False]


def test_a_ring_keeps_the_last_thousand_and_counts_on(lua: Call) -> None:
    shown = lua(
        """(function()
          local ring = lib.ring.make()
          for n = 1, 1005 do lib.ring.push(ring, n) end
          local all = lib.ring.each(ring)
          return lib.ring.count(ring) .. " " .. #all .. " " .. all[1] .. " " .. all[1000]
        end)()"""
    )
    assert shown == ["1005 1000 6 1005"]


def test_pages_go_through_a_map_in_order_and_end(lua: Call) -> None:
    page = "lib.sorted.page({ c = 1, a = 1, b = 1 }, %s, 2)"
    assert lua(f"{page % 'nil'}") == [["a", "b"], "b"]
    assert lua(f"{page % repr('b')}") == [["c"], ""]
    assert lua(f"{page % repr('c')}") == [[], ""]
    limits = lua(
        'lib.sorted.limitOf("7", 50), lib.sorted.limitOf("700", 50), lib.sorted.limitOf("x", 50),'
        ' lib.sorted.limitOf(nil, 50), lib.sorted.limitOf("0", 50)'
    )
    assert limits == [7, 50, 50, 50, 50]


def test_state_of_another_type_gives_way_to_the_default(lua: Call) -> None:
    kept = "lib.state.keep({ 1 }, {}), lib.state.keep('old', { 2 }), lib.state.keep(nil, 3)"
    assert lua(kept) == [[1], [2], 3]


@pytest.mark.parametrize(
    ("peers", "fault"),
    [
        ({"right": ID}, None),
        ({"left": OWN, "right": ID}, None),
        ({"left": ID}, "Left-Process is not the id of this process"),
        ({"right": OWN}, "Right-Process is this process itself"),
        ({"right": "short"}, "Right-Process is not an id"),
        ({"right": "0x" + "a" * 40}, "Right-Process is not an id"),
        ({"right": ID, "far_side": ID}, "Right-Process and Far-Side-Process are the same process"),
        ({"right": OTHER}, "Right-Process and Known-Process are the same process"),
        ({"known": ID, "right": OTHER}, None),
    ],
)
def test_peers_are_distinct_ids_and_ones_own_is_ones_own(
    lua: Call, peers: dict[str, str], fault: str | None
) -> None:
    given = ", ".join(f'{role} = "{id_}"' for role, id_ in peers.items())
    own = f'{{ role = "left", id = "{OWN}", known = {{ known = "{OTHER}" }} }}'
    assert lua(f"lib.peer_rules.fault({{ {given} }}, {own})") == ([fault] if fault else [])


def test_a_role_has_a_tag_and_a_field(lua: Call) -> None:
    names = 'lib.config.tagOf("mock_usda"), lib.config.fieldOf("mock_usda")'
    assert lua(names) == ["Mock-Usda-Process", "mockUsdaProcess"]


def test_a_ledger_refuses_before_it_changes(probe: Actor, lua: Call) -> None:
    probe.evaluate("L = lib.ledger.make()")
    assert lua("lib.ledger.mint(L, 'a', lib.amount.MAX)") == [True]
    assert lua("select(2, lib.ledger.mint(L, 'b', '1'))") == ["Overflow"]
    assert lua("select(2, lib.ledger.move(L, 'b', 'a', '1'))") == ["InsufficientBalance"]
    assert lua("select(2, lib.ledger.burn(L, 'b', '1'))") == ["InsufficientBalance"]
    assert lua("L.supply == lib.amount.MAX, L.holders, L.balances.b") == [True, 1]
    assert lua("lib.ledger.move(L, 'a', 'a', '1')") == [True]
    assert lua("lib.ledger.move(L, 'a', 'b', lib.amount.MAX)") == [True]
    assert lua("L.balances.a == nil, L.holders") == [True, 1]
    assert lua("lib.ledger.burn(L, 'b', lib.amount.MAX)") == [True]
    assert lua("L.supply, L.holders") == ["0", 0]
