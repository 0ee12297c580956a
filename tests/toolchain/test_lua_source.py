from __future__ import annotations

from pathlib import Path

import pytest
from lupa.lua53 import LuaRuntime

from aosctl.errors import BundleError
from aosctl.lua.scope import find_globals
from aosctl.lua.source import compact, load_source, make_source, plain_text, syntax

ROOT = Path(__file__).parents[2]


def names(text: str) -> list[str]:
    return [require.name for require in make_source(text, shown="a.lua").requires]


def read(text: str) -> list[str]:
    return [use.name for use in find_globals(syntax(text)) if not use.assigned]


def assigned(text: str) -> list[str]:
    return [use.name for use in find_globals(syntax(text)) if use.assigned]


@pytest.mark.parametrize(
    "text",
    [
        'local x = require("lib.amount")',
        "local x = require('lib.amount')",
        'local x = require "lib.amount"',
        "local x = require [[lib.amount]]",
        "local x = require[==[\nlib.amount]==]",
        'local x = require( "lib.amount" ).add',
        'require("lib.amount"):install()',
        'local x = require(\n  -- where it is\n  "lib.amount"\n)',
        'local x = require(("lib.amount"))',
        'local x = require("lib\\x2eamount")',
        'local x = require("lib\\046amount")',
        'local x = require("lib.amount", 1)',
        'return { amount = require("lib.amount") }',
        'f(require "lib.amount", 1)',
    ],
)
def test_a_require_is_found_in_every_way_to_write_it(text: str) -> None:
    assert names(text) == ["lib.amount"]


@pytest.mark.parametrize(
    "text",
    [
        '-- require("lib.amount")',
        '--[[ require("lib.amount") ]]',
        "--[==[\nrequire('lib.amount')\n]==]",
        "local x = 'require(\"lib.amount\")'",
        'local x = [[ require("lib.amount") ]]',
        'local x = loader.require("lib.amount")',
        'local x = loader:require("lib.amount")',
        'local x = required("lib.amount")',
        "local x = require(name)",
        'local x = require("lib." .. name)',
        "local x = { require = 1 }",
    ],
)
def test_what_only_looks_like_a_require_does_not_count(text: str) -> None:
    assert names(text) == []


def test_a_require_knows_its_line_and_whether_it_waits() -> None:
    text = 'local a = require("a")\n\nlocal function later()\n  return require("b")\nend\nlater()'
    now, later = make_source(text, shown="a.lua").requires
    assert (now.name, now.line, now.deferred) == ("a", 1, False)
    assert (later.name, later.line, later.deferred) == ("b", 4, True)


def test_a_require_under_pcall_is_optional() -> None:
    (require,) = make_source('local ok, x = pcall(require, "extra")', shown="a.lua").requires
    assert (require.name, require.optional) == ("extra", True)


def test_modules_that_a_file_puts_in_place_itself_are_known() -> None:
    text = 'package.loaded["a.b"] = {}\npackage.preload.c = function() end\npackage.path = "x"'
    assert make_source(text, shown="a.lua").provided == {"a.b", "c"}


def test_a_file_that_assigns_its_environment_is_marked() -> None:
    assert make_source("_ENV = {}", shown="a.lua").own_env
    assert not make_source("local _ENV = {}", shown="a.lua").own_env
    assert not make_source("local x = _ENV", shown="a.lua").own_env


def test_a_syntax_error_has_luas_words_and_the_line() -> None:
    with pytest.raises(BundleError, match=r"does not compile: .*near 'is'") as caught:
        make_source("local a = 1\n\nthis is no Lua\n", shown="processes/a.lua")
    assert caught.value.where == "processes/a.lua:3"


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"cannot read 'a\.lua'"):
        load_source(tmp_path / "a.lua", shown="a.lua")


def test_line_ends_are_one_newline_each_and_the_hash_line_is_a_comment() -> None:
    assert plain_text("#!/usr/bin/lua\r\na = 1\rb = 2\n\rc = 3\n") == (
        "--#!/usr/bin/lua\na = 1\nb = 2\nc = 3\n"
    )
    assert plain_text("\ufeffa = 1") == "a = 1"


def test_bytes_that_are_no_text_stay_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a.lua").write_bytes(b'X = "\xff\xfe"\n')
    text = load_source(tmp_path / "a.lua", shown="a.lua").text
    assert text.encode("utf-8", "surrogateescape") == b'X = "\xff\xfe"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("return x", ["x"]),
        ("local x = 1 return x", []),
        ("local x = x", ["x"]),
        ("local function f() return f() end", []),
        ("local f = function() return f() end", ["f"]),
        ("return function(a, ...) return a, b, ... end", ["b"]),
        ("do local a = 1 end return a", ["a"]),
        ("for i = first, 3 do f(i) end return i", ["first", "f", "i"]),
        ("for k, v in each do f(k, v) end return v", ["each", "f", "v"]),
        ("repeat local done = 1 until done", []),
        ("while x do local x = 1 end", ["x"]),
        ("if a then local b elseif c then d() else e() end", ["a", "c", "d", "e"]),
        ("return t.field, t:method(), t[key]", ["t", "t", "t", "key"]),
        ("return { name = value, [key] = 1, item }", ["value", "key", "item"]),
        ("function T.a:b() return self end", ["T"]),
        ("function T.a() return self end", ["T", "self"]),
        ("local t <const> = 1 return t", []),
        ("goto over ::over::", []),
        ("T.x = y", ["y", "T"]),
    ],
)
def test_globals_that_are_read_are_told_from_locals(text: str, expected: list[str]) -> None:
    assert read(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X = X or {}", ["X"]),
        ("function X() end", ["X"]),
        ("local function x() end", []),
        ("local x x = 1", []),
        ("a, b.c, d = 1, 2, 3", ["a", "d"]),
        ("_G.X = 1", ["X"]),
        ('_G["X"] = 1', ["X"]),
        ("_G[name] = 1", []),
    ],
)
def test_globals_that_are_assigned_are_found(text: str, expected: list[str]) -> None:
    assert assigned(text) == expected


def test_an_expression_as_long_as_a_file_is_no_trouble() -> None:
    assert read("return " + " .. ".join(["x"] * 5_000)) == ["x"] * 5_000


def compiled(text: str) -> bytes:
    """The bytecode with its line numbers, which tells whether two texts are the same program."""
    dump = LuaRuntime(encoding=None).eval(
        "function(t) return string.dump(assert(load(t, 'x'))) end"
    )
    code = dump(text.encode())
    assert isinstance(code, bytes)
    return code


@pytest.mark.parametrize("path", sorted((ROOT / "processes").rglob("*.lua")), ids=str)
def test_a_compacted_file_is_the_same_program_on_the_same_lines(path: Path) -> None:
    text = path.read_text()
    bare = compact(text)
    assert compiled(bare) == compiled(text)
    assert "\n--- " not in bare
    assert len(bare) < len(text)


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("local a--[[x]]= 1 -- y", "local a = 1  "),
        ("return--[[x]]1", "return 1"),
        ("--[==[ a\n b ]==]\nreturn 1", "\n\nreturn 1"),
        ('return "-- no", [[\n  -- no\n  ]] -- yes', 'return "-- no", [[\n  -- no\n  ]]  '),
        ("if a then\n\t  b = 1\n  end", "if a then\nb = 1\nend"),
        ("a = 1 --[[ x\n  y ]] b = 2", "a = 1 \n b = 2"),
        ('a = "x\\\n  y"\n  b = 1', 'a = "x\\\n  y"\nb = 1'),
    ],
)
def test_strings_keep_what_looks_like_a_comment_or_indentation(text: str, bare: str) -> None:
    assert compact(text) == bare
    assert compiled(bare) == compiled(text)
