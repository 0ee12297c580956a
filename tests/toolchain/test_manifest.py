from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aosctl.errors import ManifestError
from aosctl.manifest import SECTIONS, TABLES, Manifest, load_manifest, make_manifest
from aosctl.project import Project, find_project

TIM3 = Path(__file__).parents[2] / "processes" / "tim3"
GOOD = """\
[processes.pool]
knows = ["hub"]
tags = { Name = "Pool" }

[processes.hub]
[processes.hub.tags]
Name = "Hub"
[processes.hub.limits]
Max-Size = "10"

[configure]
action = "Set-Peers"

[limits]
action = "Set-Limits"

[ready]
process = "hub"
action = "Health"
field = "ready"
"""


def make(text: str) -> Manifest:
    return make_manifest(text, bundle="duo", shown="m.toml")


def refusal(text: str) -> tuple[str, str | None, str | None]:
    with pytest.raises(ManifestError) as caught:
        make(text)
    return caught.value.message, caught.value.where, caught.value.hint


def test_what_is_left_out_has_its_default() -> None:
    manifest = make(GOOD)
    assert manifest.source("hub") == "hub/process.lua"
    assert manifest.configure is not None
    assert manifest.configure.answer == "Set-Peers-Response"
    assert manifest.ready is not None
    assert (manifest.ready.missing, manifest.ready.tries) == ("missing", 10)
    assert manifest.verify is None


def test_a_process_is_told_of_its_peers_by_tags_in_title_kebab() -> None:
    configure = make(GOOD).configure
    assert configure is not None
    assert configure.tag_for("lock_manager") == "Lock-Manager-Process"
    other = make(GOOD.replace('"Set-Peers"', '"Set-Peers"\npeer_tag = "Peer-{Name}"')).configure
    assert other is not None
    assert other.tag_for("hub") == "Peer-Hub"


@pytest.mark.parametrize(
    ("old", "new", "message", "line", "hint"),
    [
        (
            "knows =",
            "knowz =",
            "unknown key 'knowz' in [processes.pool]",
            2,
            "Did you mean 'knows'?",
        ),
        ("[limits]", "[limit]", "unknown key 'limit'", 14, "Did you mean 'limits'?"),
        (
            "field =",
            "zzz =",
            "unknown key 'zzz' in [ready]",
            20,
            (
                "Known here: 'action', 'answer', 'field', 'missing', 'nudge', 'process', 'tries', "
                "'wait_ms'."
            ),
        ),
        (
            '["hub"]',
            '["hob"]',
            "[processes.pool] knows names 'hob', which is no process of this bundle",
            2,
            "Did you mean 'hub'?",
        ),
        ('["hub"]', '["hub", "hub"]', "[processes.pool] knows names 'hub' twice", 2, None),
        ('["hub"]', '["pool"]', "'pool' need not know itself", 2, None),
        (
            'process = "hub"',
            'process = "zzz"',
            "[ready] process names 'zzz', which is no process of this bundle",
            18,
            "Its processes: 'hub', 'pool'.",
        ),
        (
            '"10"',
            "10",
            "[processes.hub.limits] Max-Size must be a text, not a number",
            9,
            'Write it in quotes: "10".',
        ),
        (
            '["hub"]',
            '"hub"',
            "[processes.pool] knows must be a list of texts, not a text",
            2,
            'Write it in brackets: ["one", "two"].',
        ),
        (
            '["hub"]',
            "5",
            "[processes.pool] knows must be a list of texts, not a number",
            2,
            'Write it in brackets: ["one", "two"].',
        ),
        (
            'action = "Set-Peers"',
            "",
            "[configure] lacks 'action'",
            11,
            None,
        ),
        (
            "[configure]",
            "[configure]\nlast = ['nobody']",
            "[configure] last names 'nobody', which is no process of this bundle",
            12,
            "Its processes: 'hub', 'pool'.",
        ),
        ('"Pool"', '""', "tag 'Name' must have a value of 1 to 3072 bytes", 3, None),
        (
            'Name = "Hub"',
            'Name = "Hub"\nname = "hub"',
            "tag 'name' is there as 'Name' already",
            8,
            None,
        ),
        (
            'Name = "Hub"',
            'Module = "x"',
            "tag 'Module' is written by aosctl",
            7,
            "Module, scheduler and authority are set in [networks.NAME].",
        ),
        (
            "[processes.pool]",
            "[processes.Pool]",
            "'Pool' is no name for a process",
            1,
            "Use small letters, digits and _, up to 40, a letter first.",
        ),
        (
            "[ready]",
            '[networks.far]\nmodule = "short"\n[ready]',
            "[networks.far] module: 'short' is no id",
            18,
            "An id has 43 characters: letters, digits, - and _.",
        ),
        (
            '[limits]\naction = "Set-Limits"',
            "",
            "'hub' has limits, but nothing says how to send them",
            8,
            "Add a table [limits] with an action.",
        ),
    ],
)
def test_what_cannot_be_followed_is_refused_with_its_line(
    old: str, new: str, message: str, line: int, hint: str | None
) -> None:
    assert refusal(GOOD.replace(old, new, 1)) == (message, f"m.toml:{line}", hint)


def test_text_that_is_no_toml_is_refused_with_its_line() -> None:
    message, where, hint = refusal(GOOD + "\n[unclosed\n")
    assert message.startswith("the manifest is no TOML: ")
    assert hint is not None
    assert "docs/manifest.md" in hint
    assert where == "m.toml:22"


def test_a_table_twice_is_refused() -> None:
    message, where, _ = refusal(GOOD + '[limits]\naction = "Again"\n')
    assert message.startswith("the manifest is no TOML: ")
    assert where == "m.toml:21"


def test_a_value_where_a_table_belongs_is_refused() -> None:
    assert refusal("processes = 1")[0] == "[processes] must be a table of tables"
    assert refusal("limits = 1")[0] == "[limits] must be a table"
    assert refusal("[processes]\nhub = 1")[0] == "[processes.hub] must be a table"


def test_a_manifest_without_processes_is_refused() -> None:
    assert refusal("")[0] == "the manifest has no process"


def test_a_source_that_is_not_there_is_refused_with_the_nearest_file(duo: Project) -> None:
    path = duo.manifest("duo")
    text = path.read_text().replace("[processes.hub]", '[processes.hub]\nsource = "hub/proces.lua"')
    path.write_text(text)
    with pytest.raises(ManifestError, match="the source of 'hub' is not there") as caught:
        load_manifest(duo, "duo")
    assert caught.value.where == "processes/duo/manifest.toml:10"
    assert caught.value.hint == "Did you mean 'hub/process.lua'?"


def test_a_folder_that_is_misspelt_is_offered_as_it_is_written(duo: Project) -> None:
    path = duo.manifest("duo")
    path.write_text(path.read_text() + "[processes.hup]\n")
    with pytest.raises(ManifestError, match="the source of 'hup' is not there") as caught:
        load_manifest(duo, "duo")
    assert caught.value.hint == "Did you mean 'hub/process.lua'?"


def test_the_source_of_a_new_process_is_asked_for_and_no_other_offered(duo: Project) -> None:
    path = duo.manifest("duo")
    path.write_text(path.read_text() + "[processes.sixth]\n")
    with pytest.raises(ManifestError, match="the source of 'sixth' is not there") as caught:
        load_manifest(duo, "duo")
    assert caught.value.hint == "Make that file, or name another with `source`."


def test_a_manifest_that_is_no_text_is_refused_with_its_line(duo: Project) -> None:
    path = duo.manifest("duo")
    path.write_bytes(path.read_bytes() + b"\n# \xff\n")
    with pytest.raises(ManifestError, match="is no UTF-8 text") as caught:
        load_manifest(duo, "duo")
    lines = path.read_bytes().count(b"\n")
    assert caught.value.where == f"processes/duo/manifest.toml:{lines}"


def test_a_manifest_that_is_not_there_is_refused(duo: Project) -> None:
    with pytest.raises(ManifestError, match="cannot read"):
        load_manifest(duo, "trio")


def test_the_documents_tell_every_key() -> None:
    docs = (TIM3.parents[1] / "docs" / "manifest.md").read_text()
    for section, kind in (SECTIONS | TABLES).items():
        assert f"[{section}" in docs
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in docs or f"{field.name} = " in docs


def test_tim3_declares_its_five_processes() -> None:
    manifest = load_manifest(find_project(TIM3.parents[1], environment={}), "tim3")
    assert sorted(manifest.processes) == [
        "coordinator",
        "lock_manager",
        "mock_usda",
        "state_manager",
        "token_manager",
    ]
    assert manifest.configure is not None
    assert manifest.configure.last == ("coordinator",)
    assert {wish.tags["Denomination"] for wish in manifest.processes.values()} == {"12"}


def test_the_limits_of_tim3_agree_with_each_other() -> None:
    manifest = load_manifest(find_project(TIM3.parents[1], environment={}), "tim3")
    limits = manifest.processes["coordinator"].limits
    rising = ("Min-Mint", "Max-Mint", "User-Window-Cap", "Window-Cap", "Supply-Cap")
    amounts = [int(limits[name]) for name in rising]
    assert amounts == sorted(amounts)
    assert all(amount % 10**12 == 0 for amount in amounts[1:])
