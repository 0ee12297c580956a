from __future__ import annotations

import time

import pytest

from aosctl.emulator.sandbox import LuaChunk, LuaError, compile_error
from aosctl.message import Location

FUNCTIONS = """
local laws = {}
function laws.sum(state)
  local total = 0
  for _, amount in pairs(state.balances) do total = total + amount end
  return total
end
function laws.fails()
  error("broken law")
end
laws.note = "not a function"
return laws
"""


def test_a_chunk_that_returns_a_function_is_called_with_json_values() -> None:
    chunk = LuaChunk("return function(a, b) return a.list[2] .. b end", "pair.lua")
    assert chunk.call({"list": ["x", "y"]}, "z") == "yz"


def test_a_chunk_that_returns_a_table_offers_its_functions_by_name() -> None:
    chunk = LuaChunk(FUNCTIONS, "laws.lua")
    assert chunk.names == ("fails", "sum")
    assert chunk.call({"balances": {"a": 2, "b": 3}}, name="sum") == 5


@pytest.mark.parametrize(
    "value",
    [1, 1.5, True, "text", "\udcff", [], [1, [2, {"a": "b"}]], {"a": {"b": [1]}}, None],
)
def test_a_value_comes_out_as_it_went_in(value: object) -> None:
    assert LuaChunk("return function(value) return value end", "same.lua").call(value) == value


def test_an_error_carries_the_place_where_it_was_raised() -> None:
    chunk = LuaChunk(FUNCTIONS, "processes/tim3/invariants.lua")
    with pytest.raises(LuaError, match="broken law") as caught:
        chunk.call(name="fails")
    assert caught.value.location == Location("processes/tim3/invariants.lua", 9)
    assert caught.value.where == "processes/tim3/invariants.lua:9"


def test_a_place_is_found_in_a_file_with_a_long_name() -> None:
    name = "processes/" + "folder/" * 12 + "invariants.lua"
    with pytest.raises(LuaError) as caught:
        LuaChunk("return function() local t t.x = 1 end", name).call()
    assert caught.value.location == Location(name, 1)


def test_a_function_that_is_not_there_is_named() -> None:
    with pytest.raises(LuaError, match=r"laws.lua returns no function nosuch"):
        LuaChunk(FUNCTIONS, "laws.lua").call(name="nosuch")


@pytest.mark.parametrize(
    "name",
    [
        "ao",
        "Handlers",
        "os",
        "io",
        "debug",
        "package",
        "require",
        "collectgarbage",
        "print",
        "python",
    ],
)
def test_a_pure_chunk_sees_nothing_of_the_outside(name: str) -> None:
    assert LuaChunk(f"return function() return type({name}) end", "pure.lua").call() == "nil"


def test_a_pure_chunk_has_no_random_numbers() -> None:
    assert LuaChunk("return function() return type(math.random) end", "pure.lua").call() == "nil"


@pytest.mark.parametrize("returned", ["type", "coroutine.create(type)", "{type}"])
def test_what_json_cannot_say_is_refused(returned: str) -> None:
    with pytest.raises(LuaError, match="JSON cannot say"):
        LuaChunk(f"return function() return {returned} end", "odd.lua").call()


def test_a_circle_of_tables_is_refused() -> None:
    with pytest.raises(LuaError, match="nested deeper"):
        LuaChunk("return function() local t = {} t.t = t return t end", "circle.lua").call()


@pytest.mark.parametrize(
    "body",
    [
        "while true do end",
        "while true do pcall(function() while true do end end) end",
        "while true do coroutine.wrap(function() while true do end end)() end",
        "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
        "xpcall(function() while true do end end, function() while true do end end)",
        "local function f() return f() end f()",
        "load('while true do end')()",
        "setmetatable({}, {__index = function() while true do end end}).x = nil + x",
        "table.sort({3, 2, 1}, function() while true do end end)",
        "string.gsub('a', 'a', function() while true do end end)",
    ],
)
def test_a_chunk_without_end_is_ended(body: str) -> None:
    started = time.monotonic()
    chunk = LuaChunk(f"return function() {body} end", "loop.lua", instruction_limit=2_000_000)
    with pytest.raises(LuaError, match=r"instruction limit of 2000000 exceeded|attempt to"):
        chunk.call()
    assert time.monotonic() - started < 5


def test_a_chunk_can_be_called_again_after_it_was_ended() -> None:
    source = "return {loop = function() while true do end end, one = function() return 1 end}"
    chunk = LuaChunk(source, "loop.lua", instruction_limit=1_000_000)
    for _ in range(3):
        with pytest.raises(LuaError, match="instruction limit"):
            chunk.call(name="loop")
        assert chunk.call(name="one") == 1


def test_memory_has_a_limit() -> None:
    source = "return function() local t = {} while true do t[#t + 1] = ('x'):rep(1e6) .. #t end end"
    with pytest.raises(LuaError, match="not enough memory"):
        LuaChunk(source, "big.lua", memory_limit=20_000_000).call()


def test_binary_chunks_are_not_loaded_unless_dumped_here() -> None:
    source = """return function()
      local own = load(string.dump(function() return 7 end))()
      local alien, reason = load("\\27Lua" .. ("x"):rep(40))
      return {own, tostring(alien), reason}
    end"""
    own, alien, reason = LuaChunk(source, "binary.lua").call()
    assert (own, alien) == (7, "nil")
    assert "binary chunk" in reason


def test_lua_text_has_no_compile_error() -> None:
    assert compile_error("local x <const> = 1", "a.lua") is not None  # that is Lua 5.4
    assert compile_error("local x = 1 goto done ::done::", "a.lua") is None


def test_a_compile_error_has_a_line_and_a_reason() -> None:
    assert compile_error("local x = 1\nx = = 2\n", "a.lua") == (2, "unexpected symbol near '='")
