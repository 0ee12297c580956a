from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from aosctl.bundle import Bundle, build_bundles
from aosctl.errors import ManifestError, UsageError
from aosctl.manifest import Manifest, load_manifest
from aosctl.message import Tags, make_tags, name_address
from aosctl.plan import Plan, load_plan, make_plan, resolve, save_plan, wanted_tags
from aosctl.project import Project
from aosctl.record import Entry, Item, Part, Record


class Here:
    """A network as far as a plan sees one."""

    name = "local"
    log = "one"

    def spawn_tags(self, tags: Tags, *, module: str | None = None) -> Tags:
        return (*tags, *make_tags({"Type": "Process", "Module": module or "default"}))

    def message_tags(self, tags: Tags) -> Tags:
        return (*tags, *make_tags({"Type": "Message"}))


@pytest.fixture
def manifest(duo: Project) -> Manifest:
    return load_manifest(duo, "duo")


@pytest.fixture
def bundles(duo: Project, manifest: Manifest) -> dict[str, Bundle]:
    return build_bundles(duo, manifest)


def entries(manifest: Manifest, bundles: dict[str, Bundle]) -> dict[str, Entry]:
    """Return the entries of a bundle that is deployed as its manifest says."""
    ids = {name: name_address(name) for name in manifest.processes}
    return {
        name: Entry(
            id=ids[name],
            module="m",
            scheduler="s",
            owner="o",
            log="one",
            bundle_hash=bundles[name].hash,
            tags=wish.tags,
            config=resolve(wanted_tags(manifest, name, "configure"), ids),
            limits=wish.limits,
            items={"spawn": Item(ids[name], "done")},
        )
        for name, wish in manifest.processes.items()
    }


def plan(manifest: Manifest, bundles: dict[str, Bundle], recorded: dict[str, Entry]) -> Plan:
    return make_plan(manifest, bundles, Record().put("local", "duo", recorded), Here())


def shape(made: Plan) -> list[tuple[Part, str]]:
    return [(step.part, step.process) for step in made.steps]


def test_from_nothing_everything_is_made_in_stages(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    made = make_plan(manifest, bundles, Record(), Here())
    assert shape(made) == [
        ("spawn", "pool"),
        ("spawn", "hub"),
        ("eval", "pool"),
        ("eval", "hub"),
        ("configure", "pool"),
        ("configure", "hub"),
        ("limits", "hub"),
    ]
    assert [step.stage for step in made.steps] == [1, 1, 2, 2, 3, 4, 5]
    assert [step.kind for step in made.steps[-2:]] == ["configure", "configure"]
    assert made.verify == ("pool", "hub")
    assert made.changed


def test_steps_have_the_tags_of_their_items_and_ids_that_are_to_come(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    made = make_plan(manifest, bundles, Record(), Here())
    spawn, configure = made.steps[0], made.steps[5]
    assert spawn.final == make_tags({"Name": "Pool", "Type": "Process", "Module": "default"})
    assert configure.tags == make_tags(
        {
            "Action": "Set-Peers",
            "Pool-Process": "<id of pool>",
            "Hub-Process": "<id of hub>",
            "Colour": "blue",
        }
    )
    assert configure.final == (*configure.tags, *make_tags({"Type": "Message"}))


def test_what_is_as_it_should_be_needs_no_step(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    made = plan(manifest, bundles, entries(manifest, bundles))
    assert (made.steps, made.verify, made.notes) == ((), (), ())
    assert not made.changed


def test_a_changed_source_is_evaluated_and_nothing_is_configured_again(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    recorded["hub"] = msgspec.structs.replace(recorded["hub"], bundle_hash="0" * 64)
    made = plan(manifest, bundles, recorded)
    assert shape(made) == [("eval", "hub")]
    assert (made.steps[0].hash, made.steps[0].size) == (bundles["hub"].hash, bundles["hub"].size)
    assert made.steps[0].note == f"000000000000 -> {bundles['hub'].hash[:12]}"


def test_changed_configuration_is_sent_whole_to_that_process_alone(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    config = recorded["hub"].config | {"Colour": "red"}
    recorded["hub"] = msgspec.structs.replace(recorded["hub"], config=config)
    made = plan(manifest, bundles, recorded)
    assert shape(made) == [("configure", "hub")]
    assert made.steps[0].note == "Colour"
    assert [tag.name for tag in made.steps[0].tags] == [
        "Action",
        "Pool-Process",
        "Hub-Process",
        "Colour",
    ]


def test_changed_limits_are_sent_alone(manifest: Manifest, bundles: dict[str, Bundle]) -> None:
    recorded = entries(manifest, bundles)
    limits = {"Max-Size": "9", "Old": "1"}
    recorded["hub"] = msgspec.structs.replace(recorded["hub"], limits=limits)
    made = plan(manifest, bundles, recorded)
    assert shape(made) == [("limits", "hub")]
    assert made.steps[0].note == "Max-Size, without Old"


def test_a_process_that_is_missing_is_made_and_told_to_all_others(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    del recorded["pool"]
    assert shape(plan(manifest, bundles, recorded)) == [
        ("spawn", "pool"),
        ("eval", "pool"),
        ("configure", "pool"),
        ("configure", "hub"),
    ]


def test_a_process_of_another_log_is_missing(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    elsewhere = {
        name: msgspec.structs.replace(entry, log="two")
        for name, entry in entries(manifest, bundles).items()
    }
    assert len(plan(manifest, bundles, elsewhere).steps) == 7


def test_what_is_pending_comes_first_and_is_taken_for_done(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    stale = msgspec.structs.replace(recorded["hub"], bundle_hash=None, limits={})
    items: dict[Part, Item] = {
        "eval": Item("e", "pending", bundle_hash=bundles["hub"].hash),
        "limits": Item("l", "pending", tags={"Max-Size": "10"}),
    }
    recorded["hub"] = msgspec.structs.replace(stale, items=items)
    made = plan(manifest, bundles, recorded)
    assert [(step.part, step.item, step.stage) for step in made.steps] == [
        ("eval", "e", 0),
        ("limits", "l", 0),
    ]


def test_what_is_pending_and_out_of_date_is_followed_by_what_is_wanted(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    pending = Item("e", "pending", bundle_hash="older")
    recorded["hub"] = recorded["hub"].with_item("eval", pending)
    made = plan(manifest, bundles, recorded)
    assert [(step.part, step.item) for step in made.steps] == [("eval", "e"), ("eval", None)]


def test_a_spawn_that_failed_left_no_process(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    recorded = entries(manifest, bundles)
    recorded["pool"] = recorded["pool"].with_item("spawn", Item("i", "failed"))
    assert ("spawn", "pool") in shape(plan(manifest, bundles, recorded))


def test_a_network_may_want_another_module(
    manifest: Manifest, bundles: dict[str, Bundle], duo: Project
) -> None:
    module = name_address("module")
    path = duo.manifest("duo")
    path.write_text(path.read_text() + f'\n[networks.local]\nmodule = "{module}"\n')
    made = make_plan(load_manifest(duo, "duo"), bundles, Record(), Here())
    assert {step.module for step in made.steps if step.part == "spawn"} == {module}


def test_what_no_step_can_mend_is_noted(manifest: Manifest, bundles: dict[str, Bundle]) -> None:
    recorded = entries(manifest, bundles)
    recorded["hub"] = msgspec.structs.replace(recorded["hub"], tags={"Name": "Old"})
    recorded["gone"] = msgspec.structs.replace(recorded["hub"], id=name_address("gone"))
    notes = plan(manifest, bundles, recorded).notes
    assert notes == (
        "'hub' keeps the tags that it was spawned with; the manifest has others",
        "'gone' is recorded and not in the manifest; it is left alone",
    )


def test_a_process_without_a_bundle_is_refused(
    manifest: Manifest, bundles: dict[str, Bundle]
) -> None:
    del bundles["hub"]
    with pytest.raises(ManifestError, match="'hub' has no bundle"):
        make_plan(manifest, bundles, Record(), Here())


def test_a_plan_comes_back_as_it_was_saved(
    manifest: Manifest, bundles: dict[str, Bundle], tmp_path: Path
) -> None:
    made = make_plan(manifest, bundles, Record(), Here())
    save_plan(tmp_path / "build" / "plan.json", made)
    assert load_plan(tmp_path / "build" / "plan.json") == made


@pytest.mark.parametrize("text", ["", "{}", '{"network": "local", "bundle": "duo", "more": 1}'])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "plan.json").write_text(text)
    with pytest.raises(UsageError, match="this is no saved plan"):
        load_plan(tmp_path / "plan.json")
