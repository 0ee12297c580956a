from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from aosctl.cli import main
from aosctl.directory import Directory
from aosctl.message import Message, make_tags, name_address
from aosctl.project import Project
from aosctl.scenario.player import Check, Picture
from aosctl.smoke import SmokeReport
from aosctl.view.report import make_report, write_report

ALICE, TILL = name_address("alice"), name_address("till")
SALE = Picture(
    "A sale",
    (Message(sender=ALICE, target=TILL, tags=make_tags({"Action": "Buy"})),),
    Directory({"till": TILL}, {"alice": ALICE}),
)


def report(*checks: Check) -> SmokeReport:
    return SmokeReport(
        network="local",
        bundle="shop",
        about="a shop",
        checks=checks,
        figures={"sold": "4", "score": 85},
        pictures=(SALE,),
    )


def test_a_report_has_its_sum_figures_checks_and_pictures() -> None:
    held = Check(name="one", ok=True, detail="seen")
    skipped = Check(name="two", ok=True, detail="not here", skipped=True)
    assert make_report(report(held, skipped)) == (
        "# Integration report: shop on local\n\n"
        "a shop\n\n"
        "**shop on local holds: 1 held, 0 failed, 1 skipped.**\n\n"
        "## Figures\n\n"
        "| Figure | Value |\n| --- | --- |\n| sold | 4 |\n| score | 85 |\n\n"
        "## Checks\n\n"
        "|  | Check | What was seen |\n| --- | --- | --- |\n"
        "| ok | one | seen |\n| skipped | two | not here |\n\n"
        "## A sale\n\n"
        "```mermaid\n"
        "sequenceDiagram\n    autonumber\n    actor p0 as alice\n    participant p1 as till\n"
        "    p0->>p1: Buy\n"
        "```\n"
    )


def test_a_failed_check_stands_out() -> None:
    text = make_report(report(Check(name="one", ok=False, detail="no")))
    assert "**shop on local FAILS: 0 held, 1 failed.**" in text
    assert "| FAILED | one | no |" in text


def test_what_processes_say_stays_in_its_cell() -> None:
    text = make_report(report(Check(name="a|b", ok=True, detail="x\n| <b> _y_ `z` |")))
    assert "| ok | a\\|b | x \\| &lt;b> \\_y\\_ 'z' \\| |" in text


def test_a_report_is_written_into_a_folder_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "build/report.md"
    write_report(path, report())
    assert path.read_text().startswith("# Integration report")


def test_smoke_writes_the_messages_that_there_really_were(shop: Project, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    arguments = ["smoke", "--report", str(path), "--project", str(shop.root)]
    assert CliRunner().invoke(main, arguments).exit_code == 0
    text = path.read_text()
    arrows = [line.strip() for line in text.splitlines() if "->>" in line]
    assert arrows == ["p0->>p1: Buy", "p1->>p2: Take", "p2->>p1: Taken", "p1->>p0: Receipt"]
    assert "| takings | 10.00 |" in text


def test_a_report_is_written_when_something_failed_too(shop: Project, tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    scenario = shop.root / "processes/shop/smoke.toml"
    scenario.write_text(scenario.read_text().replace('stock = "6"', 'stock = "5"'))
    arguments = ["smoke", "--report", str(path), "--project", str(shop.root)]
    assert CliRunner().invoke(main, arguments).exit_code == 1
    assert "FAILED" in path.read_text()
