from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aosctl.emulator.replay import replay_files
from aosctl.errors import TraceError

VECTORS = Path(__file__).parent.parent / "vectors" / "aos"


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=path.stem) for path in sorted(VECTORS.glob("*.json"))]
)
def test_every_recorded_step_of_a_theme_comes_out_equal(path: Path) -> None:
    report = replay_files([path])
    assert report.failed == ()


def test_all_themes_are_54_cases_of_448_steps() -> None:
    report = replay_files(sorted(VECTORS.glob("*.json")))
    assert (report.failed, report.cases, report.steps) == ((), 54, 448)


def test_a_report_counts_cases_and_steps() -> None:
    report = replay_files([VECTORS / "boot.json", VECTORS / "send.json"])
    assert (report.cases, report.steps) == (9, 50)


Alter = Callable[[dict[str, Any]], None]


@pytest.fixture
def altered(tmp_path: Path) -> Callable[[str, Alter], Path]:
    """Return a copy of a trace file on which something was changed."""

    def alter(theme: str, change: Alter) -> Path:
        document = json.loads((VECTORS / f"{theme}.json").read_text(encoding="utf-8"))
        change(document)
        path = tmp_path / f"{theme}.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return alter


def step(document: dict[str, Any], case: str, number: int) -> Any:
    (found,) = (entry for entry in document["cases"] if entry["id"] == case)
    return found["steps"][number]


Altered = Callable[[str, Alter], Path]


@pytest.mark.parametrize(
    ("place", "keys", "value", "path"),
    [
        (("send", "o-tags", 1), ("Messages", 0, "Data"), "x", "Messages[0].Data"),
        (("send", "o-tags", 1), ("Messages", 0, "Target"), "x", "Messages[0].Target"),
        (("send", "o-tags", 1), ("Messages", 0, "Tags", 3, "value"), "9", "Messages[0].Tags[3]"),
        (("send", "o-values", 1), ("Messages", 0, "Tags", 5, "value"), 7, "Messages[0].Tags"),
        (("send", "o-tags", 1), ("Messages",), [], "Messages.length"),
        (("send", "o-spawn", 1), ("Spawns", 0, "Tags", 5, "value"), "x", "Spawns[0].Tags[5]"),
        (("send", "o-spawn", 3), ("Assignments", 0, "Message"), "x", "Assignments"),
        (("output", "p-print", 5), ("Output", "data"), "x", "Output.data"),
        (("output", "p-print", 5), ("Output", "prompt"), "x", "Output.prompt"),
        (("output", "p-print", 5), ("Output", "print"), False, "Output.print"),
        (("output", "p-print", 6), ("Output", "test"), "x", "Output.test"),
        (("errors", "e-kinds", 2), ("errorCore",), "x", "Error"),
        (("errors", "e-kinds", 16), ("hostErrorCore",), "x", "HostError"),
        (("errors", "e-eval", 8), ("errorCore",), {"code": 6}, "Error"),
    ],
)
def test_a_trace_altered_on_purpose_fails_and_says_where(
    altered: Altered,
    place: tuple[str, str, int],
    keys: tuple[str | int, ...],
    value: object,
    path: str,
) -> None:
    theme, case, number = place

    def change(document: dict[str, Any]) -> None:
        target = step(document, case, number)["expected"]
        for key in keys[:-1]:
            target = target[key]
        target[keys[-1]] = value

    (found,) = replay_files([altered(theme, change)]).failed
    assert (found.file, found.case, found.step) == (f"{theme}.json", case, number)
    assert found.path == path


def test_a_step_that_should_have_failed_is_reported(altered: Altered) -> None:
    def change(document: dict[str, Any]) -> None:
        entry = step(document, "o-tags", 1)
        entry["expected"], entry["stateKept"] = {"Error": "x", "errorCore": "x"}, False

    found = replay_files([altered("send", change)]).failed[0]
    assert (found.path, found.expected, found.actual) == ("Error", "Error", "Output: None")


def test_the_order_of_the_callers_own_tags_does_not_matter_unless_said(altered: Altered) -> None:
    def swap(document: dict[str, Any]) -> None:
        tags = step(document, "o-values", 1)["expected"]["Messages"][0]["Tags"]
        tags[4], tags[5] = tags[5], tags[4]

    def swap_exact(document: dict[str, Any]) -> None:
        tags = step(document, "o-tags", 2)["expected"]["Messages"][0]["Tags"]
        tags[5], tags[6] = tags[6], tags[5]

    assert replay_files([altered("send", swap)]).failed == ()
    (found,) = replay_files([altered("send", swap_exact)]).failed
    assert (found.case, found.step) == ("o-tags", 2)


def _drop_cases(document: dict[str, Any]) -> None:
    del document["cases"]


def _add_key(document: dict[str, Any]) -> None:
    document["extra"] = 1


def _other_format(document: dict[str, Any]) -> None:
    document["format"] = "aos-trace-2"


def _bad_nonce(document: dict[str, Any]) -> None:
    document["cases"][0]["steps"][1]["message"]["Nonce"] = "one"


def _two_outcomes(document: dict[str, Any]) -> None:
    document["cases"][0]["steps"][1]["expected"]["Error"] = "x"


def _bad_flag(document: dict[str, Any]) -> None:
    document["cases"][0]["steps"][1]["compare"] = {"looser": True}


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (_drop_cases, "cases"),
        (_add_key, "extra"),
        (_other_format, "$.format"),
        (_bad_nonce, "$.cases[0].steps[1].message"),
        (_two_outcomes, "$.cases[0].steps[1]"),
        (_bad_flag, "$.cases[0].steps[1].compare"),
    ],
)
def test_a_malformed_trace_is_refused_with_file_and_place(
    altered: Altered, change: Alter, place: str
) -> None:
    path = altered("boot", change)
    with pytest.raises(TraceError) as caught:
        replay_files([path])
    assert caught.value.where == str(path)
    assert place in caught.value.message


def test_a_file_that_is_not_json_or_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trace.json"
    with pytest.raises(TraceError, match="cannot read the trace"):
        replay_files([path])
    path.write_text("{", encoding="utf-8")
    with pytest.raises(TraceError, match="not a recorded trace"):
        replay_files([path])
