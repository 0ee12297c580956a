from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aosctl import lock
from aosctl.cli import main
from aosctl.project import Project

Run = Callable[..., Result]


@pytest.fixture
def run(duo: Project, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs one command in the project `duo`."""
    for name in [name for name in os.environ if name.startswith("AOSCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(duo.processes / "duo")  # any folder of the project will do

    def invoke(*arguments: str, stdin: str = "") -> Result:
        return CliRunner().invoke(main, arguments, input=stdin)

    return invoke


def document(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_plan_shows_each_step_with_its_exact_tags_and_writes_nothing(
    run: Run, duo: Project
) -> None:
    result = run("plan", "--json")
    assert result.exit_code == 3
    found = document(result)
    assert (found["schema"], found["network"], found["bundle"]) == (
        "aosctl.deploy/1",
        "local",
        "duo",
    )
    assert found["changed"] is True
    assert found["processes"] == {}
    spawn = found["steps"][0]
    assert (spawn["kind"], spawn["process"], spawn["item"], spawn["state"]) == (
        "spawn",
        "pool",
        None,
        "pending",
    )
    assert {"name": "Name", "value": "Pool"} in spawn["tags"]
    assert {"name": "Type", "value": "Process"} in spawn["tags"]
    assert [step["kind"] for step in found["steps"]] == [
        "spawn",
        "spawn",
        "eval",
        "eval",
        "configure",
        "configure",
        "configure",
        "verify",
        "verify",
    ]
    assert not duo.state_dir.exists()
    assert not duo.record.exists()


def test_plan_in_words_has_ids_that_are_to_come(run: Run) -> None:
    result = run("plan")
    assert result.exit_code == 3
    assert "Pool-Process = <id of pool>" in result.stdout
    assert result.stderr == ""


def test_deploy_makes_true_what_plan_showed(run: Run) -> None:
    result = run("deploy", "--json")
    assert result.exit_code == 0
    found = document(result)
    assert found["changed"] is True
    assert {step["state"] for step in found["steps"]} == {"done"}
    assert all(len(step["item"]) == 43 for step in found["steps"] if step["kind"] != "verify")
    assert sorted(found["processes"]["hub"]) == ["bundle_hash", "id", "module", "scheduler"]
    assert f"✓ spawn of pool  {found['processes']['pool']['id']}\n" in result.stderr
    after = run("plan")
    assert after.exit_code == 0
    assert after.stdout == "Nothing to do: the record agrees with the manifest and the sources.\n"
    assert after.stderr == "`aosctl verify` asks the processes themselves.\n"


def test_a_second_deploy_has_nothing_to_do(run: Run) -> None:
    first = document(run("deploy", "--json"))
    second = run("deploy", "--json")
    assert second.exit_code == 0
    found = document(second)
    assert (found["changed"], found["steps"]) == (False, [])
    assert found["processes"] == first["processes"]
    words = run("deploy")
    assert words.stdout == "Nothing to do: duo lives as its manifest says.\n"


def test_deploy_in_words_answers_names_and_ids_alone(run: Run) -> None:
    result = run("deploy", "duo")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [name for name, _ in lines] == ["pool", "hub"]
    assert {len(address) for _, address in lines} == {43}


def test_a_saved_plan_is_carried_out_as_it_is(run: Run, tmp_path: Path) -> None:
    saved = tmp_path / "plan.json"
    assert run("plan", "--out", str(saved)).exit_code == 3
    assert run("deploy", "--plan", str(saved)).exit_code == 0


def test_a_saved_plan_is_refused_when_anything_has_moved(
    run: Run, duo: Project, tmp_path: Path
) -> None:
    saved = tmp_path / "plan.json"
    run("plan", "--out", str(saved))
    source = duo.processes / "duo" / "hub" / "process.lua"
    source.write_text(source.read_text() + "-- more\n")
    result = run("deploy", "--plan", str(saved), "--json")
    assert result.exit_code == 1
    assert document(result)["kind"] == "DeployError"
    assert "have moved" in document(result)["message"]
    assert not duo.record.exists()


def test_two_deploys_at_once_are_one_and_an_error_that_names_it(run: Run, duo: Project) -> None:
    path = duo.record.with_name("deployments.json.lock")
    with lock.hold(path, what="the record"):
        result = run("deploy")
    assert result.exit_code == 1
    assert f"process {os.getpid()}" in result.stderr
    assert result.stdout == ""
    assert not duo.record.exists()


def test_verify_is_silent_about_what_is_as_recorded(run: Run) -> None:
    run("deploy")
    result = run("verify", "--json")
    assert result.exit_code == 0
    assert document(result) == {"schema": "aosctl.verify/1", "ok": True, "differences": []}
    assert run("verify").stdout == "All 2 processes are as recorded.\n"


def test_verify_exits_with_3_and_names_what_differs(run: Run, duo: Project) -> None:
    run("deploy")
    source = duo.processes / "duo" / "hub" / "process.lua"
    source.write_text(source.read_text() + "-- more\n")
    result = run("verify", "--json")
    assert result.exit_code == 3
    (difference,) = document(result)["differences"]
    assert (difference["process"], difference["field"]) == ("hub", "source")
    assert run("verify").stdout.startswith("hub  source: recorded ")


def test_verify_before_a_deploy_names_every_process(run: Run, duo: Project) -> None:
    result = run("verify")
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "pool  id: recorded nothing, live nothing",
        "hub  id: recorded nothing, live nothing",
    ]
    assert not duo.state_dir.exists()


def test_status_shows_the_record_and_what_lives(run: Run) -> None:
    before = document(run("status", "--json"))
    assert before["processes"]["hub"] == {"id": None, "recorded": {}, "live": None}
    run("deploy")
    after = document(run("status", "--json"))
    hub = after["processes"]["hub"]
    assert (after["schema"], hub["recorded"]["id"]) == ("aosctl.status/1", hub["id"])
    assert hub["live"]["Info"]["Name"] == "Hub"
    assert hub["live"]["Health"]["ready"] is True
    assert "Info, Health" in run("status").stdout


def test_bundle_prints_the_text_and_nothing_else(run: Run) -> None:
    result = run("bundle", "hub")
    assert result.exit_code == 0
    assert result.stdout.startswith("-- hub: ")
    assert result.stdout.splitlines()[-2].startswith('BundleHash = "')
    assert result.stderr == ""
    assert run("bundle", "duo/hub").stdout == result.stdout


def test_bundle_as_json_has_hash_size_and_files(run: Run) -> None:
    text = run("bundle", "hub").stdout
    found = document(run("bundle", "hub", "--json"))
    assert (found["schema"], found["process"]) == ("aosctl.bundle/1", "hub")
    assert found["size"] == len(text.encode())
    assert f'BundleHash = "{found["hash"]}"' in text
    assert found["files"][-1] == "processes/duo/hub/process.lua"
    assert found["line_map"][-1]["path"] == "processes/duo/hub/process.lua"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("bundle", "hob"), "no process of 'duo' is called 'hob'"),
        (("bundle", "dua/hub"), "no bundle is called 'dua'"),
        (("deploy", "trio"), "no bundle is called 'trio'"),
        (("plan", "--network", "nowhere"), "no network is called 'nowhere'"),
        (("deploy", "--network", "nowhere"), "no network is called 'nowhere'"),
        (("plan", "--wrong"), "No such option"),
    ],
)
def test_a_wrong_request_exits_with_2(run: Run, arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"Error: {message}")
    assert result.stdout == ""


def test_check_says_where_and_what_and_exits_with_1_for_errors(run: Run, duo: Project) -> None:
    assert run("check").stdout == "duo: nothing found.\n"
    source = duo.processes / "duo" / "hub" / "process.lua"
    source.write_text("os.clock()\n" + source.read_text())
    assert run("check").exit_code == 0  # a warning alone
    source.write_text(source.read_text() + "nowhere()\n")
    result = run("check")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "processes/duo/hub/process.lua:1: warning: os.clock gives no stable time on AO [clock]",
        (
            "processes/duo/hub/process.lua:4: error: nothing in 'hub' gives 'nowhere' a value "
            "[undefined-global]"
        ),
    ]
    found = document(run("check", "--json"))
    assert (found["schema"], found["ok"]) == ("aosctl.check/1", False)
    assert sorted(found["findings"][0]) == ["code", "line", "path", "severity", "text"]


@pytest.mark.parametrize(
    ("where", "text", "kind"),
    [
        ("processes/duo/hub/process.lua:1", "this is no Lua", "BundleError"),
        ("processes/duo/hub/process.lua:2", '\nrequire("lib.wordz")', "BundleError"),
        (
            "processes/duo/manifest.toml:3",
            "[bundle]\n[processes.hub]\nknowz = []",
            "ManifestError",
        ),
    ],
)
def test_bad_input_is_told_in_three_parts_and_changes_nothing(
    run: Run, duo: Project, where: str, text: str, kind: str
) -> None:
    (duo.root / where.partition(":")[0]).write_text(text)
    found = run("deploy", "--json")
    assert found.exit_code == 1
    assert (document(found)["schema"], document(found)["kind"]) == ("aosctl.error/1", kind)
    assert document(found)["where"] == where
    assert not duo.record.exists()
    words = run("deploy")
    assert (words.exit_code, words.stdout) == (1, "")
    assert words.stderr.splitlines()[1] == f"  {where}"


def test_a_corrupt_record_is_told_with_its_line_and_left_alone(run: Run, duo: Project) -> None:
    duo.record.write_text('{\n  "schema": oops\n}')
    for command in ("plan", "deploy", "verify", "status"):
        result = run(command)
        assert result.exit_code == 1
        assert "deployments.json:2:13" in result.stderr
    assert duo.record.read_text() == '{\n  "schema": oops\n}'


def test_a_bad_id_in_the_record_is_refused_by_every_command_that_reads_it(
    run: Run, duo: Project
) -> None:
    run("deploy")
    text = duo.record.read_text()
    hub = document(run("status", "--json"))["processes"]["hub"]["id"]
    bad = text.replace(f'"id": "{hub}"', '"id": "short"', 1)
    duo.record.write_text(bad)
    line = next(n for n, found in enumerate(bad.splitlines(), 1) if '"short"' in found)
    for command in (
        *(("plan",), ("deploy",), ("verify",), ("status",)),
        *(("send", "hub"), ("dryrun", "hub"), ("eval", "hub", "return 1"), ("trace", "latest")),
    ):
        result = run(*command, "--json")
        assert result.exit_code == 1, command
        found = document(result)
        assert found["kind"] == "RecordError"
        assert "local, duo, hub" in found["message"]
        assert "43 characters" in found["message"]
        assert found["where"] == f"{duo.record}:{line}"
    assert duo.record.read_text() == bad


def test_the_hint_for_a_corrupt_record_does_not_lead_to_a_second_system(
    run: Run, duo: Project
) -> None:
    duo.record.write_text("{")
    hint = document(run("deploy", "--json"))["hint"]
    assert "git checkout" in hint
    assert "without it a deploy would spawn every process anew" in hint


def test_processes_that_live_and_are_not_recorded_are_told_before_they_are_doubled(
    run: Run, duo: Project
) -> None:
    first = document(run("deploy", "--json"))["processes"]
    duo.record.unlink()
    for command in ("plan", "deploy"):
        result = run(command)
        for name in ("hub", "pool"):
            said = f"Note: '{name}' would be spawned anew, beside {first[name]['id']}, which lives"
            assert said in result.stderr
    assert run("deploy").stderr == ""  # recorded by now


def test_a_hole_in_the_log_is_no_drift_and_no_silence(run: Run, duo: Project) -> None:
    run("deploy")
    log = duo.state_dir / "local.sqlite"
    raw = bytearray(log.read_bytes())
    middle = len(raw) // 2 // 4096 * 4096
    raw[middle : middle + 8 * 4096] = bytes(8 * 4096)
    log.write_bytes(raw)
    for command in (
        *(("plan",), ("deploy",), ("verify",), ("status",)),
        *(("send", "hub"), ("dryrun", "hub"), ("trace", "latest")),
    ):
        result = run(*command, "--json")
        assert result.exit_code == 1, command
        assert document(result)["kind"] == "LogError"
        assert document(result)["where"] == str(log)


def test_a_deploy_with_nothing_to_do_finds_what_has_drifted(run: Run) -> None:
    run("deploy")
    run("eval", "hub", 'BundleHash = "other"')
    result = run("deploy", "--json")
    assert result.exit_code == 3
    found = document(result)
    assert found["kind"] == "DriftError"
    assert found["where"].startswith("hub  bundle_hash: recorded ")
    assert "aosctl bundle hub > build.lua" in found["hint"]


def test_what_verify_advises_mends_what_it_found(run: Run, tmp_path: Path) -> None:
    run("deploy")
    run("eval", "hub", 'BundleHash = "other" Handlers.remove("Info") Limits["Max-Size"] = "9"')
    result = run("verify")
    assert result.exit_code == 3
    assert "`aosctl bundle hub > build.lua`, then `aosctl eval hub --file" in result.stderr
    assert "`aosctl send hub --action Set-Limits` with the recorded tags" in result.stderr
    build = tmp_path / "build.lua"
    build.write_text(run("bundle", "hub").stdout)
    assert run("eval", "hub", "--file", str(build)).exit_code == 0
    run("send", "hub", "--action", "Set-Limits", "--tag", "Max-Size=10")
    assert run("verify").exit_code == 0


def test_verify_before_a_deploy_says_to_deploy_first(run: Run) -> None:
    lines = run("verify").stderr.splitlines()
    assert lines == ["Deploy first: `aosctl deploy` spawns what is not recorded yet."]


def test_a_plan_is_saved_where_there_is_a_folder_or_in_the_project(
    run: Run, duo: Project, tmp_path: Path
) -> None:
    assert run("plan", "--out", str(duo.root / "build" / "plan.json")).exit_code == 3
    assert (duo.root / "build" / "plan.json").exists()
    result = run("plan", "--out", str(tmp_path / "lost" / "plan.json"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"there is no folder '{tmp_path / 'lost'}'" in result.stderr
    assert "Make it first" in result.stderr
    assert not (tmp_path / "lost").exists()


@pytest.mark.parametrize(
    "command", [("send", "hub", "--data"), ("plan", "--network"), ("verify", "--projekt")]
)
def test_an_option_without_its_value_has_a_hint(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.exit_code == 2
    assert result.stderr.endswith(f"  aosctl {command[0]}\n  See `aosctl {command[0]} --help`.\n")


def test_a_lua_file_that_does_not_compile_has_a_hint(run: Run, duo: Project) -> None:
    (duo.processes / "duo" / "hub" / "process.lua").write_text("this is no Lua")
    assert "`aosctl check` names all" in document(run("plan", "--json"))["hint"]


def test_a_terminal_that_knows_ascii_alone_is_shown_what_it_can(run: Run, duo: Project) -> None:
    run("deploy")
    environment = {"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    for command in ("trace latest", "status", "deploy", "trace latest --format mermaid", "--help"):
        words = [sys.executable, "-m", "aosctl", *command.split()]
        where = [] if command == "--help" else ["--project", str(duo.root)]
        done = subprocess.run([*words, *where], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b""), command
        assert done.stdout.isascii()
        assert done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no file that is always full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_answer_that_nobody_can_take_is_told_on_stderr(
    run: Run, duo: Project, options: tuple[str, ...]
) -> None:
    run("deploy")
    words = [sys.executable, "-m", "aosctl", "status", "--project", str(duo.root), *options]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert done.stderr.decode().splitlines()[:2] == [
        "Error: the operating system refused: No space left on device",
        "  stdout",
    ]


@pytest.fixture
def stranger() -> Iterator[Callable[[], None]]:
    """Return what makes this process one that owns nothing here, where it was root."""
    me = os.geteuid()
    yield lambda: os.seteuid(65534) if me == 0 else None
    os.seteuid(me)


def test_what_only_reads_needs_no_right_to_write(
    run: Run, monkeypatch: pytest.MonkeyPatch, stranger: Callable[[], None]
) -> None:
    with tempfile.TemporaryDirectory() as name:  # that others may enter, unlike pytest's
        root = Path(name) / "project"
        shutil.copytree(Path(__file__).parent / "projects" / "duo", root)
        monkeypatch.chdir(root)
        assert run("deploy").exit_code == 0
        assert run("trace", "latest").exit_code == 0
        (root / ".aosctl" / "local.lock").unlink()
        folders = (Path(name), root, root / ".aosctl")
        for folder in folders:
            folder.chmod(0o555)
        stranger()
        for command in ("plan", "verify", "status", "dryrun hub --action Info", "trace latest"):
            result = run(*command.split())
            assert result.exit_code == 0, (command, result.output)
        refused = run("send", "hub", "--action", "Info")
        assert refused.exit_code == 1
        assert "ermission denied" in refused.stderr
        os.seteuid(os.getuid())
        for folder in folders:
            folder.chmod(0o755)


def test_the_record_may_be_elsewhere(run: Run, duo: Project, tmp_path: Path) -> None:
    record = tmp_path / "build" / "record.json"
    assert run("deploy", "--record", str(record)).exit_code == 0
    assert record.exists()
    assert (record.parent / ".aosctl").is_dir()
    assert not duo.record.exists()


def test_a_deploy_that_is_killed_is_finished_by_the_next(run: Run, duo: Project) -> None:
    """Kill -9 as soon as the record says that something is pending."""
    command = [sys.executable, "-m", "aosctl", "deploy", "--project", str(duo.root)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as deploy:
        assert deploy.stderr is not None
        while b"pending" not in (duo.record.read_bytes() if duo.record.exists() else b""):
            assert deploy.poll() is None
        deploy.kill()
    result = run("deploy", "--json")
    assert result.exit_code == 0
    found = document(result)
    ids = {entry["id"] for entry in found["processes"].values()}
    pending = json.loads(duo.record.read_text())["networks"]["local"]["duo"]
    assert ids == {entry["id"] for entry in pending.values()}
    assert document(run("verify", "--json"))["ok"] is True
    assert document(run("deploy", "--json"))["changed"] is False
