from __future__ import annotations

import re
from pathlib import Path

import pytest

from aosctl.check import CODES, Finding, check_bundle
from aosctl.lua.hazards import Hazard, find_hazards, title_kebab
from aosctl.lua.source import syntax
from aosctl.manifest import load_manifest
from aosctl.project import Project, find_project

DOCS = Path(__file__).parents[2] / "docs" / "check-codes.md"


def check(project: Project, **files: str) -> tuple[Finding, ...]:
    """Check the bundle `duo` with the text of these modules of `hub` set."""
    for name, text in files.items():
        (project.processes / "duo" / "hub" / f"{name}.lua").write_text(text)
    return check_bundle(project, load_manifest(project, "duo"))


def found(findings: tuple[Finding, ...]) -> list[tuple[str, int, str]]:
    return [(finding.path.rpartition("/")[2], finding.line, finding.code) for finding in findings]


def hazards(text: str) -> list[Hazard]:
    return [*find_hazards(syntax(text))]


def test_a_good_bundle_has_no_findings(duo: Project) -> None:
    assert check(duo) == ()


def test_every_fault_is_told_at_once_and_once(duo: Project) -> None:
    findings = check(
        duo,
        process='require("common").install()\nrequire("absent")\nrequire("hub.broken")\n'
        "return nowhere",
        broken="\nthis is no Lua",
    )
    assert found(findings) == [
        ("broken.lua", 2, "syntax-error"),
        ("process.lua", 2, "missing-module"),
        ("process.lua", 4, "undefined-global"),
    ]


def test_a_fault_in_a_shared_file_is_told_once(duo: Project) -> None:
    path = duo.processes / "lib" / "words.lua"
    path.write_text("missing()\n" + path.read_text())
    assert found(check(duo)) == [("words.lua", 1, "undefined-global")] * 2
    assert len({finding.text for finding in check(duo)}) == 2  # one for each process


def test_a_circle_is_told_beside_other_faults(duo: Project) -> None:
    findings = check(
        duo,
        process='require("hub.a")\nreturn nowhere',
        a='return require("hub.b")',
        b='return require("hub.a")',
    )
    assert [finding.code for finding in findings if finding.severity == "error"] == [
        "require-circle",
        "undefined-global",
    ]


def test_a_global_that_another_file_sets_is_defined(duo: Project) -> None:
    assert check(duo, process='require("hub.a")\nreturn Shared', a="Shared = Shared or {}") == ()


def test_an_undefined_global_is_told_with_the_nearest_name(duo: Project) -> None:
    (finding,) = check(duo, process="Balances = Balances or {}\nreturn Balance")
    assert finding == Finding(
        "processes/duo/hub/process.lua",
        2,
        "undefined-global",
        "error",
        "nothing in 'hub' gives 'Balance' a value. Did you mean 'Balances'?",
    )


def test_the_runtimes_globals_are_defined(duo: Project) -> None:
    text = "return Handlers, ao, Send, Owner, Inbox, Name, Colors, bit32, utf8, BundleHash"
    assert check(duo, process=text) == ()


def test_a_forgotten_local_is_a_warning(duo: Project) -> None:
    (finding,) = check(duo, process="function Run()\n  count = 1\nend")
    assert (finding.line, finding.code, finding.severity) == (2, "stray-global", "warning")


def test_a_bundle_that_fits_no_message_is_a_warning(duo: Project) -> None:
    (finding,) = check(duo, process="X = '" + "x" * 102_400 + "'")
    assert (finding.code, finding.severity) == ("bundle-size", "warning")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("return msg.Tags.VoteID", "tag-name"),
        ('return msg.Tags["op-id"]', "tag-name"),
        ("return tonumber(msg.Quantity)", "money-number"),
        ("return tonumber(msg.Tags.Quantity)", "money-number"),
        ('return tonumber(msg.Tags["Total-Amount"])', "money-number"),
        ("return os.time({ year = 2020 })", "clock"),
        ("return os.date()", "clock"),
        ("return os.clock()", "clock"),
        ('Handlers.add("A", "A", function(msg, env) end)', "handler-env"),
        ('Handlers.add("A", "A", a)\nHandlers.add("A", "B", b)', "handler-twice"),
        ('ao.send({ device = "patch@1.0", Balances = {} })', "patch-key"),
        ('ao.send({ device = "patch@1.0", ["Total-Supply"] = "1" })', "patch-key"),
        ('ao.send({ device = "patch@1.0", state = {} })', "patch-key"),
    ],
)
def test_a_hazard_is_found(text: str, code: str) -> None:
    assert [hazard.code for hazard in hazards(text)] == [code]


@pytest.mark.parametrize(
    "text",
    [
        'return msg.Tags.Quantity, msg.Tags["Op-Id"], msg.Tags["X-Action"]',
        "msg.Tags.VoteID = 1",
        'return ao.env.Process.Tags["aos-Version"]',
        "return msg.Tags[name]",
        "return tonumber(msg.Tags.Limit), tonumber(count), tonumber(msg.Quantity, 16)",
        "return os.time(), msg.Timestamp",
        'return os.date("!%Y", 0)',
        'Handlers.add("A", "A", function(msg) end)',
        'Handlers.add("A", "A", function(msg, _) end)',
        'Handlers.add("A", "A", a)\nHandlers.add("B", "B", b)',
        "local function add(one, two) end",
        'ao.send({ device = "patch@1.0", balances = {}, ["total-supply"] = "1" })',
        'ao.send({ Target = "x", Balances = {}, state = 1 })',
        "-- msg.Tags.VoteID\nreturn 'os.clock()'",
    ],
)
def test_what_is_no_hazard_is_left_alone(text: str) -> None:
    assert hazards(text) == []


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("VoteID", "Voteid"),
        ("x_foo", "X-Foo"),
        ("ALL-CAPS", "All-Caps"),
        ("Op-Id", "Op-Id"),
        ("some_tag-nAME", "Some-Tag-Name"),
    ],
)
def test_tag_names_are_rewritten_as_aos_does(name: str, seen: str) -> None:
    assert title_kebab(name) == seen


def test_every_code_is_told_in_the_documents() -> None:
    told = dict(re.findall(r"^## `([a-z-]+)` \((error|warning)\)$", DOCS.read_text(), re.MULTILINE))
    assert told == CODES


def test_the_bundles_of_this_project_have_no_errors() -> None:
    project = find_project(DOCS.parents[1], environment={})
    for bundle in project.bundles():
        findings = check_bundle(project, load_manifest(project, bundle))
        assert [finding for finding in findings if finding.severity == "error"] == []
