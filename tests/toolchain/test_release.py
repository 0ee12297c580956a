from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
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
    assert "spawn      pool  done" in result.stderr
    after = run("plan")
    assert (after.exit_code, after.stdout) == (0, "Nothing to do.\n")


def test_a_second_deploy_has_nothing_to_do(run: Run) -> None:
    first = document(run("deploy", "--json"))
    second = run("deploy", "--json")
    assert second.exit_code == 0
    found = document(second)
    assert (found["changed"], found["steps"]) == (False, [])
    assert found["processes"] == first["processes"]
    words = run("deploy")
    assert words.stdout == "Nothing to do: duo is as its manifest says.\n"


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
