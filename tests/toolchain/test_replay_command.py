from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from aosctl.cli import main

VECTORS = Path(__file__).parents[1] / "vectors/aos"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def altered(tmp_path: Path) -> Path:
    """Return a trace in which one recorded answer is another."""
    document = json.loads((VECTORS / "handlers.json").read_text())
    step = document["cases"][0]["steps"][-1]
    assert "Output" in step["expected"]
    step["expected"]["Messages"].append({"Target": "x", "Tags": [], "Anchor": "", "Data": "y"})
    path = tmp_path / "altered.json"
    path.write_text(json.dumps(document))
    return path


def test_equal_traces_exit_0() -> None:
    files = [str(VECTORS / f"{name}.json") for name in ("handlers", "send")]
    result = run(*files, "--json")
    assert result.exit_code == 0
    document = json.loads(result.stdout)
    assert (document["schema"], document["ok"]) == ("aosctl.replay/1", True)
    assert document["failed"] == []
    traces = [json.loads(Path(file).read_text()) for file in files]
    assert document["cases"] == sum(len(trace["cases"]) for trace in traces)
    assert document["steps"] == sum(len(c["steps"]) for trace in traces for c in trace["cases"])


def test_the_sum_is_told_in_words() -> None:
    result = run(str(VECTORS / "send.json"))
    assert result.stdout.startswith("1 file, ")
    assert result.stdout.endswith("all equal.\n")


def test_a_difference_exits_1_and_is_shown(tmp_path: Path) -> None:
    path = altered(tmp_path)
    result = run(str(path), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["ok"] is False
    (failed,) = document["failed"]
    assert set(failed) == {"file", "case", "step", "path", "expected", "actual"}
    assert failed["path"].startswith("Messages")
    words = run(str(path))
    assert words.exit_code == 1
    assert str(failed["case"]) in words.stdout


def test_under_another_profile_the_recorded_results_differ() -> None:
    trace = str(VECTORS / "message.json")
    assert run(trace, "--profile", "2.0.6").exit_code == 0
    earlier = run(trace, "--profile", "2.0.1", "--json")
    assert earlier.exit_code == 1
    assert any(f["case"] == "m-normalise" for f in json.loads(earlier.stdout)["failed"])


def test_a_file_that_is_no_trace_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_text("{}")
    result = run(str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert str(path) in result.stderr


def test_a_file_that_is_not_there_is_wrong_usage() -> None:
    result = run("missing.json", "--json")
    assert result.exit_code == 2
    assert "missing.json" in json.loads(result.stdout)["message"]


def test_without_files_it_is_wrong_usage() -> None:
    assert run().exit_code == 2
