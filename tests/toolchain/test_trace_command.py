from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aosctl.cli import main
from aosctl.project import Project

ROOT = Path(__file__).parents[2]


class Desk:
    """The command line of one project."""

    def __init__(self, project: Project) -> None:
        self.root = project.root

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(main, [*arguments, "--project", str(self.root)])

    def ask(self, *arguments: str) -> dict[str, Any]:
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document


@pytest.fixture
def desk(shop: Project) -> Desk:
    desk = Desk(shop)
    assert desk.run("deploy").exit_code == 0
    return desk


@pytest.fixture
def sale(desk: Desk) -> str:
    message: str = desk.ask("send", "till", "--action", "Buy", "--tag", "Units=4")["message"]
    return message


def line_of(desk: Desk, process: str, text: str) -> int:
    path = desk.root / f"processes/shop/{process}/process.lua"
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def test_a_trace_is_a_tree_of_deliveries_with_their_handlers(desk: Desk, sale: str) -> None:
    document = desk.ask("trace", sale)
    assert document["schema"] == "aosctl.trace/1"
    root = document["root"]
    assert (root["message"], root["process"], root["action"]) == (sale, "till", "Buy")
    assert (root["from"], root["handler"]) == ("wallet", "Buy")
    assert root["file"] == "processes/shop/till/process.lua"
    (take,) = root["children"]
    assert (take["process"], take["from"], take["handler"]) == ("shelf", "till", "Take")
    assert take["file"] == "processes/shop/shelf/process.lua"
    assert take["line"] == line_of(desk, "shelf", 'Handlers.add("Take"')
    (taken,) = take["children"]
    (receipt,) = taken["children"]
    assert (receipt["process"], receipt["action"]) == ("wallet", "Receipt")
    assert (receipt["handler"], receipt["file"], receipt["cost"]) == (None, None, None)
    assert receipt["children"] == []


def test_a_trace_counts_and_names_what_changed(desk: Desk, sale: str) -> None:
    root = desk.ask("trace", sale)["root"]
    take = root["children"][0]
    assert take["changed"] == ["Stock"]
    assert take["children"][0]["changed"] == ["Sales", "Sold"]
    assert isinstance(take["cost"], int)
    assert 0 < take["cost"] < 10_000
    assert take["lost"] == []  # what is published is not meant to arrive


def test_latest_is_the_last_message_from_outside(desk: Desk, sale: str) -> None:
    assert desk.ask("trace", "latest")["root"]["message"] == sale


def test_the_tree_is_readable(desk: Desk, sale: str) -> None:
    lines = desk.run("trace", sale).stdout.splitlines()
    line = line_of(desk, "till", 'Handlers.add("Buy"')
    place = f"processes/shop/till/process.lua:{line}"
    assert lines[0].startswith(f"Buy  wallet → till  [Buy]  {place}")
    assert any("Take  till → shelf  [Take]" in line for line in lines)
    assert any(line.endswith("changed: Stock") for line in lines)


def test_an_error_is_shown_with_file_and_line(desk: Desk) -> None:
    desk.run("send", "till", "--action", "Crash")
    root = desk.ask("trace", "latest")["root"]
    place = f"processes/shop/till/process.lua:{line_of(desk, 'till', 'the till is on fire')}"
    assert f"{place}: the till is on fire" in root["error"]
    assert "error: " in desk.run("trace", "latest").stdout


def test_places_are_those_of_what_was_deployed_whatever_became_of_the_sources(
    desk: Desk, sale: str
) -> None:
    before = desk.ask("trace", sale)["root"]
    path = desk.root / "processes/shop/till/process.lua"
    path.write_text("-- one line more\n" + path.read_text())
    desk.run("deploy")
    assert desk.ask("trace", sale)["root"] == before
    assert before["file"] == "processes/shop/till/process.lua"


def test_a_diagram_draws_messages_in_the_order_of_delivery(desk: Desk, sale: str) -> None:
    lines = desk.run("trace", sale, "--format", "mermaid").stdout.splitlines()
    assert lines[0] == "sequenceDiagram"
    arrows = [line.strip() for line in lines if "->>" in line]
    assert arrows == ["p0->>p1: Buy", "p1->>p2: Take", "p2->>p1: Taken", "p1->>p0: Receipt"]


def test_a_mint_is_traced_through_all_five_processes(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "processes", tmp_path / "processes")
    desk = Desk(Project(root=tmp_path, record=tmp_path / "d.json", state_dir=tmp_path / ".aosctl"))
    custody = desk.ask("deploy")["processes"]["lock_manager"]["id"]
    desk.run("send", "mock_usda", "--action", "Mint", "--tag", "Quantity=100")
    deposit = [
        "--tag",
        f"Recipient={custody}",
        "--tag",
        "Quantity=100",
        "--tag",
        "X-Action=Mint-TIM3",
    ]
    message = desk.ask("send", "mock_usda", "--action", "Transfer", *deposit)["message"]
    seen = []

    def walk(node: dict[str, Any]) -> None:
        seen.append((node["from"], node["process"], node["action"]))
        assert node["error"] is None
        for child in node["children"]:
            walk(child)

    walk(desk.ask("trace", message)["root"])
    for step in [
        ("wallet", "mock_usda", "Transfer"),
        ("mock_usda", "lock_manager", "Credit-Notice"),
        ("lock_manager", "coordinator", "LockCollateral-Success"),
        ("coordinator", "token_manager", "Mint"),
        ("token_manager", "coordinator", "Mint-Response"),
        ("coordinator", "lock_manager", "Consume-Lock"),
        ("coordinator", "state_manager", "UpdatePosition"),
        ("coordinator", "wallet", "MintTIM3-Response"),
    ]:
        assert step in seen


# --- what is refused -----------------------------------------------------------------------------


def test_a_bad_id_is_refused(desk: Desk) -> None:
    result = desk.run("trace", "abc")
    assert result.exit_code == 2
    assert "'abc' is no message id" in result.stderr


def test_an_unknown_message_is_refused(desk: Desk) -> None:
    result = desk.run("trace", "x" * 43)
    assert result.exit_code == 2
    assert "was never delivered here" in result.stderr


def test_before_anything_was_sent_there_is_no_latest(shop: Project) -> None:
    result = Desk(shop).run("trace", "latest")
    assert result.exit_code == 2
    assert "nothing has been sent yet" in result.stderr


def test_an_unknown_format_is_refused(desk: Desk) -> None:
    assert desk.run("trace", "latest", "--format", "xml").exit_code == 2
