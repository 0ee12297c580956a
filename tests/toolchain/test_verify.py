from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aosctl.bundle import build_bundles
from aosctl.deploy import deploy
from aosctl.errors import LogError, ManifestError
from aosctl.ledger import Ledger
from aosctl.manifest import Manifest, load_manifest
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork
from aosctl.plan import make_plan
from aosctl.project import Project
from aosctl.record import Entry
from aosctl.status import ask_processes
from aosctl.verify import Difference, advice, verify_processes


class Deployed:
    """The bundle `duo`, deployed, with its network open."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.manifest: Manifest = load_manifest(project, "duo")
        self.bundles = build_bundles(project, self.manifest)
        self.network = LocalNetwork()
        ledger = Ledger(
            project.record, project.state_dir, network="local", bundle="duo", log=self.network.log
        )
        plan = make_plan(self.manifest, self.bundles, ledger.record, self.network)
        done = deploy(
            plan,
            manifest=self.manifest,
            bundles=self.bundles,
            network=self.network,
            ledger=ledger,
        )
        self.entries: dict[str, Entry] = done.entries

    def evaluate(self, process: str, lua: str) -> None:
        tags = make_tags({"Action": "Eval"})
        target = self.entries[process].id
        item = self.network.sign_message(target=target, tags=tags, data=lua)
        self.network.submit(item)
        assert not self.network.result(target, item.id).failed

    def differences(self) -> list[Difference]:
        found = verify_processes(self.manifest, self.bundles, self.entries, self.network)
        return [*found.differences]


@pytest.fixture
def deployed(duo: Project) -> Deployed:
    return Deployed(duo)


def test_what_was_deployed_has_no_difference(deployed: Deployed) -> None:
    assert deployed.differences() == []


def test_asking_leaves_nothing_behind(deployed: Deployed) -> None:
    before = len(deployed.network.world.steps)
    deployed.differences()
    assert len(deployed.network.world.steps) == before


def test_a_limit_that_was_changed_by_hand_is_named(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'Limits["Max-Size"] = "99"')
    assert deployed.differences() == [Difference("hub", "limits.Max-Size", "10", "99")]


def test_a_peer_that_was_changed_by_hand_is_named(deployed: Deployed) -> None:
    stranger = name_address("stranger")
    deployed.evaluate("hub", f'Peers.pool = "{stranger}"\nPeers.spy = "{stranger}"')
    pool = deployed.entries["pool"].id
    assert deployed.differences() == [
        Difference("hub", "peers.pool", pool, stranger),
        Difference("hub", "peers.spy", None, stranger),
    ]


def test_a_peer_that_is_not_known_any_more_is_named(deployed: Deployed) -> None:
    deployed.evaluate("pool", "Peers = {}")
    hub = deployed.entries["hub"].id
    assert deployed.differences() == [Difference("pool", "peers.hub", hub, None)]


def test_handlers_that_came_or_went_are_named(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'Handlers.add("Extra", "Extra", print) Handlers.remove("Info")')
    assert deployed.differences() == [
        Difference("hub", "handlers.Info", "Info", None),
        Difference("hub", "handlers.Extra", None, "Extra"),
    ]


def test_another_bundle_in_the_live_process_is_named(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'BundleHash = "other"')
    assert deployed.differences() == [
        Difference("hub", "bundle_hash", deployed.bundles["hub"].hash, "other")
    ]


def test_another_owner_is_named(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'Owner = "somebody"')
    me = deployed.network.address
    assert deployed.differences() == [
        Difference("hub", "owner", me, "somebody"),
        Difference("hub", "admin", me, "somebody"),
    ]


def test_a_source_that_was_not_deployed_yet_is_named(deployed: Deployed) -> None:
    path = deployed.project.processes / "duo" / "hub" / "process.lua"
    path.write_text(path.read_text() + "-- more\n")
    recorded = deployed.bundles["hub"].hash
    deployed.bundles = build_bundles(deployed.project, deployed.manifest)
    source = deployed.bundles["hub"].hash
    assert deployed.differences() == [Difference("hub", "source", source, recorded)]


def test_a_process_that_does_not_answer_is_a_difference(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'Handlers.remove("Get-Config")')
    (found,) = deployed.differences()
    assert (found.process, found.field, found.recorded) == ("hub", "answer", "Config")
    assert found.live == "'hub' gives no answer to Get-Config"


def test_an_answer_that_is_no_json_is_a_difference(deployed: Deployed) -> None:
    answer = 'function(m) m.reply({ Action = "Config", Data = "hello" }) end'
    deployed.evaluate("hub", f'Handlers.add("Get-Config", {{ Action = "Get-Config" }}, {answer})')
    (found,) = deployed.differences()
    assert found.live == "the answer of 'hub' to Get-Config is no JSON object"


def test_a_handler_that_fails_over_the_question_is_a_difference(deployed: Deployed) -> None:
    deployed.evaluate(
        "hub", 'Handlers.add("Get-Config", { Action = "Get-Config" }, function() error("no") end)'
    )
    (found,) = deployed.differences()
    assert "gives no answer to Get-Config: " in found.live
    assert "no" in found.live


def test_a_network_that_fails_is_no_difference_and_no_silence(
    deployed: Deployed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise LogError("the log is damaged")

    monkeypatch.setattr(deployed.network, "dryrun", fail)
    with pytest.raises(LogError):
        deployed.differences()
    with pytest.raises(LogError):
        ask_processes(deployed.manifest, deployed.entries, deployed.network)


def test_each_difference_has_advice_and_equal_advice_is_given_once(deployed: Deployed) -> None:
    fields = ("id", "source", "bundle_hash", "handlers.A", "peers.pool", "limits.A", "answer")
    found = [Difference("hub", field, 1, 2) for field in (*fields, "owner", "admin")]
    advices = advice(found, deployed.manifest)
    assert len(advices) == len(found) - 2  # code and owner are each two differences
    words = ("deploy", "deploy", "bundle hub", "Set-Peers", "Set-Limits", "Get-Config", "obeys")
    for word, given in zip(words, advices, strict=True):
        assert word in given


def test_a_process_that_is_not_recorded_is_a_difference(deployed: Deployed) -> None:
    del deployed.entries["pool"]
    assert Difference("pool", "id", None, None) in deployed.differences()


def test_a_manifest_that_names_no_question_cannot_be_verified(deployed: Deployed) -> None:
    deployed.manifest = msgspec.structs.replace(deployed.manifest, verify=None)
    with pytest.raises(ManifestError, match="does not say how"):
        deployed.differences()


def test_status_is_what_each_process_answers(deployed: Deployed) -> None:
    answers = ask_processes(deployed.manifest, deployed.entries, deployed.network)
    assert answers["hub"] is not None
    assert answers["hub"]["Info"]["Name"] == "Hub"
    assert answers["hub"]["Health"] == {"ready": True, "missing": []}


def test_a_process_that_answers_nothing_has_no_status(deployed: Deployed) -> None:
    deployed.evaluate("hub", 'Handlers.remove("Info") Handlers.remove("Health")')
    answers = ask_processes(deployed.manifest, deployed.entries, deployed.network)
    assert answers["hub"] is None
    assert answers["pool"] is not None


def test_a_process_that_lives_nowhere_has_no_status(deployed: Deployed, tmp_path: Path) -> None:
    with LocalNetwork(tmp_path / "empty") as network:
        answers = ask_processes(deployed.manifest, deployed.entries, network)
    assert answers == {"pool": None, "hub": None}
