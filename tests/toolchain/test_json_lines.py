from __future__ import annotations

from aosctl.json_lines import JsonLines

TEXT = """{
  "a": {
    "b": [1, {"c": "x: {"},
      2],
    "d \\"quoted\\"": "\\\\",
    "e": {}
  },
  "f": true
}
"""


def test_each_key_is_found_on_its_line() -> None:
    lines = JsonLines(TEXT)
    assert [lines.line(*key) for key in (("a",), ("a", "b"), ("a", 'd "quoted"'), ("f",))] == [
        2,
        3,
        5,
        8,
    ]


def test_what_is_not_there_has_the_line_of_what_is_around_it() -> None:
    lines = JsonLines(TEXT)
    assert lines.line("a", "e", "nothing") == 6
    assert lines.line("a", "nothing", "more") == 2
    assert lines.line("nothing") == 1
    assert lines.line() == 1
