"""A line of names, first in first out, that any name can leave."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

Call = Callable[[str], Any]

WALK = """(function()
  local queue, line = lib.queue, lib.queue.make()
  %s
  local names, name = {}, queue.first(line)
  while name do
    names[#names + 1] = name
    name = queue.after(line, name)
  end
  return table.concat(names, " ") .. "|" .. queue.size(line)
end)()"""


def walk(lua: Call, *steps: str) -> str:
    """Return the names in order and their count, after some steps."""
    (text,) = lua(WALK % " ".join(steps))
    return str(text)


def push(name: str) -> str:
    return f'queue.push(line, "{name}")'


def remove(name: str) -> str:
    return f'queue.remove(line, "{name}")'


def test_an_empty_line_has_no_first(lua: Call) -> None:
    assert walk(lua) == "|0"


def test_names_stand_in_the_order_in_which_they_came(lua: Call) -> None:
    assert walk(lua, push("c"), push("a"), push("b")) == "c a b|3"


def test_a_name_that_comes_again_goes_to_the_end(lua: Call) -> None:
    assert walk(lua, push("a"), push("b"), push("a")) == "b a|2"


def test_a_name_leaves_from_anywhere_and_strangers_are_fine(lua: Call) -> None:
    steps = [push("a"), push("b"), push("c"), remove("b"), remove("b"), remove("x"), remove("")]
    assert walk(lua, *steps) == "a c|2"
    assert walk(lua, *steps, remove("a"), remove("c"), push("d")) == "d|1"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("abcdef")), max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_it_is_an_ordered_set(lua: Call, steps: list[tuple[bool, str]]) -> None:
    model: OrderedDict[str, None] = OrderedDict()
    for is_push, name in steps:
        model.pop(name, None)
        if is_push:
            model[name] = None
    done = walk(lua, *(push(name) if is_push else remove(name) for is_push, name in steps))
    assert done == f"{' '.join(model)}|{len(model)}"
