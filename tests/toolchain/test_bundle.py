from __future__ import annotations

import hashlib
import re
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aosctl.bundle import Bundle, build_bundle
from aosctl.emulator.world import World
from aosctl.errors import BundleError
from aosctl.lua.line_map import LineMap
from aosctl.lua.source import compact
from aosctl.message import make_tags, name_address

OWNER = name_address("deployer")


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / "processes" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def build(root: Path, files: dict[str, str], *, entry: str = "b/p/process.lua") -> Bundle:
    return build_bundle(write(root, files), Path("processes") / entry)


def run(bundle: Bundle, *more: str) -> str:
    """Evaluate a bundle in a real process, then each text; return the last output or error."""
    with closing(World()) as world:
        process = world.spawn(owner=OWNER)
        for text in (bundle.text, *more):
            eval_tags = make_tags({"Action": "Eval"})
            message = world.send(sender=OWNER, target=process, tags=eval_tags, data=text)
            world.run()
            result = world.result(process, message)
        return str(result.failure or result.output["data"])


def test_the_text_runs_and_sets_its_own_hash(tmp_path: Path) -> None:
    bundle = build(
        tmp_path,
        {
            "lib/amount.lua": "return { one = 1 }",
            "b/p/process.lua": 'X = require("lib.amount").one',
        },
    )
    assert run(bundle, "return X .. BundleHash") == f"1{bundle.hash}"


def test_the_hash_is_of_all_but_the_last_two_lines(tmp_path: Path) -> None:
    bundle = build(tmp_path, {"b/p/process.lua": "X = 1"})
    body = "".join(bundle.text.splitlines(keepends=True)[:-2])
    assert hashlib.sha256(body.encode()).hexdigest() == bundle.hash
    assert bundle.size == len(bundle.text.encode())


def test_the_same_tree_gives_the_same_bytes_elsewhere(tmp_path: Path) -> None:
    files = {"lib/a.lua": "return 1\n", "b/p/process.lua": 'X = require("lib.a")\n'}
    windows = {name: text.replace("\n", "\r\n") for name, text in files.items()}
    (tmp_path / "windows" / "processes").mkdir(parents=True)
    one, two = build(tmp_path / "unix", files), build(tmp_path / "windows", windows)
    assert one == two
    assert str(tmp_path) not in one.text


def test_a_file_stands_compacted_on_its_own_lines_between_its_marks(tmp_path: Path) -> None:
    text = "-- why\nlocal one = 1 -- and how\nreturn {\n  one = one,\n}\n"
    bare = " \nlocal one = 1  \nreturn {\none = one,\n}\n"
    bundle = build(tmp_path, {"lib/a.lua": text, "b/p/process.lua": 'require("lib.a")'})
    assert f"-- processes/lib/a.lua\n{bare}end -- processes/lib/a.lua\n" in bundle.text


def test_what_is_required_comes_first_and_the_source_last(tmp_path: Path) -> None:
    bundle = build(
        tmp_path,
        {
            "lib/low.lua": "return 1",
            "lib/high.lua": 'return require("lib.low")',
            "b/p/process.lua": 'require("lib.high") require("lib.low")',
        },
    )
    assert bundle.files == (
        "processes/lib/low.lua",
        "processes/lib/high.lua",
        "processes/b/p/process.lua",
    )


def test_modules_lie_in_folders_of_process_bundle_or_project(tmp_path: Path) -> None:
    bundle = build(
        tmp_path,
        {
            "b/p/near.lua": "return 'near'",
            "near.lua": "return 'far'",
            "b/common.lua": "return 'common'",
            "b/p/deep/er/init.lua": "return 'deep'",
            "lib/all.lua": "return 'all'",
            "b/p/process.lua": 'X = require("near") .. require("common") .. require("p.deep.er") '
            '.. require("lib.all")',
        },
    )
    assert run(bundle, "return X") == "nearcommondeepall"


def test_a_project_without_the_folder_processes_is_bundled_too(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "main.lua").write_text('X = require("utils").x .. require("src.utils").x')
    (tmp_path / "src" / "utils.lua").write_text("Runs = (Runs or 0) + 1 return { x = Runs }")
    bundle = build_bundle(tmp_path, Path("src/main.lua"))
    assert bundle.files == ("src/utils.lua", "src/main.lua")
    assert run(bundle, "return X") == "12"  # two names are two modules, as in Lua


def test_a_source_outside_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "main.lua").write_text("")
    with pytest.raises(BundleError, match="is not in the project"):
        build_bundle(tmp_path / "in", tmp_path / "main.lua")


def test_the_runtimes_own_modules_are_left_to_it(tmp_path: Path) -> None:
    source = 'X = require("json").encode({ 1 }) .. tostring(require(".bint")(256)(7))'
    bundle = build(tmp_path, {"b/p/process.lua": source})
    assert bundle.files == ("processes/b/p/process.lua",)
    assert run(bundle, "return X") == "[1]7"


def test_a_missing_module_is_refused_with_its_place_and_the_nearest_name(tmp_path: Path) -> None:
    files = {"lib/amount.lua": "", "b/lock/process.lua": '-- 1\nrequire("lib.amout")'}
    with pytest.raises(BundleError) as caught:
        build(tmp_path, files, entry="b/lock/process.lua")
    error = caught.value
    assert error.message == "process 'lock' requires 'lib.amout', which is not there"
    assert error.where == "processes/b/lock/process.lua:2"
    assert error.hint == "Did you mean 'lib.amount'?"


def test_a_missing_module_with_no_near_name_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        build(tmp_path, {"b/p/process.lua": 'require("zzz")'})
    assert caught.value.hint == "Looked in processes/b/p, processes/b, processes."


@pytest.mark.parametrize("name", ["/etc/passwd", "", "a\\0b", ".nosuch"])
def test_a_name_that_is_no_path_of_the_project_is_not_there(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="which is not there"):
        build(tmp_path, {"b/p/process.lua": f'require("{name}")'})


def test_an_optional_module_is_taken_along_where_it_is_there(tmp_path: Path) -> None:
    files = {
        "b/p/extra.lua": "return 'extra'",
        "b/p/process.lua": 'X, Y = pcall(require, "extra") Z = pcall(require, "absent")',
    }
    assert run(build(tmp_path, files), "return Y .. tostring(Z)") == "extrafalse"


def test_modules_of_another_wasm_module_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"b/p/process.lua": 'require("llama")'})
    with pytest.raises(BundleError, match="'llama'"):
        build_bundle(tmp_path, Path("processes/b/p/process.lua"))
    build_bundle(tmp_path, Path("processes/b/p/process.lua"), provided=["llama"])


def test_a_module_that_a_file_puts_in_place_is_not_missing(tmp_path: Path) -> None:
    text = 'package.loaded["made.here"] = 7\nX = require("made.here")'
    assert run(build(tmp_path, {"b/p/process.lua": text}), "return X") == "7"


def test_a_circle_is_refused_and_named(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": 'return require("lib.b")',
        "lib/b.lua": '\nreturn require("lib.c")',
        "lib/c.lua": '\n\nreturn require("lib.a")',
        "b/p/process.lua": 'require("lib.a")',
    }
    with pytest.raises(BundleError, match="in a circle: ") as caught:
        build(tmp_path, files)
    named = caught.value.message.partition(": ")[2].split(" -> ")
    assert len(named) == 4
    assert named[0] == named[-1]
    assert "".join(name[-1] for name in named) in "abcabc"
    assert re.fullmatch(r"processes/lib/[abc]\.lua:[123]", caught.value.where or "")


def test_a_module_that_requires_itself_is_a_circle(tmp_path: Path) -> None:
    files = {"lib/a.lua": 'return require("lib.a")', "b/p/process.lua": 'require("lib.a")'}
    with pytest.raises(BundleError, match=r"lib\.a -> lib\.a"):
        build(tmp_path, files)


def test_nobody_may_require_the_source_of_the_process(tmp_path: Path) -> None:
    files = {
        "b/p/a.lua": 'return function() return require("p.process") end',
        "b/p/process.lua": 'require("p.a")',
    }
    with pytest.raises(BundleError, match="in a circle"):
        build(tmp_path, files)


def test_a_require_inside_a_function_may_close_a_circle(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": 'return { b = function() return require("lib.b").name end, name = "a" }',
        "lib/b.lua": 'return { a = require("lib.a").name, name = "b" }',
        "b/p/process.lua": 'X = require("lib.a").b() .. require("lib.b").a',
    }
    assert run(build(tmp_path, files), "return X") == "ba"


def test_a_circle_that_is_met_while_loading_ends_in_words(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": 'local function b() return require("lib.b") end return b()',
        "lib/b.lua": 'return require("lib.a")',
        "b/p/process.lua": 'require("lib.a")',
    }
    assert "module 'lib.a' requires itself, or failed before" in run(build(tmp_path, files))


def test_more_than_200_modules_and_a_long_chain_of_them_load(tmp_path: Path) -> None:
    files = {f"lib/m{n}.lua": f'return require("lib.m{n + 1}") + 1' for n in range(1200)}
    files |= {"lib/m1200.lua": "return 0", "b/p/process.lua": 'X = require("lib.m0")'}
    assert run(build(tmp_path, files), "return X") == "1200"


def test_a_file_with_200_locals_loads(tmp_path: Path) -> None:
    text = "".join(f"local l{n} = {n}\n" for n in range(200)) + "return l199"
    files = {"lib/a.lua": text, "b/p/process.lua": 'X = require("lib.a")'}
    assert run(build(tmp_path, files), "return X") == "199"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "true"),
        ("return nil", "true"),
        ("return false", "false"),
        ("return 0, 'more'", "0"),
        ("return ...", "lib.a"),
    ],
)
def test_a_module_gives_what_luas_require_would(tmp_path: Path, text: str, expected: str) -> None:
    files = {"lib/a.lua": text, "b/p/process.lua": 'X = tostring(require("lib.a"))'}
    assert run(build(tmp_path, files), "return X") == expected


def test_a_module_runs_once_a_text_and_anew_in_the_next(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": "Runs = (Runs or 0) + 1",
        "b/p/process.lua": 'require("lib.a") require("lib.a")',
    }
    bundle = build(tmp_path, files)
    assert run(bundle, "return Runs") == "1"
    assert run(bundle, bundle.text, "return Runs") == "2"


def test_what_a_file_calls_its_globals_is_its_own_affair(tmp_path: Path) -> None:
    source = "modules, loaded, name, values, started, run = 1, 2, 3, 4, 5, 6"
    bundle = build(tmp_path, {"b/p/process.lua": source})
    assert run(bundle, "return modules + loaded + name + values + started + run") == "21"


def test_a_file_that_assigns_its_environment_leaves_the_others_theirs(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": "_ENV = { } \n secret = 1 \n return secret",
        "b/p/process.lua": 'X = require("lib.a") + (secret or 1)',
    }
    assert run(build(tmp_path, files), "return X") == "2"


def test_a_second_value_of_the_source_is_an_error_as_in_aos(tmp_path: Path) -> None:
    bundle = build(tmp_path, {"b/p/process.lua": 'X = 1 return nil, "not today"'})
    assert run(bundle) == "not today"


def test_a_syntax_error_has_file_and_line(tmp_path: Path) -> None:
    files = {"lib/a.lua": "local x =\n\n= 2", "b/p/process.lua": 'require("lib.a")'}
    with pytest.raises(BundleError, match="does not compile") as caught:
        build(tmp_path, files)
    assert caught.value.where == "processes/lib/a.lua:3"


def test_text_that_closes_our_function_is_a_syntax_error_of_its_file(tmp_path: Path) -> None:
    files = {"lib/a.lua": "end)() X = (function()", "b/p/process.lua": 'require("lib.a")'}
    with pytest.raises(BundleError, match="does not compile"):
        build(tmp_path, files)


def test_a_failing_line_is_given_back_as_file_and_line(tmp_path: Path) -> None:
    files = {
        "lib/a.lua": "local a = {}\nfunction a.fail()\n  error('boom')\nend\nreturn a",
        "b/p/process.lua": 'local a = require("lib.a")\n\na.fail()',
    }
    bundle = build(tmp_path, files)
    failure = run(bundle)
    assert "processes/lib/a.lua:3: boom" in bundle.line_map.translate(failure)
    assert bundle.line_map.first_place(failure) == "processes/lib/a.lua:3"


def test_a_line_of_ours_belongs_to_no_file(tmp_path: Path) -> None:
    bundle = build(tmp_path, {"b/p/process.lua": "X = 1"})
    assert LineMap.read(bundle.text) == bundle.line_map
    assert bundle.line_map.locate(1) is None
    assert bundle.line_map.locate(10_000) is None
    assert bundle.line_map.translate('[string "aos"]:1: x') == '[string "aos"]:1: x'
    assert bundle.line_map.first_place("no place") is None
    assert LineMap().locate(1) is None


@given(
    names=st.lists(
        st.text(st.characters(codec="ascii", exclude_characters="/.\0"), min_size=1, max_size=20),
        min_size=1,
        max_size=5,
        unique_by=str.lower,
    ),
    lines=st.lists(st.integers(0, 30), min_size=5, max_size=5),
)
def test_any_name_will_do_and_every_line_finds_back(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], lines: list[int]
) -> None:
    root = tmp_path_factory.mktemp("names")
    quoted = {name: "".join(f"\\{ord(letter):03d}" for letter in name) for name in names}
    files = {
        f"b/{name}.lua": "\n" * count + f"return {count}"
        for name, count in zip(names, lines, strict=False)
    }
    total = " + ".join(f'require("{quoted[name]}")' for name in names)
    bundle = build(root, files | {"b/p/process.lua": f"X = {total}"})
    assert run(bundle, "return X") == str(sum(lines[: len(names)]))
    texts = bundle.text.split("\n")
    marked = [(s.first, s.last) for s in LineMap.read(bundle.text).segments]
    assert marked == [(s.first, s.last) for s in bundle.line_map.segments]
    for segment in bundle.line_map.segments:
        source = compact((root / segment.path).read_text()).split("\n")
        for number, line in enumerate(source, 1):
            assert texts[segment.first + number - 2] == line
            assert bundle.line_map.locate(segment.first + number - 1) == (segment.path, number)
