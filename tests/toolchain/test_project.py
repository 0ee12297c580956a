from __future__ import annotations

from pathlib import Path

import pytest

from aosctl.errors import UsageError
from aosctl.project import Project, find_project


def make_bundle(root: Path, name: str) -> None:
    folder = root / "processes" / name
    folder.mkdir(parents=True)
    (folder / "manifest.toml").write_text("")


def test_a_project_is_found_from_any_folder_below_its_root(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    below = tmp_path / "processes" / "one"
    assert find_project(start=below, environment={}).root == tmp_path


def test_a_folder_of_tests_called_processes_is_no_project(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    (tmp_path / "tests" / "processes" / "one").mkdir(parents=True)
    assert find_project(start=tmp_path / "tests", environment={}).root == tmp_path


def test_a_project_without_bundles_is_found_too(tmp_path: Path) -> None:
    (tmp_path / "processes").mkdir()
    project = find_project(start=tmp_path, environment={})
    assert project.bundles() == ()
    with pytest.raises(UsageError, match="has no bundle"):
        project.bundle()


def test_where_no_folder_holds_processes_there_is_no_project(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no project here") as caught:
        find_project(start=tmp_path, environment={})
    assert caught.value.exit_code == 2
    assert caught.value.where == str(tmp_path)


def test_a_named_project_must_be_a_root(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    assert find_project(tmp_path, environment={}).root == tmp_path
    with pytest.raises(UsageError, match="no project in"):
        find_project(tmp_path / "processes", environment={})


def test_the_only_bundle_is_meant_without_a_name(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    assert find_project(tmp_path, environment={}).bundle() == "one"


def test_of_several_bundles_the_default_one_is_meant(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    make_bundle(tmp_path, "two")
    project = find_project(tmp_path, environment={})
    with pytest.raises(UsageError, match="'one', 'two'") as caught:
        project.bundle()
    assert "default_bundle" in (caught.value.hint or "")
    (tmp_path / "pyproject.toml").write_text('[tool.aosctl]\ndefault_bundle = "two"\n')
    assert project.bundle() == "two"
    assert project.bundle("one") == "one"


def test_an_unknown_bundle_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    make_bundle(tmp_path, "tim3")
    with pytest.raises(UsageError, match="no bundle is called 'tim'") as caught:
        find_project(tmp_path, environment={}).bundle("tim")
    assert caught.value.hint == "Did you mean 'tim3'?"


def test_a_pyproject_that_is_no_toml_is_refused_where_it_is_needed(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    make_bundle(tmp_path, "two")
    (tmp_path / "pyproject.toml").write_text("[tool")
    with pytest.raises(UsageError, match=r"pyproject\.toml cannot be read"):
        find_project(tmp_path, environment={}).bundle()


def test_record_and_state_lie_in_the_root_unless_named(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    project = find_project(tmp_path, environment={})
    assert project.record == tmp_path / "deployments.json"
    assert project.state_dir == tmp_path / ".aosctl"


def test_the_state_lies_beside_a_record_that_is_named(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    record = tmp_path / "build" / "record.json"
    project = find_project(tmp_path, environment={"AOSCTL_RECORD": str(record)})
    assert (project.record, project.state_dir) == (record, tmp_path / "build" / ".aosctl")


def test_the_option_wins_over_the_variable_for_the_state(tmp_path: Path) -> None:
    make_bundle(tmp_path, "one")
    environment = {"AOSCTL_STATE_DIR": str(tmp_path / "variable")}
    assert find_project(tmp_path, environment=environment).state_dir == tmp_path / "variable"
    named = find_project(tmp_path, state_dir=tmp_path / "option", environment=environment)
    assert named.state_dir == tmp_path / "option"


def test_paths_are_shown_from_the_root(tmp_path: Path) -> None:
    project = Project(root=tmp_path, record=tmp_path / "r", state_dir=tmp_path / "s")
    assert project.relative(tmp_path / "processes" / "a.lua") == "processes/a.lua"
    assert project.relative(Path("/elsewhere/a.lua")) == "/elsewhere/a.lua"
