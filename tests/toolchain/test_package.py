from __future__ import annotations

import pkgutil

import aosctl


def test_the_public_names_are_sorted_and_true() -> None:
    assert aosctl.__all__ == sorted(aosctl.__all__)
    assert set(aosctl._HOME) == set(aosctl.__all__)
    for name in aosctl.__all__:
        assert getattr(aosctl, name).__module__ == aosctl._HOME[name]


def test_no_public_name_is_spelt_like_a_module() -> None:
    modules = {module.name for module in pkgutil.iter_modules(aosctl.__path__)}
    assert modules.isdisjoint(aosctl.__all__)
