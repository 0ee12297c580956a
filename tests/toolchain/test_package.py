from __future__ import annotations

import pkgutil
from pathlib import Path

import aosctl


def test_the_public_names_are_sorted_and_true() -> None:
    assert aosctl.__all__ == sorted(aosctl.__all__)
    assert set(aosctl._HOME) == set(aosctl.__all__)
    for name in aosctl.__all__:
        assert getattr(aosctl, name).__module__ == aosctl._HOME[name]


def test_no_public_name_is_spelt_like_a_module() -> None:
    modules = {module.name for module in pkgutil.iter_modules(aosctl.__path__)}
    assert modules.isdisjoint(aosctl.__all__)


def test_the_toolchain_names_no_process_of_a_bundle() -> None:
    package = Path(aosctl.__file__).parent
    root = Path(__file__).parents[2]
    names = {path.parent.name for path in root.glob("processes/*/*/process.lua")}
    words = names | {path.parent.name for path in root.glob("processes/*/manifest.toml")}
    assert len(words) >= 6
    for path in [*package.rglob("*.py"), *package.rglob("*.lua"), *package.rglob("*.json")]:
        text = path.read_text().lower()
        assert not [word for word in words if word in text], path
