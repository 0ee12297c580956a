from __future__ import annotations

from pathlib import Path

import pytest

from aosctl.errors import BundleError, ScenarioError
from aosctl.scenario.invariants import Broken, Invariants, load_invariants
from aosctl.scenario.scenario import Laws

LAWS = """\
local words = require("lib.words")
local laws = {}

function laws.holds() return true end
function laws.broken(now) return false, "sold " .. now.till.sold end
function laws.mute() return false end
function laws.odd() return 1 end
function laws.crashes(now) return now.shelf.stock.x end
function laws.looks_back(now, before, ids)
  return before ~= nil and ids.till == "T", words.none()
end

return laws
"""
NAMES = ("holds", "broken", "mute", "odd", "crashes", "looks_back")


def load(root: Path, text: str, laws: Laws) -> Invariants:
    path = root / "processes/shop/invariants.lua"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    lib = root / "processes/lib/words.lua"
    lib.parent.mkdir(exist_ok=True)
    lib.write_text('return { none = function() return "none" end }\n')
    loaded = load_invariants(root, path, laws=laws)
    assert loaded is not None
    return loaded


def test_each_law_says_whether_it_holds_and_why_not(tmp_path: Path) -> None:
    invariants = load(tmp_path, LAWS, Laws(always=NAMES))
    found = invariants.broken(NAMES, {"till": {"sold": "4"}}, None, {"till": "T"})
    assert found == [
        Broken("broken", "sold 4"),
        Broken("mute", "it gives no reason"),
        Broken("odd", "it returned number, not true or false"),
        Broken(
            "crashes",
            "it failed: processes/shop/invariants.lua:8: attempt to index a nil value "
            "(field 'shelf')",
        ),
        Broken("looks_back", "none"),
    ]


def test_a_law_sees_the_state_before_and_the_ids(tmp_path: Path) -> None:
    invariants = load(tmp_path, LAWS, Laws(always=NAMES))
    assert invariants.broken(("looks_back",), {}, {}, {"till": "T"}) == []


def test_an_endless_law_ends(tmp_path: Path) -> None:
    text = "return { endless = function() while true do end end }"
    invariants = load(tmp_path, text, Laws(always=("endless",)))
    (broken,) = invariants.broken(("endless",), {}, None, {})
    assert broken.reason.startswith("it failed")


def test_a_law_that_is_not_there_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no invariant is called 'hold'") as caught:
        load(tmp_path, LAWS, Laws(always=("hold", *NAMES)))
    assert caught.value.hint == "Did you mean 'holds'?"


def test_a_law_of_which_nobody_says_when_it_holds_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nothing says when 'mute' must hold"):
        load(tmp_path, LAWS, Laws(always=tuple(name for name in NAMES if name != "mute")))


def test_a_file_that_returns_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="must return a table of functions"):
        load(tmp_path, "return 1", Laws())


def test_a_file_that_is_no_lua_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        load(tmp_path, "local laws = {}\nfunction laws.x( return laws\n", Laws())
    assert (caught.value.where or "").startswith("processes/shop/invariants.lua:2")


def test_no_file_is_fine_where_no_law_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "processes/shop/invariants.lua"
    assert load_invariants(tmp_path, path, laws=Laws()) is None
    with pytest.raises(ScenarioError, match="there is no invariants"):
        load_invariants(tmp_path, path, laws=Laws(always=("x",)))
