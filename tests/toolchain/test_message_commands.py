from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aosctl.cli import main
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork
from aosctl.project import Project
from aosctl.record import load_record

ALICE = name_address("alice")


class Shop:
    """A deployed shop, and the command line beside it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        assert self.run("deploy").exit_code == 0

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--project", str(self.project.root)])

    def ask(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == code, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document

    def id(self, name: str) -> str:
        return load_record(self.project.record).networks["local"]["shop"][name].id


@pytest.fixture
def deployed(shop: Project) -> Shop:
    return Shop(shop)


# --- send ----------------------------------------------------------------------------------------


def test_send_prints_what_came_back_from_everybody(deployed: Shop) -> None:
    document = deployed.ask(
        "send", "till", "--action", "Buy", "--tag", "Units=4", "--from", "alice"
    )
    parts = {"schema", "message", "process", "result", "text", "place", "replies"}
    assert set(document) == parts
    assert (document["text"], document["place"]) == (None, None)
    assert document["schema"] == "aosctl.result/1"
    assert document["process"] == deployed.id("till")
    assert set(document["result"]) == {"Messages", "Spawns", "Assignments", "Output", "Error"}
    assert document["result"]["Error"] is None
    (sent,) = document["result"]["Messages"]
    assert sent["Target"] == deployed.id("shelf")
    assert {"name": "Units", "value": "4"} in sent["Tags"]
    (reply,) = document["replies"]
    assert (reply["From"], reply["Action"]) == (deployed.id("till"), "Receipt")
    assert reply["Tags"]["Sale-Id"] == "sale-1"
    assert json.loads(reply["Data"])["left"] == ["6"]


def test_send_in_words_names_who_answers(deployed: Shop) -> None:
    result = deployed.run("send", "till", "--action", "Buy", "--tag", "Units=4", "--from", "alice")
    assert result.exit_code == 0
    *heading, data = result.stdout.splitlines()
    assert heading == ["till: Receipt", "  Sale-Id: sale-1", "  Units: 4"]
    assert json.loads(data) == {"left": ["6"], "sales": 1, "units": "4"}


def test_what_was_sent_stays(deployed: Shop) -> None:
    for left in ("9", "8"):
        document = deployed.ask("send", "shop/till", "--action", "Buy", "--tag", "Units=1")
        assert json.loads(document["replies"][0]["Data"])["left"] == [left]


def test_equal_messages_are_two_messages(deployed: Shop) -> None:
    ids = {deployed.ask("send", "till", "--action", "Health")["message"] for _ in range(2)}
    assert len(ids) == 2


def test_a_process_may_be_named_by_its_id(deployed: Shop) -> None:
    document = deployed.ask("send", deployed.id("shelf"), "--action", "Health")
    assert document["replies"][0]["Data"] == '{"stock":10}'


def test_no_answer_is_told_on_stderr(deployed: Shop) -> None:
    result = deployed.run("send", "till", "--action", "Lie", "--tag", "Sold=0")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("No answer: 'till' sent nothing back. See what it did: ")
    *_, message = result.stderr.split()
    assert "Lie  wallet → till" in deployed.run("trace", message).stdout


def test_no_answer_to_a_dry_run_leaves_nothing_to_trace(deployed: Shop) -> None:
    result = deployed.run("dryrun", "till", "--action", "Lie", "--tag", "Sold=0")
    assert result.exit_code == 0
    assert result.stderr == "No answer: 'till' sent nothing back.\n"


def test_data_may_come_from_a_file(deployed: Shop, tmp_path: Path) -> None:
    path = tmp_path / "code.lua"
    path.write_bytes(b"return '\xff' .. #Handlers.list")
    document = deployed.ask("send", "till", "--action", "Eval", "--data", f"@{path}")
    assert document["result"]["Output"]["data"].startswith("\N{REPLACEMENT CHARACTER}")


def test_a_handler_that_fails_is_told_with_file_and_line(deployed: Shop) -> None:
    result = deployed.run("send", "till", "--action", "Crash")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "'till' failed" in result.stderr
    assert "the till is on fire" in result.stderr
    source = deployed.project.root / "processes/shop/till/process.lua"
    line = source.read_text().splitlines().index('  error("the till is on fire")') + 1
    assert f"processes/shop/till/process.lua:{line}" in result.stderr


def test_a_handler_that_fails_is_an_error_in_the_document(deployed: Shop) -> None:
    document = deployed.ask("send", "till", "--action", "Crash", code=1)
    assert document["result"]["Error"] != document["text"]  # one is the network's own
    path = "processes/shop/till/process.lua"
    source = (deployed.project.root / path).read_text().splitlines()
    line = source.index('  error("the till is on fire")') + 1
    assert document["place"] == {"file": path, "line": line}
    assert document["text"] == f"{path}:{line}: the till is on fire"
    assert document["result"]["Messages"] == []


@pytest.mark.parametrize(
    ("process", "message", "hint"),
    [
        ("tlil", "no process 'tlil' is recorded on 'local'", "Did you mean 'till'?"),
        ("shop/tlil", "no process 'shop/tlil' is recorded", "Did you mean 'shop/till'?"),
        (ALICE, f"no process {ALICE} lives on 'local'", "`aosctl status` shows"),
    ],
)
def test_an_unknown_process_is_refused(
    deployed: Shop, process: str, message: str, hint: str
) -> None:
    result = deployed.run("send", process, "--action", "Health")
    assert result.exit_code == 2
    assert message in result.stderr
    assert hint in result.stderr


def test_before_anything_is_deployed_a_name_means_nothing(shop: Project) -> None:
    result = CliRunner().invoke(main, ["send", "till", "--project", str(shop.root)])
    assert result.exit_code == 2
    assert "Nothing is recorded there yet: deploy first" in result.stderr


@pytest.mark.parametrize("tag", ["Units", "=4"])
def test_a_tag_without_name_or_value_is_refused(deployed: Shop, tag: str) -> None:
    result = deployed.run("send", "till", "--tag", tag)
    assert result.exit_code == 2
    assert f"'{tag}' is no tag" in result.stderr


def test_a_value_may_hold_the_sign_that_ends_a_name(deployed: Shop) -> None:
    document = deployed.ask("send", "till", "--action", "Buy", "--tag", "Units=1", "--tag", "A=b=c")
    assert document["replies"][0]["Action"] == "Receipt"


@pytest.mark.parametrize("sender", ["", "a\tb", "a" * 44])
def test_a_sender_that_is_no_name_is_refused(deployed: Shop, sender: str) -> None:
    result = deployed.run("send", "till", "--action", "Health", "--from", sender)
    assert result.exit_code == 2
    assert "is no name and no address" in result.stderr


def test_a_name_in_a_tag_becomes_an_address(deployed: Shop) -> None:
    pairs = {"A": "name:alice", "B": "process:shelf", "C": "process:shop/till", "D": "name::alice"}
    tags = [part for pair in pairs.items() for part in ("--tag", "=".join(pair))]
    document = deployed.ask("send", "till", "--action", "Lie", "--tag", "Sold=0", *tags)
    with LocalNetwork(deployed.project.state_dir) as network:
        message = network.world.trace(document["message"]).step.message
    ids = [ALICE, deployed.id("shelf"), deployed.id("till"), "name:alice"]
    assert [message.tag(name) for name in pairs] == ids


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("process:tlil", "no process 'tlil' is recorded on 'local'"),
        ("process:", "no process '' is recorded on 'local'"),
        ("name:", "'' is no name and no address"),
    ],
)
def test_a_name_in_a_tag_that_nobody_has_is_refused(
    deployed: Shop, value: str, message: str
) -> None:
    for command in ("send", "dryrun"):
        result = deployed.run(command, "till", "--action", "Lie", "--tag", f"To={value}")
        assert result.exit_code == 2
        assert message in result.stderr


def test_messages_that_go_round_are_told_by_name_and_leave_nothing(deployed: Shop) -> None:
    lua = 'Handlers.add("R", "R", function() Send({ Target = ao.id, Action = "R" }) end)'
    assert deployed.run("eval", "till", lua).exit_code == 0
    before = (deployed.project.state_dir / "local.sqlite").read_bytes()
    result = deployed.run("send", "till", "--action", "R")
    assert result.exit_code == 1
    what, where, hint = result.stderr.splitlines()
    assert what == "Error: the messages go round: one has caused more than 10,000 deliveries"
    assert where == "  the last ones: till (R) -> till (R) -> till (R) -> till (R)"
    assert hint.startswith("  Nothing of it was kept.")
    assert (deployed.project.state_dir / "local.sqlite").read_bytes() == before


# --- dryrun --------------------------------------------------------------------------------------


def test_a_dry_run_answers_and_keeps_nothing(deployed: Shop) -> None:
    log = (deployed.project.state_dir / "local.sqlite").read_bytes()
    document = deployed.ask("dryrun", "till", "--action", "Health", "--from", "alice")
    assert document["message"] is None
    assert document["result"]["Messages"][0]["Target"] == ALICE
    assert json.loads(document["replies"][0]["Data"]) == {"score": 100, "sold": 0, "open": True}
    assert deployed.ask("dryrun", "till", "--action", "Crash", code=1)["result"]["Error"]
    assert (deployed.project.state_dir / "local.sqlite").read_bytes() == log


# --- eval ----------------------------------------------------------------------------------------


def test_eval_prints_what_the_text_returns(deployed: Shop) -> None:
    result = deployed.run("eval", "shelf", "return Stock * 2")
    assert (result.exit_code, result.stdout) == (0, "20\n")


def test_eval_takes_the_text_of_a_file(deployed: Shop, tmp_path: Path) -> None:
    path = tmp_path / "set.lua"
    path.write_text("Stock = 3\nreturn Stock")
    assert deployed.run("eval", "shelf", "--file", str(path)).stdout == "3\n"
    assert deployed.run("eval", "shelf", "return Stock").stdout == "3\n"


def test_an_eval_that_fails_exits_1_and_changes_nothing(deployed: Shop) -> None:
    result = deployed.run("eval", "shelf", "Stock = 0 error('no')")
    assert result.exit_code == 1
    assert "no" in result.stderr
    assert deployed.run("eval", "shelf", "return Stock").stdout == "10\n"


def test_a_syntax_error_is_told(deployed: Shop) -> None:
    document = deployed.ask("eval", "shelf", "foo(", code=1)
    assert "unexpected symbol near <eof>" in document["result"]["Error"]
    assert "unexpected symbol near <eof>" in document["text"]
    assert document["place"] is None


def test_eval_wants_either_text_or_file(deployed: Shop, tmp_path: Path) -> None:
    assert deployed.run("eval", "shelf").exit_code == 2
    path = tmp_path / "x.lua"
    path.write_text("return 1")
    assert deployed.run("eval", "shelf", "return 1", "--file", str(path)).exit_code == 2


def test_eval_in_a_process_of_somebody_else_is_refused(deployed: Shop) -> None:
    assert deployed.run("eval", "shelf", "Owner = 'x'").exit_code == 0
    result = deployed.run("eval", "shelf", "return Stock")
    assert result.exit_code == 1
    assert "only its owner may" in result.stderr


# --- advance -------------------------------------------------------------------------------------


def test_the_clock_moves_and_stays_moved(deployed: Shop) -> None:
    first = deployed.ask("advance", "1ms")
    second = deployed.ask("advance", "1h")
    assert second["now"] - first["now"] == 3_600_000
    assert second["height"] > first["height"]
    assert deployed.run("advance", "250ms").stdout.startswith("2026-01-01T01:00:0")


def test_crons_fire_while_the_clock_moves_and_are_counted(deployed: Shop) -> None:
    tags = make_tags({"Cron-Interval": "1-minute", "Cron-Tag-Action": "Tick"})
    with LocalNetwork(deployed.project.state_dir) as network:
        process = network.submit(network.sign_spawn(tags=tags))
    assert deployed.ask("advance", "1h")["crons"] == 60
    assert deployed.run("advance", "2m").stdout.endswith("  2 crons fired, 0 failed\n")
    seen = deployed.run("eval", process, "return #Inbox")
    assert seen.stdout == "63\n"  # the spawn and 62 ticks
    assert deployed.ask("trace", "latest")["root"]["action"] == "Eval"


def test_a_bad_duration_is_refused(deployed: Shop) -> None:
    result = deployed.run("advance", "soon")
    assert result.exit_code == 2
    assert "'soon' is no duration" in result.stderr
