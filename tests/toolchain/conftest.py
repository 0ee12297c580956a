"""Fixtures that several tests of the toolchain share."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aosctl.project import Project, find_project

PROJECTS = Path(__file__).parent / "projects"


@pytest.fixture
def duo(tmp_path: Path) -> Project:
    """Return a project of its own with the bundle `duo`: two processes that know each other."""
    root = tmp_path / "project"
    shutil.copytree(PROJECTS / "duo", root)
    return find_project(root, environment={})


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """Return a project of its own with the bundle `shop`: a till, a shelf, and their scenario."""
    root = tmp_path / "project"
    shutil.copytree(PROJECTS / "shop", root)
    return find_project(root, environment={})
