from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from aosctl.bundle import build_bundles
from aosctl.dataitem import DataItem
from aosctl.deploy import Deployment, Progress, deploy
from aosctl.errors import BundleError, DeployError, DriftError, NetworkError
from aosctl.ledger import Ledger
from aosctl.manifest import load_manifest
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork
from aosctl.plan import Plan, make_plan
from aosctl.project import Project
from aosctl.record import load_record, write_record

MakeNetwork = Callable[[Path], LocalNetwork]


def run(
    project: Project,
    *,
    make_network: MakeNetwork = LocalNetwork,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Deployment:
    manifest = load_manifest(project, "duo")
    bundles = build_bundles(project, manifest)
    with make_network(project.state_dir) as network:
        ledger = make_ledger(project, network)
        plan = make_plan(manifest, bundles, ledger.record, network)
        return deploy(
            plan,
            manifest=manifest,
            bundles=bundles,
            network=network,
            ledger=ledger,
            on_progress=on_progress,
        )


def make_ledger(project: Project, network: LocalNetwork) -> Ledger:
    return Ledger(
        project.record, project.state_dir, network=network.name, bundle="duo", log=network.log
    )


def edit(project: Project, name: str, old: str, new: str) -> None:
    path = project.processes / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def pending_files(project: Project) -> list[Path]:
    return [*(project.state_dir / "pending" / "local").iterdir()]


def spawned(project: Project) -> list[str]:
    with LocalNetwork(project.state_dir) as network:
        return sorted(network.world.processes)


def test_a_bundle_is_spawned_evaluated_configured_and_verified(duo: Project) -> None:
    told: list[Progress] = []
    done = run(duo, on_progress=told.append)
    assert done.changed
    assert [step.state for step in done.steps] == ["done"] * 7
    assert done.verified == ("pool", "hub")
    assert Progress("verify", "hub", "done") == told[-1]
    assert told[:2] == [Progress("spawn", "pool", "pending"), Progress("spawn", "hub", "pending")]
    assert pending_files(duo) == []


def test_the_record_says_what_is(duo: Project) -> None:
    done = run(duo)
    entries = load_record(duo.record).entries("local", "duo", log=done.entries["hub"].log)
    assert entries == done.entries
    hub, pool = entries["hub"], entries["pool"]
    assert hub.config == {"Pool-Process": pool.id, "Hub-Process": hub.id, "Colour": "blue"}
    assert hub.limits == {"Max-Size": "10"}
    assert {part: item.state for part, item in hub.items.items()} == {
        "spawn": "done",
        "eval": "done",
        "configure": "done",
        "limits": "done",
    }
    assert hub.handlers is not None
    assert "Set-Peers" in hub.handlers


def test_items_have_exactly_the_tags_that_the_plan_showed(duo: Project) -> None:
    manifest = load_manifest(duo, "duo")
    bundles = build_bundles(duo, manifest)
    with LocalNetwork(duo.state_dir) as network:
        ledger = make_ledger(duo, network)
        plan = make_plan(manifest, bundles, ledger.record, network)
        done = deploy(plan, manifest=manifest, bundles=bundles, network=network, ledger=ledger)
    for planned, sent in zip(plan.steps, done.steps, strict=True):
        assert [tag.name for tag in planned.final] == [tag.name for tag in sent.final]
        for before, after in zip(planned.final, sent.final, strict=True):
            assert before.value in (after.value, "<id of hub>", "<id of pool>")


def test_a_second_run_has_nothing_to_do_and_changes_no_byte(duo: Project) -> None:
    run(duo)
    record = duo.record.read_bytes()
    again = run(duo)
    assert (again.changed, again.steps) == (False, ())
    assert duo.record.read_bytes() == record


def test_with_nothing_to_do_what_has_drifted_is_named_with_what_to_do(duo: Project) -> None:
    done = run(duo)
    record = duo.record.read_bytes()
    with LocalNetwork(duo.state_dir) as network:
        for name, lua in (("hub", 'Limits["Max-Size"] = "9"'), ("pool", 'BundleHash = "other"')):
            tags = make_tags({"Action": "Eval"})
            item = network.sign_message(target=done.entries[name].id, tags=tags, data=lua)
            network.submit(item)
    with pytest.raises(DriftError) as caught:
        run(duo)
    assert caught.value.where == (
        f"pool  bundle_hash: recorded {done.entries['pool'].bundle_hash}, live other\n"
        "hub  limits.Max-Size: recorded 10, live 9"
    )
    assert "aosctl eval pool --file" in (caught.value.hint or "")
    assert "aosctl send hub --action Set-Limits" in (caught.value.hint or "")
    assert duo.record.read_bytes() == record


def test_a_run_that_was_stopped_at_its_end_is_finished_without_a_step(duo: Project) -> None:
    handlers = run(duo).entries["hub"].handlers
    record = load_record(duo.record)
    entries = record.networks["local"]["duo"]
    unsaid = {n: msgspec.structs.replace(entry, handlers=None) for n, entry in entries.items()}
    write_record(duo.record, record.put("local", "duo", unsaid))
    again = run(duo)
    assert (again.changed, again.entries["hub"].handlers) == (False, handlers)
    assert load_record(duo.record) == record


def test_what_killed_runs_left_behind_goes_and_what_is_pending_stays(duo: Project) -> None:
    with pytest.raises(StopError):
        run(duo, make_network=lambda folder: Stopping(folder, at=1, taken=False))
    kept = pending_files(duo)
    assert kept
    folder = duo.state_dir / "pending" / "local"
    for name in (".half.x1y2z3ab", name_address("nobody")):
        (folder / name).write_bytes(b"left")
    beside = duo.record.with_name(".deployments.json.x1y2z3ab")
    beside.write_bytes(b"left")
    with LocalNetwork(duo.state_dir) as network:
        make_ledger(duo, network).tidy()
    assert sorted(pending_files(duo)) == sorted(kept)
    assert not beside.exists()
    assert duo.record.exists()


def test_a_changed_source_upgrades_the_living_process(duo: Project) -> None:
    before = run(duo)
    edit(duo, "duo/hub/process.lua", "install()", 'install()\nHandlers.add("New", "New", print)')
    after = run(duo)
    assert [(step.part, step.process) for step in after.steps] == [("eval", "hub")]
    assert after.entries["hub"].id == before.entries["hub"].id
    assert after.entries["hub"].bundle_hash != before.entries["hub"].bundle_hash
    assert "New" in (after.entries["hub"].handlers or ())
    assert after.entries["pool"] == before.entries["pool"]


def test_a_changed_limit_is_sent_and_nothing_else(duo: Project) -> None:
    run(duo)
    edit(duo, "duo/manifest.toml", '"10"', '"11"')
    after = run(duo)
    assert [(step.part, step.process) for step in after.steps] == [("limits", "hub")]
    assert after.entries["hub"].limits == {"Max-Size": "11"}


def test_a_log_that_was_thrown_away_took_its_processes_along(duo: Project) -> None:
    run(duo)
    (duo.state_dir / "local.sqlite").unlink()
    assert len(run(duo).steps) == 7
    assert not run(duo).changed


def test_lua_that_fails_while_it_is_evaluated_is_given_back_with_file_and_line(
    duo: Project,
) -> None:
    edit(duo, "lib/words.lua", "return words\n", "\nerror('no words')\n")
    with pytest.raises(DeployError) as caught:
        run(duo)
    assert caught.value.message.endswith("failed: processes/lib/words.lua:9: no words")
    assert (caught.value.where or "").startswith("processes/lib/words.lua:9 (item ")
    entries = load_record(duo.record).networks["local"]["duo"].values()
    assert {entry.items["eval"].state for entry in entries} == {"failed"}
    assert pending_files(duo) == []


def test_after_a_failure_was_mended_the_same_processes_go_on(duo: Project) -> None:
    edit(duo, "duo/hub/process.lua", "install()", "install()\nerror('not yet')")
    with pytest.raises(DeployError, match="the eval of 'hub' failed"):
        run(duo)
    ids = spawned(duo)
    edit(duo, "duo/hub/process.lua", "\nerror('not yet')", "")
    done = run(duo)
    assert [(step.part, step.process) for step in done.steps] == [
        ("eval", "hub"),
        ("configure", "pool"),
        ("configure", "hub"),
        ("limits", "hub"),
    ]
    assert spawned(duo) == ids


def test_a_refused_configuration_is_told_in_the_processs_own_words(duo: Project) -> None:
    edit(duo, "duo/manifest.toml", '"10"', '"0"')
    with pytest.raises(DeployError) as caught:
        run(duo)
    assert caught.value.message == (
        "'hub' did not accept Set-Limits: Set-Limits-Error: InvalidConfig: too small"
    )
    hub = load_record(duo.record).networks["local"]["duo"]["hub"]
    assert (hub.items["limits"].state, hub.limits) == ("failed", {})
    assert (caught.value.where or "").startswith("processes/duo/manifest.toml:13 (item ")


def test_a_refused_limit_that_is_named_is_found_in_the_manifest(duo: Project) -> None:
    table = '[processes.hub.limits]\nMin-Size = "1"\nMax-Size = "0"'
    edit(duo, "duo/manifest.toml", 'limits = { Max-Size = "10" }', table)
    edit(duo, "duo/common.lua", '"too small"', '"Max-Size is too small"')
    with pytest.raises(DeployError, match="Max-Size is too small") as caught:
        run(duo)
    assert (caught.value.where or "").startswith("processes/duo/manifest.toml:15 (item ")


def test_a_process_that_does_not_answer_its_configuration_is_named(duo: Project) -> None:
    edit(duo, "duo/manifest.toml", '"Set-Peers"', '"Tell-Peers"')
    with pytest.raises(DeployError, match="'pool' did not answer Tell-Peers") as caught:
        run(duo)
    assert (caught.value.where or "").startswith("processes/duo/manifest.toml:5 (item ")
    assert "Give it a handler for Tell-Peers that answers" in (caught.value.hint or "")


def test_a_whole_that_is_not_ready_is_nudged_until_it_is(duo: Project) -> None:
    edit(duo, "duo/common.lua", "NudgesNeeded or 0", "NudgesNeeded or 3")
    assert run(duo).changed


def test_a_whole_that_stays_unready_fails_with_what_is_missing(duo: Project) -> None:
    edit(duo, "duo/common.lua", "NudgesNeeded or 0", "NudgesNeeded or 1000")
    for _ in range(2):  # a second run has nothing to send, and still does not call it done
        with pytest.raises(DeployError, match="not ready: handshake:pool") as caught:
            run(duo)
        assert "Health of 'hub'" in (caught.value.where or "")
        assert "asked 4 times" in (caught.value.hint or "")


def test_what_lives_otherwise_than_it_was_sent_fails_the_deploy(duo: Project) -> None:
    edit(duo, "duo/common.lua", "limits = Limits,", 'limits = { ["Max-Size"] = "9" },')
    with pytest.raises(DeployError, match="what lives is not what was deployed") as caught:
        run(duo)
    assert "hub  limits.Max-Size: recorded 10, live 9" in (caught.value.where or "")


def test_a_bundle_that_cannot_be_built_leaves_everything_as_it_was(duo: Project) -> None:
    run(duo)
    record = duo.record.read_bytes()
    edit(duo, "duo/hub/process.lua", "install()", "install(")
    with pytest.raises(BundleError):
        run(duo)
    assert duo.record.read_bytes() == record


class StopError(NetworkError):
    """The run ends here."""


class Stopping(LocalNetwork):
    """A network that fails once: before or after it takes the item of this number."""

    def __init__(self, state_dir: Path, *, at: int, taken: bool) -> None:
        super().__init__(state_dir)
        self.left = at
        self.taken = taken

    def submit(self, item: DataItem) -> str:
        self.left -= 1
        if self.left == 0 and not self.taken:
            raise StopError("the line was cut before")
        sent = super().submit(item)
        if self.left == 0:
            raise StopError("the line was cut after")
        return sent


@pytest.mark.parametrize("taken", [False, True])
@pytest.mark.parametrize("at", range(1, 8))
def test_wherever_a_run_is_stopped_the_next_reaches_the_same_end(
    duo: Project, tmp_path: Path, at: int, taken: bool
) -> None:
    with pytest.raises(StopError):
        run(duo, make_network=lambda folder: Stopping(folder, at=at, taken=taken))
    kept = {path.name: path.read_bytes() for path in pending_files(duo)}
    assert kept
    done = run(duo)
    assert spawned(duo) == sorted(entry.id for entry in done.entries.values())
    items = {item.id for entry in done.entries.values() for item in entry.items.values()}
    assert kept.keys() <= items  # the same bytes, not signed anew
    assert pending_files(duo) == []
    assert not run(duo).changed


def test_bytes_that_are_gone_are_not_signed_anew_unasked(duo: Project) -> None:
    with pytest.raises(StopError):
        run(duo, make_network=lambda folder: Stopping(folder, at=3, taken=False))
    for path in pending_files(duo):
        path.unlink()
    with pytest.raises(DeployError, match="its bytes are gone") as caught:
        run(duo)
    assert "deploy again" in (caught.value.hint or "")
    run(duo)


def test_a_pending_eval_of_an_older_source_is_settled_before_the_new_one(duo: Project) -> None:
    with pytest.raises(StopError):
        run(duo, make_network=lambda folder: Stopping(folder, at=3, taken=False))
    edit(duo, "duo/hub/process.lua", "install()", "install()\nNew = true")
    done = run(duo)
    assert [(step.part, step.process) for step in done.steps[:3]] == [
        ("eval", "pool"),
        ("eval", "hub"),
        ("eval", "hub"),
    ]
    with LocalNetwork(duo.state_dir) as network:
        tags = make_tags({"Action": "Eval"})
        result = network.dryrun(done.entries["hub"].id, tags=tags, data="return tostring(New)")
    assert result.output["data"] == "true"


def test_an_empty_plan_sends_nothing(duo: Project) -> None:
    run(duo)
    with LocalNetwork(duo.state_dir) as network:
        steps = len(network.world.steps)
    plan = run(duo)
    assert isinstance(plan, Deployment)
    with LocalNetwork(duo.state_dir) as network:
        assert len(network.world.steps) == steps


def test_two_machines_get_the_same_ids(duo: Project, tmp_path: Path) -> None:
    one = run(duo)
    elsewhere = Project(
        root=duo.root, record=tmp_path / "other.json", state_dir=tmp_path / "other-state"
    )
    two = run(elsewhere)
    assert {name: entry.id for name, entry in one.entries.items()} == {
        name: entry.id for name, entry in two.entries.items()
    }


def test_a_plan_is_made_of_what_is_given(duo: Project) -> None:
    manifest = load_manifest(duo, "duo")
    bundles = build_bundles(duo, manifest)
    with LocalNetwork(duo.state_dir) as network:
        ledger = make_ledger(duo, network)
        plans: set[Plan] = {make_plan(manifest, bundles, ledger.record, network) for _ in range(2)}
        assert len(plans) == 1
        assert network.world.steps == []
    assert not duo.record.exists()
