from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aosctl.bundle import build_bundles
from aosctl.cli import main
from aosctl.manifest import load_manifest
from aosctl.networks.local import LocalNetwork
from aosctl.project import Project
from aosctl.scenario.invariants import load_invariants
from aosctl.scenario.source import make_scenario
from aosctl.smoke import Live, SmokeReport, run_smoke

ROOT = Path(__file__).parents[2]
Edit = Callable[[str, str, str], None]


def run(project: Project, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--project", str(project.root)])


def smoke(project: Project, *, code: int = 0) -> dict[str, Any]:
    result = run(project, "smoke", "--json")
    assert result.exit_code == code, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    assert document["ok"] is (code == 0)
    return document


def checks(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {check["name"]: check for check in document["checks"]}
    assert len(found) == len(document["checks"])
    return found


def failed(document: dict[str, Any]) -> dict[str, str]:
    return {check["name"]: check["detail"] for check in document["checks"] if not check["ok"]}


@pytest.fixture
def edit(shop: Project) -> Edit:
    """Replace a text that occurs once in a file of the bundle."""

    def edit(name: str, old: str, new: str) -> None:
        path = shop.root / "processes/shop" / name
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))

    return edit


def tree(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(p.relative_to(folder)): (p.read_bytes(), p.stat().st_mtime_ns) for p in files}


# --- a scenario that holds -----------------------------------------------------------------------


def test_a_scenario_that_holds_exits_0_with_a_check_a_step(shop: Project) -> None:
    document = smoke(shop)
    assert (document["schema"], document["network"], document["bundle"]) == (
        "aosctl.smoke/1",
        "local",
        "shop",
    )
    found = checks(document)
    assert found["configured: a sale completes"]["ok"] is True
    assert found["configured: '99' units are refused"]["ok"] is True
    assert found["invariant nothing_is_lost"]["detail"].startswith("held each of the ")
    assert all(set(check) <= {"name", "ok", "detail", "skipped"} for check in found.values())


def test_the_figures_are_those_of_the_processes(shop: Project) -> None:
    figures = smoke(shop)["figures"]
    assert figures.pop("trip_ms") > 0
    assert figures == {
        "sale": {"id": "sale-1", "units": ["4"], "left": 1},
        "takings": "10.00",
    }


def test_another_price_gives_another_figure(shop: Project, edit: Edit) -> None:
    edit("till/process.lua", "PRICE = 2500000", "PRICE = 3010000")
    assert smoke(shop)["figures"]["takings"] == "12.04"


def test_before_a_deploy_the_live_stage_is_skipped_and_nothing_is_made(shop: Project) -> None:
    before = tree(shop.root)
    check = checks(smoke(shop))["live: everybody answers Health (to till)"]
    assert (check["ok"], check["skipped"]) == (True, True)
    assert check["detail"] == "nothing is deployed on 'local' yet"
    assert tree(shop.root) == before


def test_what_is_deployed_is_asked_and_left_as_it_is(shop: Project) -> None:
    assert run(shop, "deploy").exit_code == 0
    assert run(shop, "send", "till", "--action", "Buy", "--tag", "Units=3").exit_code == 0
    before = tree(shop.root)
    found = checks(smoke(shop))
    assert "skipped" not in found["live: everybody answers Health (to till)"]
    assert found["live: invariant nothing_is_lost"]["detail"] == "holds"
    after = tree(shop.root)
    assert set(after) == set(before)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {".aosctl/local.lock"}


def test_a_law_that_is_broken_by_what_is_deployed_is_named(shop: Project) -> None:
    run(shop, "deploy")
    run(shop, "send", "till", "--action", "Lie", "--tag", "Sold=7")
    assert failed(smoke(shop, code=1)) == {
        "live: invariant nothing_is_lost": "as deployed: sold 7, stock 10"
    }


def test_what_is_partly_deployed_is_not_asked(shop: Project) -> None:
    run(shop, "deploy")
    record = json.loads(shop.record.read_text())
    del record["networks"]["local"]["shop"]["shelf"]
    shop.record.write_text(json.dumps(record))
    check = checks(smoke(shop))["live: everybody answers Health (to till)"]
    assert check["detail"] == "not deployed on 'local': shelf"


def test_two_runs_say_the_same(shop: Project) -> None:
    first, second = smoke(shop), smoke(shop)
    for document in (first, second):
        del document["figures"]["trip_ms"]
    assert first == second


# --- a scenario that does not hold ---------------------------------------------------------------


SALE, TAKES = "configured: a sale completes", "configured: only the till takes"
SPOOF = "configured: nobody is believed who says that he is the shelf"
TAKEN = '{ from = "shelf", to = "till", action = "Taken" },'
TAKE = '{ from = "till", to = "shelf", action = "Take" },'
TAKINGS = 'figures.takings = { published = "till", path = "takings", denomination = 6 }'


@pytest.mark.parametrize(
    ("change", "name", "detail"),
    [
        (
            ('{ matches = "sale-[0-9]+" }', '"sale-2"'),
            SALE,
            'tag Sale-Id is "sale-1", not "sale-2"',
        ),
        (("sales = 1,", 'sales = "1",'), SALE, 'in its JSON sales is 1, not "1"'),
        (
            (TAKEN, f"{TAKEN}\n{TAKE}"),
            SALE,
            "between the processes Take from till to shelf did not come",
        ),
        (('stock = "6"', 'stock = "7"'), SALE, 'shelf publishes otherwise: stock is "6", not "7"'),
        (
            ('never = [{ to = "till" }]', 'never = [{ to = "mallory" }]'),
            TAKES,
            "must never come, and did: Take-Error (Unauthorized) shelf → mallory",
        ),
        (
            ("silent = true", 'answers = [{ action = "No" }]'),
            SPOOF,
            "answer No did not come; there came: none",
        ),
        (
            (TAKINGS, TAKINGS.replace('"takings"', '"taking"')),
            SALE,
            "figures.takings: till has no 'taking'",
        ),
        (
            ('sold = "${units}"', 'sold = "5"'),
            "configured: a day passes",
            'till publishes otherwise: sold is "4", not "5"',
        ),
    ],
)
def test_an_expectation_that_is_not_met_is_a_named_check(
    shop: Project, edit: Edit, change: tuple[str, str], name: str, detail: str
) -> None:
    edit("smoke.toml", *change)
    found = failed(smoke(shop, code=1))
    assert set(found) == {name}
    assert detail in found[name]


def test_silence_that_is_broken_is_told(shop: Project, edit: Edit) -> None:
    edit("smoke.toml", 'never = [{ to = "till" }]', "silent = true")
    edit(
        "smoke.toml",
        'answers = [{ action = "Take-Error", tags = { Error = "Unauthorized" } }]\n',
        "",
    )
    found = failed(smoke(shop, code=1))
    assert found == {
        "configured: only the till takes": (
            "it is not silent: Take-Error (Unauthorized) shelf → mallory"
        )
    }


def test_a_change_where_there_must_be_none_is_told(shop: Project, edit: Edit) -> None:
    edit(
        "shelf/process.lua", "  if fault then\n", "  if fault then\n    Stock = 9\n    publish()\n"
    )
    found = failed(smoke(shop, code=1))
    detail = found["configured: '0' units are refused"]
    assert 'it changed: shelf.stock is "9", not "6"' in detail


def test_a_handler_that_fails_fails_the_step_with_file_and_line(shop: Project, edit: Edit) -> None:
    edit("shelf/process.lua", "  Stock = Stock - units\n", "  Stock = Stock - nothing\n")
    found = failed(smoke(shop, code=1))
    source = (shop.root / "processes/shop/shelf/process.lua").read_text().splitlines()
    line = source.index("  Stock = Stock - nothing") + 1
    detail = found["configured: a sale completes"]
    assert f"shelf failed on Take: processes/shop/shelf/process.lua:{line}: " in detail


def test_a_step_that_needs_what_none_gave_says_so(shop: Project, edit: Edit) -> None:
    edit("till/process.lua", 'Action = "Receipt"', 'Action = "Receit"')
    found = failed(smoke(shop, code=1))
    assert found["configured: only the till takes"] == (
        "it needs 'sale', which no step before has given"
    )


def test_a_broken_law_is_named_with_the_delivery_that_broke_it(shop: Project, edit: Edit) -> None:
    edit("shelf/process.lua", "  Stock = Stock - units\n", "  Stock = Stock + units\n")
    found = failed(smoke(shop, code=1))
    assert found["invariant stock_only_falls"] == "after shelf got Take from till: 14 after 10"
    assert found["invariant nothing_is_lost"] == (
        "at rest after 'a sale completes': sold 4, stock 14"
    )


def test_a_stage_that_does_not_start_is_a_named_check(shop: Project, edit: Edit) -> None:
    edit(
        "till/process.lua",
        '  msg.reply({ Action = "Set-Peers-Response" })',
        '  msg.reply({ Action = "Set-Peers-Error", Error = "No" })',
    )
    document = smoke(shop, code=1)
    assert "Set-Peers" in failed(document)["configured: it starts"]
    check = checks(document)["configured: a sale completes"]
    assert check["skipped"] is True
    assert "the stage did not start" in check["detail"]
    assert checks(document)["unconfigured: nothing is sold"]["ok"] is True


def test_messages_without_end_fail_the_step(shop: Project, edit: Edit) -> None:
    edit(
        "till/process.lua",
        'ao.send({ Target = msg.Tags.Buyer, Action = "Buy-Error", Error = msg.Tags.Error })',
        'ao.send({ Target = Peers.shelf, Action = "Take", Units = "0", Buyer = msg.Tags.Buyer })',
    )
    found = failed(smoke(shop, code=1))
    assert "has caused more than" in found["configured: '0' units are refused"]


# --- what is refused before anything is played ---------------------------------------------------


def test_a_bad_key_is_refused_with_its_line(shop: Project, edit: Edit) -> None:
    edit("smoke.toml", "silent = true", "silence = true")
    result = run(shop, "smoke")
    assert (result.exit_code, result.stdout) == (1, "")
    text = (shop.root / "processes/shop/smoke.toml").read_text().splitlines()
    assert "unknown key 'silence'" in result.stderr
    assert f"processes/shop/smoke.toml:{text.index('silence = true') + 1}" in result.stderr
    assert "Did you mean 'silent'?" in result.stderr


def test_a_missing_scenario_is_refused(shop: Project) -> None:
    (shop.root / "processes/shop/smoke.toml").unlink()
    result = run(shop, "smoke")
    assert result.exit_code == 1
    assert "docs/scenarios.md tells how to write one" in result.stderr


def test_broken_lua_is_refused(shop: Project, edit: Edit) -> None:
    edit("shelf/process.lua", "Stock = Stock or 10", "Stock = = 10")
    result = run(shop, "smoke", "--json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["kind"] == "BundleError"


# --- other networks ------------------------------------------------------------------------------


def report_on(project: Project, network: str, client: LocalNetwork | None = None) -> SmokeReport:
    manifest = load_manifest(project, "shop")
    folder = project.root / "processes/shop"
    text = (folder / "smoke.toml").read_text()
    scenario = make_scenario(text, shown="smoke.toml", processes=manifest.processes)
    path = folder / "invariants.lua"
    return run_smoke(
        scenario,
        manifest=manifest,
        bundles=build_bundles(project, manifest),
        invariants=load_invariants(project.root, path, laws=scenario.invariants),
        live=Live(network=network, client=client, why_not="" if client else "not here"),
    )


def test_elsewhere_what_needs_an_empty_bundle_is_skipped_with_the_reason(shop: Project) -> None:
    report = report_on(shop, "mainnet")
    assert report.ok
    assert all(check.skipped for check in report.checks)
    reasons = {check.detail for check in report.checks if check.name.startswith("configured")}
    assert reasons == {
        "it needs a bundle that is configured and empty; on 'mainnet' there is only the one in use"
    }


# --- health --------------------------------------------------------------------------------------


def test_health_is_the_score_of_the_process_that_knows(shop: Project) -> None:
    run(shop, "deploy")
    document = json.loads(run(shop, "health", "--json").stdout)
    assert document == {
        "schema": "aosctl.health/1",
        "score": 100,
        "parts": {"sold": 0, "open": True},
    }
    lines = run(shop, "health").stdout.splitlines()
    assert lines[1].split() == ["score", "100"]


def test_health_of_what_is_not_deployed_is_refused(shop: Project) -> None:
    result = run(shop, "health")
    assert result.exit_code == 2
    assert "'till' is not deployed on 'local'" in result.stderr


def test_health_without_anybody_who_knows_it_is_refused(shop: Project) -> None:
    path = shop.root / "processes/shop/manifest.toml"
    text = path.read_text()
    path.write_text(text[: text.index("[health]")] + text[text.index("[status]") :])
    result = run(shop, "health")
    assert result.exit_code == 1
    assert "Add a table [health]" in result.stderr


def test_a_score_that_is_no_number_is_refused(shop: Project, edit: Edit) -> None:
    edit("manifest.toml", 'score = "score"', 'score = "open"')
    run(shop, "deploy")
    result = run(shop, "health")
    assert result.exit_code == 1
    assert "'till' gives no number as its open" in result.stderr


# --- TIM3 ----------------------------------------------------------------------------------------


def test_tim3_runs_end_to_end_with_its_figures(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "processes", tmp_path / "processes")
    project = Project(tmp_path, tmp_path / "deployments.json", tmp_path / ".aosctl")
    assert run(project, "deploy", "tim3").exit_code == 0
    result = run(project, "smoke", "tim3", "--json")
    document = json.loads(result.stdout)
    assert failed(document) == {}
    assert result.exit_code == 0
    assert not any(check.get("skipped") for check in document["checks"])
    figures = document["figures"]
    assert figures.pop("round_trip_ms") > 0
    assert figures == {
        "minted": "100",
        "redeemed": "40",
        "supply": "60",
        "locked": "60",
        "held": "60",
        "health_before": 85,
        "health_after": 100,
    }
