"""Pages of a scheduler: a process's history, replayed at home."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from aosctl.cli import main
from aosctl.emulator.history import Played, is_page, load_history, replay_history
from aosctl.emulator.profile import AOS_MODULE, find_profile
from aosctl.errors import TraceError

PROCESS, OWNER, ALICE = "p" * 43, "o" * 43, "a" * 43
MESSENGER, PEER = "m" * 43, "q" * 43
COUNTER = """
N = 0
Handlers.add("add", "Add", function(msg)
  N = N + 1
  msg.reply({ Action = "Added", Data = tostring(N) })
end)
Handlers.add("bad", "Bad", function() N = 99 error("no") end)
"""


def tags(**pairs: str) -> list[dict[str, str]]:
    return [{"name": name.replace("_", "-"), "value": value} for name, value in pairs.items()]


def edge(nonce: int, owner: str, data: str | None = "", **pairs: str) -> dict[str, Any]:
    """Return one place of a page, as a scheduler writes it."""
    message_id = PROCESS if nonce == 0 else f"{nonce:043d}"
    return {
        "cursor": str(1735689600123 + nonce),
        "node": {
            "message": {
                "id": message_id,
                "owner": {"address": owner, "key": "key"},
                "data": data,
                "tags": tags(**pairs),
                "signature": "signature",
                "anchor": None,
                "target": "" if nonce == 0 else PROCESS,
            },
            "assignment": {
                "id": f"A{nonce:042d}",
                "owner": {"address": "s" * 43, "key": "key"},
                "tags": tags(
                    Process=PROCESS,
                    Epoch="0",
                    Nonce=str(nonce),
                    Hash_Chain="h" * 43,
                    Block_Height="000001580000",
                    Timestamp=str(1735689600123 + nonce),
                    Data_Protocol="ao",
                    Type="Assignment",
                    Message=message_id,
                ),
                "signature": "signature",
                "anchor": None,
                "target": "",
            },
        },
    }


def history() -> list[dict[str, Any]]:
    spawn = {"Type": "Process", "Module": AOS_MODULE, "Authority": MESSENGER, "On_Boot": "Data"}
    return [
        edge(0, OWNER, COUNTER, **spawn),
        edge(1, ALICE, Action="Add"),
        edge(2, ALICE, Action="Bad"),
        edge(3, MESSENGER, Action="Add", From_Process=PEER, Pushed_For="x"),
        edge(4, OWNER, "return N", Action="Eval"),
    ]


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(edges: Any, name: str = "page.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps({"page_info": {"has_next_page": False}, "edges": edges}))
        return path

    return write


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["replay", *arguments])


def play(*paths: Path, profile: str | None = None) -> list[Played]:
    rules = None if profile is None else find_profile(profile)
    return list(replay_history(load_history(paths), profile=rules))


def failures(played: list[Played]) -> list[bool | None]:
    return [None if entry.result is None else entry.result.failed for entry in played]


def test_a_history_is_evaluated_as_a_compute_unit_would(write: Write) -> None:
    played = play(write(history()))
    assert failures(played) == [False, False, True, False, False]
    answers = [m.data for entry in played if entry.result for m in entry.result.messages]
    assert answers == ["1", "2"]
    message = played[3].entry.message
    assert message is not None
    assert (message.owner, message.sender, message.forwarded_by) == (MESSENGER, PEER, MESSENGER)
    assert (message.nonce, message.block_height, message.epoch) == (3, 1_580_000, 0)
    assert played[4].result is not None
    assert played[4].result.output["data"] == "2"


def test_another_profile_can_be_tried_on_it(write: Write) -> None:
    played = play(write(history()), profile="hyper")
    assert played[2].result is not None
    assert played[2].result.kept
    assert played[4].result is not None
    assert played[4].result.output["data"] == "100"


def test_pages_are_joined_in_their_order(write: Write) -> None:
    edges = history()
    first, second = write(edges[:2], "1.json"), write(edges[2:], "2.json")
    assert [entry.entry.nonce for entry in play(first, second)] == [0, 1, 2, 3, 4]
    with pytest.raises(TraceError, match="nonce 0 is missing, here is 2"):
        play(second, first)


def test_an_item_that_lives_elsewhere_is_passed_over(write: Write) -> None:
    edges = history()
    edges[1]["node"]["message"] = None
    played = play(write(edges))
    assert played[1].skipped is not None
    assert "lives elsewhere" in played[1].skipped
    assert failures(played) == [False, None, True, False, False]


def test_a_message_that_came_before_is_passed_over(write: Write) -> None:
    same_id, same_content = (
        edge(5, ALICE, Action="Add"),
        edge(6, MESSENGER, Action="Add", From_Process=PEER, Pushed_For="y"),
    )
    same_id["node"]["message"]["id"] = f"{1:043d}"
    played = play(write([*history(), same_id, same_content, edge(7, ALICE, Action="Add")]))
    assert failures(played)[5:] == [None, None, False]
    assert played[5].skipped == played[6].skipped == "it was delivered before"


def alter(edges: list[dict[str, Any]], place: tuple[Any, ...], value: Any) -> Any:
    target: Any = edges
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    return edges


@pytest.mark.parametrize(
    ("place", "value", "text"),
    [
        ((1, "node", "message", "id"), 5, r"\$\.edges\[1\]\.node\.message\.id"),
        ((1, "node", "message", "owner"), {}, r"\$\.edges\[1\]\.node\.message\.owner"),
        ((1, "node", "message", "tags"), [{"name": "x"}], r"\$\.edges\[1\]\.node\.message\.tags"),
        ((2, "node", "assignment", "tags"), [], r"Nonce is no number: '' - in `\$\.edges\[2\]"),
        ((2, "node", "assignment", "tags", 4, "value"), "x", r"Block-Height is no number: 'x'"),
        ((2, "node", "assignment", "tags", 2, "value"), "7", r"nonce 2 is missing, here is 7"),
        ((0, "node", "message"), None, r"does not begin with the process itself"),
        ((0, "node", "message", "tags"), [], r"does not begin with the process itself"),
    ],
)
def test_a_malformed_page_is_refused_with_the_file_and_the_place(
    write: Write, place: tuple[Any, ...], value: Any, text: str
) -> None:
    path = write(alter(history(), place, value))
    with pytest.raises(TraceError, match=text) as caught:
        load_history([path])
    assert caught.value.where == str(path)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"edges": {}}', '{"edges": []}'])
def test_what_is_no_page_at_all_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "page.json"
    path.write_text(text)
    with pytest.raises(TraceError, match="not a page of messages"):
        load_history([path])


def test_a_page_is_told_from_a_trace(write: Write) -> None:
    assert is_page(write(history()))
    assert not is_page(Path(__file__).parents[1] / "vectors/aos/send.json")


def test_the_command_shows_each_result(write: Write) -> None:
    result = run(str(write(history())))
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith(f"    0  Process  from {OWNER}")
    assert lines[1].endswith("1 message")
    assert lines[2].startswith(f"    2  Bad  from {ALICE}  error: ")
    assert lines[2].endswith("no")
    assert lines[4].endswith("nothing sent")


def test_the_command_stops_where_it_is_told_and_shows_all_of_that(write: Write) -> None:
    result = run(str(write(history())), "--until", "1")
    assert result.stdout.splitlines()[1:] == [
        f"    1  Add  from {ALICE}  1 message",
        "       handler add",
        f"       sends Added to {ALICE}",
    ]
    assert len(run(str(write(history())), "--step").stdout.splitlines()) > 10


def test_the_command_gives_a_document(write: Write) -> None:
    result = run(str(write(history())), "--json")
    document = json.loads(result.stdout)
    assert (document["schema"], document["ok"], document["steps"]) == ("aosctl.replay/1", True, 5)
    entry = document["history"][1]
    assert (entry["nonce"], entry["action"], entry["from"], entry["handler"]) == (
        1, "Add", ALICE, "add",
    )  # fmt: skip
    assert entry["result"]["Messages"][0]["Data"] == "1"


def test_the_command_says_that_crons_are_missing(write: Write) -> None:
    edges = history()
    edges[0]["node"]["message"]["tags"] += tags(Cron_Interval="1-minute")
    assert "crons, which no page holds" in run(str(write(edges))).stderr


def test_the_command_names_a_malformed_page(write: Write) -> None:
    path = write(alter(history(), (1, "node", "message", "id"), 5))
    result = run(str(path), "--json")
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert (document["kind"], document["where"]) == ("TraceError", str(path))
    assert "$.edges[1].node.message.id" in document["message"]


def test_traces_and_pages_are_not_replayed_together(write: Write) -> None:
    trace = Path(__file__).parents[1] / "vectors/aos/send.json"
    assert run(str(write(history())), str(trace)).exit_code == 2
