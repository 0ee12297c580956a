from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from aosctl.dataitem import DataItem
from aosctl.emulator.trace import walk
from aosctl.errors import BusyError, DataItemError, HopLimitError, NetworkError
from aosctl.message import make_tags, name_address
from aosctl.networks import Network
from aosctl.networks.local import LocalNetwork

ALICE = name_address("alice")
COUNT = """
N = N or 0
Handlers.add("up", "Up", function(m) N = N + 1 m.reply({ Action = "Is", Data = tostring(N) }) end)
Handlers.add("bad", "Bad", function(m) N = 99 error("no") end)
"""


def start(network: Network, code: str = COUNT) -> str:
    process = network.submit(network.sign_spawn(tags=make_tags({"Name": "counter"})))
    evaluate(network, process, code)
    return process


def evaluate(network: Network, process: str, code: str) -> None:
    item = network.sign_message(target=process, tags=make_tags({"Action": "Eval"}), data=code)
    network.submit(item)
    network.result(process, item.id).raise_for_error()


def send(network: LocalNetwork, process: str, action: str) -> str:
    return network.send_as(ALICE, target=process, tags=make_tags({"Action": action}))


def test_the_next_run_meets_the_same_processes_in_the_same_state(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process, log = start(network), network.log
        send(network, process, "Up")
        send(network, process, "Bad")
        now = network.world.now
    with LocalNetwork(tmp_path) as network:
        assert (network.log, network.world.now) == (log, now)
        message = send(network, process, "Up")
        (reply,) = network.replies(message)
        assert (reply.sender, reply.action, reply.data) == (process, "Is", "2")


def test_two_machines_that_do_the_same_get_the_same_ids(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path / "a") as one, LocalNetwork(tmp_path / "b") as two:
        assert start(one) == start(two)
        assert one.log != two.log


def test_equal_messages_are_two_messages_and_equal_bytes_are_one(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(network)
        items = [
            network.sign_message(target=process, tags=make_tags({"Action": "Up"})) for _ in range(2)
        ]
        for item in (*items, *items):
            network.submit(item)
            assert network.has(item.id, process=process)
        assert [reply.data for i in items for reply in network.replies(i.id)] == ["1", "2"]


def test_a_changed_item_is_refused_and_nothing_is_kept(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(network)
        item = network.sign_message(target=process, tags=make_tags({"Action": "Up"}), data="1")
        forged = DataItem(
            raw=item.raw[:-1] + b"2",
            id=item.id,
            owner=item.owner,
            target=item.target,
            anchor=item.anchor,
            tags=item.tags,
            data=b"2",
        )
        with pytest.raises(DataItemError, match="not valid"):
            network.submit(forged)
        assert not network.has(item.id, process=process)


def test_a_message_without_a_target_is_refused() -> None:
    with LocalNetwork() as network:
        item = network.wallet.sign_item(target=None, tags=make_tags({"Type": "Message"}), data=b"")
        with pytest.raises(NetworkError, match="has no target"):
            network.submit(item)


def test_messages_without_end_leave_nothing_behind(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(
            network, 'Handlers.add("l","L",function(m) Send({Target=ao.id,Action="L"}) end)'
        )
        before = len(network.world.steps)
        with pytest.raises(HopLimitError, match="the messages go round") as caught:
            send(network, process, "L")
        assert caught.value.last == ((process, "L"),) * 4
        assert "Nothing of it was kept." in (caught.value.hint or "")
        assert len(network.world.steps) == before
    with LocalNetwork(tmp_path) as network:
        assert len(network.world.steps) == before


def test_processes_are_found_by_who_spawned_them() -> None:
    with LocalNetwork() as network:
        process = start(network)
        assert [found.id for found in network.spawned_by(network.address)] == [process]
        assert network.spawned_by(ALICE) == ()


def test_a_network_that_is_only_read_waits_for_nobody_and_makes_nothing(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(network)
        send(network, process, "Up")
        before = {path.name: path.read_bytes() for path in tmp_path.glob("*.sqlite")}
        assert before
    with LocalNetwork(tmp_path, read_only=True) as one:
        (tmp_path / "local.lock").unlink()
        with LocalNetwork(tmp_path, read_only=True) as two:
            for network in (one, two):
                result = network.dryrun(process, tags=make_tags({"Action": "Up"}))
                assert result.messages[0].data == "2"
        assert [path.name for path in tmp_path.iterdir()] == ["local.sqlite"]


def test_time_moves_for_good(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        network.advance(3_600_000)
        now = network.world.now
    with LocalNetwork(tmp_path) as network:
        assert network.world.now == now


def test_a_second_run_waits_and_is_told_who_holds_the_log(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path), pytest.raises(BusyError, match=f"process {os.getpid()}"):
        LocalNetwork(tmp_path, wait=0.05)
    LocalNetwork(tmp_path).close()


def test_a_trace_tells_handler_place_cost_and_changed_globals(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(network)
        message = send(network, process, "Up")
    with LocalNetwork(tmp_path) as network:
        up, reply = walk(network.trace(message))
        assert up.result is not None
        assert up.result.handlers == ("up",)
        assert up.result.location is not None
        assert (up.result.location.chunk, up.result.location.line) == ("aos", 3)
        assert up.result.changed == ("N",)
        assert up.result.cost
        assert reply.receiver == ALICE


WRITER = """
import sys
from pathlib import Path
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork
with LocalNetwork(Path(sys.argv[1])) as network:
    while True:
        network.send_as(name_address("alice"), target=sys.argv[2], tags=make_tags({"Action": "Up"}))
        print("acknowledged", flush=True)
"""


def test_a_crash_loses_no_acknowledged_message(tmp_path: Path) -> None:
    with LocalNetwork(tmp_path) as network:
        process = start(network)
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), process], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    acknowledged = sum(1 for _ in range(20) if writer.stdout.readline())
    writer.send_signal(signal.SIGKILL)
    acknowledged += writer.stdout.read().count("acknowledged")
    writer.stdout.close()
    writer.wait()
    assert acknowledged >= 20
    with LocalNetwork(tmp_path) as network:
        (reply,) = network.replies(send(network, process, "Up"))
        assert acknowledged < int(reply.data) <= acknowledged + 2
