from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aosctl.toml_lines import TomlLines

TEXT = '''\
top = 1
[x.y]
tags = { A = "b", "C-D" = { q = 1 } }  # a = 2
list = [
  { action = "X", json = { k = "]" } },
  # between
  { action = "Y" },
]
long = """
q = 1
"""
z = 'k'
[[stage]]
name = "one"
[[stage.step]]
name = "first"
[stage.step.tags]
T = "v"
[[stage.step]]
name = "second"
[[stage]]
[[stage.step]]
a.b = 1
'''


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 1),
        (("x", "y"), 2),
        (("x", "y", "tags", "C-D", "q"), 3),
        (("x", "y", "list", 0, "json", "k"), 5),
        (("x", "y", "list", 1, "action"), 7),
        (("x", "y", "z"), 12),
        (("stage",), 13),
        (("stage", 0, "name"), 14),
        (("stage", 0, "step", 0, "tags", "T"), 18),
        (("stage", 0, "step", 1, "name"), 20),
        (("stage", 1), 21),
        (("stage", 1, "step", 0, "a", "b"), 23),
    ],
)
def test_a_key_is_found_on_its_line(key: tuple[str | int, ...], line: int) -> None:
    assert TomlLines(TEXT).line(*key) == line


@pytest.mark.parametrize(
    ("key", "line"), [(("x", "y", "lost"), 2), (("x", "y", "long", "q"), 9), (("lost",), 1)]
)
def test_of_an_unknown_key_the_nearest_table_is_given(
    key: tuple[str | int, ...], line: int
) -> None:
    assert TomlLines(TEXT).line(*key) == line


@given(st.text(alphabet="[]{}=\"'.,#\\ab1\n ", max_size=60))
def test_no_text_is_too_faulty_to_be_read(text: str) -> None:
    assert TomlLines(text).line("a") >= 1
