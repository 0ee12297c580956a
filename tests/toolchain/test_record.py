from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from importlib import resources
from pathlib import Path

import pytest

from aosctl import lock
from aosctl.errors import BusyError, RecordError
from aosctl.message import name_address
from aosctl.pending import PendingItems
from aosctl.record import (
    Entry,
    Item,
    Record,
    encode_record,
    load_record,
    make_record,
    record_schema,
    write_record,
)

ID = name_address("hub")
HUB = Entry(id=ID, module=ID, scheduler=ID, owner=ID, log="one")
POOL = Entry(id=name_address("pool"), module=ID, scheduler=ID, owner=ID, log="one")


def test_a_record_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert load_record(tmp_path / "deployments.json") == Record()


def test_a_record_comes_back_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deployments.json"
    record = Record().put("local", "duo", {"hub": HUB.with_item("spawn", Item(ID, "pending"))})
    write_record(path, record)
    assert load_record(path) == record


def test_a_record_is_sorted_and_ends_with_a_newline() -> None:
    one = Record().put("local", "duo", {"pool": POOL, "hub": HUB})
    two = Record().put("local", "duo", {"hub": HUB}).put("local", "duo", {"pool": POOL})
    text = encode_record(one)
    assert text == encode_record(two)
    assert text.endswith(b"\n}\n")
    assert text.index(b'"hub"') < text.index(b'"pool"')


def test_an_entry_of_another_log_counts_as_absent() -> None:
    record = Record().put("local", "duo", {"hub": HUB})
    assert record.entries("local", "duo", log="one") == {"hub": HUB}
    assert record.entries("local", "duo", log="two") == {}
    assert record.entries("local", "duo") == {}
    assert record.entries("mainnet", "duo", log="one") == {}


def test_setting_one_process_leaves_all_others() -> None:
    record = Record().put("local", "duo", {"hub": HUB}).put("far", "duo", {"hub": POOL})
    changed = record.put("local", "duo", {"pool": POOL})
    assert changed.networks["far"] == record.networks["far"]
    assert changed.entries("local", "duo", log="one") == {"hub": HUB, "pool": POOL}


def test_an_item_that_is_done_makes_true_what_it_said() -> None:
    evaluated = HUB.with_item("eval", Item("i", "pending", bundle_hash="h"))
    configured = HUB.with_item("configure", Item("i", "pending", tags={"A": "1"}))
    limited = HUB.with_item("limits", Item("i", "pending", tags={"B": "2"}))
    assert evaluated.with_settled("eval", "done").bundle_hash == "h"
    assert configured.with_settled("configure", "done").config == {"A": "1"}
    assert limited.with_settled("limits", "done").limits == {"B": "2"}
    assert evaluated.with_settled("eval", "done").items["eval"] == Item("i", "done")


def test_an_item_that_failed_makes_nothing_true() -> None:
    entry = HUB.with_item("eval", Item("i", "pending", bundle_hash="h"))
    assert list(entry.pending()) == [("eval", Item("i", "pending", bundle_hash="h"))]
    failed = entry.with_settled("eval", "failed")
    assert failed.bundle_hash is None
    assert list(failed.pending()) == []


def test_a_record_that_is_no_json_is_refused_with_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "deployments.json"
    path.write_text('{\n  "schema": "aosctl.record/1",\n  "networks": {,}\n}\n')
    with pytest.raises(RecordError, match="the record is no JSON") as caught:
        load_record(path)
    assert caught.value.where == f"{path}:3:16"
    assert "git checkout" in (caught.value.hint or "")


@pytest.mark.parametrize("raw", [b"", b"[]", b'"text"', b"\xff", b'{"schema": '])
def test_half_a_record_is_refused(raw: bytes) -> None:
    with pytest.raises(RecordError, match="the record is no JSON"):
        make_record(raw, shown="r.json")


@pytest.mark.parametrize("schema", ["aosctl.record/2", None, 1])
def test_a_record_of_another_schema_is_refused(schema: object) -> None:
    with pytest.raises(RecordError, match=r"this aosctl reads 'aosctl\.record/1'"):
        make_record(json.dumps({"schema": schema, "networks": {}}).encode(), shown="r.json")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"id": 1}, "hub, id: Expected `str`, got `int`"),
        ({}, "missing required field `id`"),
        ({"id": ID, "module": ID, "scheduler": ID, "owner": ID, "x": 1}, "unknown field `x`"),
        ({"items": {"spawn": {"id": ID, "state": "half"}}}, "Invalid enum value 'half'"),
        ({"id": "short"}, "hub, id: 'short' is not an id: 43 characters"),
        ({"id": ID, "module": ID, "scheduler": ID, "owner": "me"}, "'me' is not an address"),
        ({"items": {"eval": {"id": "short", "state": "done"}}}, "hub, items, eval, id: 'short'"),
    ],
)
def test_an_entry_that_was_edited_wrongly_is_named(entry: object, said: str) -> None:
    document = {"schema": "aosctl.record/1", "networks": {"local": {"duo": {"hub": entry}}}}
    with pytest.raises(RecordError) as caught:
        make_record(json.dumps(document).encode(), shown="r.json")
    assert "local, duo, hub" in caught.value.message
    assert said in caught.value.message


def test_a_record_of_the_wrong_shape_is_refused() -> None:
    with pytest.raises(RecordError, match="not as aosctl writes it"):
        make_record(b'{"schema": "aosctl.record/1", "networks": {"local": []}}', shown="r.json")
    with pytest.raises(RecordError, match="unknown field `more`"):
        make_record(b'{"schema": "aosctl.record/1", "networks": {}, "more": 1}', shown="r.json")


def test_a_record_that_cannot_be_written_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "deployments.json"
    path.mkdir()  # a folder in its place takes no text
    with pytest.raises(RecordError, match="cannot write the record") as caught:
        write_record(path, Record())
    assert "as it was" in (caught.value.hint or "")
    assert [found.name for found in tmp_path.iterdir()] == ["deployments.json"]


def test_a_record_that_is_a_link_is_written_where_it_leads(tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    link = tmp_path / "deployments.json"
    link.symlink_to(real)
    write_record(link, Record())
    assert link.is_symlink()
    assert load_record(real) == Record()


def test_readers_meet_a_whole_record_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deployments.json"
    records = [
        Record().put("local", "duo", {f"p{n}": HUB for n in range(count)}) for count in (1, 50)
    ]
    write_record(path, records[0])
    seen: list[Record] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            seen.append(load_record(path))

    reader = threading.Thread(target=read)
    reader.start()
    for turn in range(50):
        write_record(path, records[turn % 2])
    stop.set()
    reader.join()
    assert seen
    assert all(record in records for record in seen)


def test_the_published_schema_is_that_of_the_record() -> None:
    published = resources.files("aosctl").joinpath("schemas/record-1.json").read_text("utf-8")
    assert json.loads(published) == record_schema()


def test_bytes_of_a_pending_item_are_kept_until_they_are_let_go(tmp_path: Path) -> None:
    pending = PendingItems(tmp_path, "local")
    assert pending.read("item") is None
    pending.write("item", b"\0signed")
    assert (tmp_path / "pending" / "local" / "item").read_bytes() == b"\0signed"
    assert pending.read("item") == b"\0signed"
    pending.remove("item")
    pending.remove("item")
    assert pending.read("item") is None


def test_bytes_that_cannot_be_kept_are_not_sent(tmp_path: Path) -> None:
    (tmp_path / "pending").write_text("in the way")
    with pytest.raises(RecordError, match="cannot keep a signed item") as caught:
        PendingItems(tmp_path, "local").write("item", b"")
    assert (caught.value.hint or "").startswith("It was not sent, and what was sent before is")


HOLD = """
import sys, time
from pathlib import Path
from aosctl import lock
with lock.hold(Path(sys.argv[1]), what="the record"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_run_is_told_who_holds_the_record(tmp_path: Path) -> None:
    path = tmp_path / "deployments.json.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(BusyError, match=f"process {holder.pid}"),
            lock.hold(path, what="the record"),
        ):
            pytest.fail("two runs hold the record")
        holder.kill()  # its lock ends with it, and what it wrote holds nobody up
        holder.wait()
        with lock.hold(path, what="the record"):
            assert str(os.getpid()) in path.read_text()
