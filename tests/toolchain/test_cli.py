from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from aosctl import lock
from aosctl.cli import COMMANDS, main
from aosctl.project import Project

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None
    return found


# --- help ----------------------------------------------------------------------------------------


def test_help_loads_neither_a_lua_runtime_nor_a_renderer() -> None:
    code = (
        "import sys; from aosctl.cli import main; main(['--help'], standalone_mode=False); "
        "heavy = {'rich', 'lupa', 'msgspec', 'cryptography', 'requests'} & set(sys.modules); "
        "sys.exit(' '.join(sorted(heavy)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_each_says_of_itself(name: str) -> None:
    text = (command(name).help or "").strip().partition("\n\n")[0]
    assert " ".join(text.split()) == COMMANDS[name][1]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_opens_with_a_sentence_and_ends_with_invocations(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert COMMANDS[name][1] in result.stdout
    assert len(examples(result.stdout)) in {2, 3}
    assert result.stdout.rstrip().splitlines()[-1] == f"  {examples(result.stdout)[-1]}"


def test_outside_a_project_the_examples_have_names_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "aosctl send till --action Info" in examples(run("send", "--help").stdout)


def examples(help_text: str) -> list[str]:
    return re.findall(r"^  (aosctl .*)$", help_text.partition("Examples:")[2], re.MULTILINE)


def test_every_invocation_in_the_help_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "processes", tmp_path / "processes")
    shutil.copytree(ROOT / "tests/vectors", tmp_path / "tests/vectors")
    monkeypatch.chdir(tmp_path)  # examples name what is in the project here
    lines = ["aosctl deploy"]
    lines += [line for name in COMMANDS for line in examples(run(name, "--help").stdout)]
    assert len(lines) > 2 * len(COMMANDS)
    for line in lines:
        done = shell(line, tmp_path)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        if "--json" in line:
            assert json.loads(done.stdout)["schema"].startswith("aosctl.")


def shell(line: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = f"{sys.executable} -m aosctl"
    environment = {k: v for k, v in os.environ.items() if not k.startswith("AOSCTL_")}
    return subprocess.run(  # noqa: S602 - as a person types it
        line.replace("aosctl", program, 1),
        shell=True,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_a_command_the_help_goes_to_stderr() -> None:
    result = run()
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("Usage: aosctl")


def test_the_version_is_told() -> None:
    assert re.fullmatch(r"aosctl \d+\.\d+\.\d+\n", run("--version").stdout)


# --- failures ------------------------------------------------------------------------------------


def test_a_failure_is_told_in_three_parts_on_stderr() -> None:
    result = run("depoly")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "Error: no command is called 'depoly'\n  aosctl\n  Did you mean 'deploy'?\n"
    )


def test_with_json_a_failure_is_a_document_on_stdout() -> None:
    result = run("depoly", "--json")
    assert result.exit_code == 2
    assert result.stderr == ""
    assert json.loads(result.stdout) == {
        "schema": "aosctl.error/1",
        "kind": "UsageError",
        "message": "no command is called 'depoly'",
        "where": "aosctl",
        "hint": "Did you mean 'deploy'?",
    }


def test_json_behind_two_dashes_is_no_option() -> None:
    result = run("depoly", "--", "--json")
    assert result.stdout == ""


def test_an_unknown_option_is_wrong_usage() -> None:
    result = run("deploy", "--yse", "--json")
    assert result.exit_code == 2
    document = json.loads(result.stdout)
    assert document["kind"] == "UsageError"
    assert "--yse" in document["message"]
    assert document["where"] == "aosctl deploy"


def test_outside_a_project_a_command_says_where_it_looked(tmp_path: Path) -> None:
    result = run("status", "--project", str(tmp_path))
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unknown_network_is_refused(shop: Project) -> None:
    result = run("health", "--project", str(shop.root), "--network", "locale")
    assert result.exit_code == 2
    assert "no network is called 'locale'" in result.stderr
    assert "Did you mean 'local'?" in result.stderr


def test_what_the_operating_system_refuses_has_no_traceback(shop: Project) -> None:
    result = run("send", "till", "--data", "@missing.txt", "--project", str(shop.root), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["message"] == "the operating system refused: No such file or directory"
    assert document["where"] == "missing.txt"


def test_a_damaged_log_has_no_traceback(shop: Project) -> None:
    shop.state_dir.mkdir(parents=True)
    (shop.state_dir / "local.sqlite").write_bytes(b"nonsense" * 1000)
    result = run("advance", "5m", "--project", str(shop.root), "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["kind"] == "LogError"


def test_a_failure_of_our_own_comes_with_its_traceback(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: str) -> int:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("aosctl.cli.messages.parse_duration", fail)
    result = run("advance", "5m", "--project", str(shop.root), "--json")
    assert result.exit_code == 1
    assert "Traceback" in result.stderr
    assert json.loads(result.stdout)["message"] == "aosctl itself failed: by zero"


def test_an_interrupted_command_exits_130(shop: Project) -> None:
    command = [sys.executable, "-m", "aosctl", "advance", "5m", "--project", str(shop.root)]
    with lock.hold(shop.state_dir / "local.lock", what="the log"):
        waiting = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        time.sleep(1)  # by then it waits for the lock
        waiting.send_signal(signal.SIGINT)
        output, errors = waiting.communicate(timeout=10)
    assert (waiting.returncode, output) == (130, b"")
    assert errors.decode().split() == ["Interrupted."]


def test_options_have_variables(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOSCTL_PROJECT", str(shop.root))
    monkeypatch.setenv("AOSCTL_STATE_DIR", str(shop.root / "elsewhere"))
    monkeypatch.setenv("AOSCTL_RECORD", str(shop.root / "record.json"))
    assert run("deploy").exit_code == 0
    assert (shop.root / "elsewhere/local.sqlite").exists()
    assert (shop.root / "record.json").exists()
    assert not (shop.root / ".aosctl").exists()


def test_an_option_goes_over_its_variable(shop: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AOSCTL_NETWORK", "nowhere")
    result = run("advance", "5m", "--network", "local", "--project", str(shop.root))
    assert result.exit_code == 0
