"""
What pytest loads of itself: the marker and options that aosctl's tests understand.

    pytest --profile aos --profile hyper     each test that asks for `profile`, under both
    @pytest.mark.profile("aos", "2.0.1")     this test under these, whatever the option says
    pytest --shuffle random                  what asks for `shuffle` gets a seed for other orders
"""

from __future__ import annotations

import secrets
from collections.abc import Generator

import pytest

from aosctl.emulator.profile import AOS, PROFILES, Profile

_PROFILE_MARKER = (
    "profile(*names): run under each of these profiles of aos, whatever --profile says"
)

_UNSHUFFLED_MARKER = "unshuffled(reason): take the usual orders, whatever --shuffle says"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("aosctl")
    group.addoption(
        "--profile",
        action="append",
        choices=list(PROFILES),
        help="Whose rules hold in processes: a version of aos, or hyper; repeatable.",
    )
    group.addoption(
        "--shuffle",
        metavar="SEED",
        type=_read_seed,
        help="Other orders of `pairs` and of deliveries, from this number, or from a `random` one.",
    )


def _read_seed(text: str) -> int:
    return secrets.randbelow(2**32) if text == "random" else int(text)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which seed this run has."""
    seed = config.getoption("shuffle")
    return [] if seed is None else [f"aosctl: --shuffle {seed}"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say beside a failure which seed brought it about."""
    report = yield
    seed = item.config.getoption("shuffle")
    if report.failed and seed is not None and "shuffle" in getattr(item, "fixturenames", ()):
        report.sections.append(("aosctl", f"The order was that of --shuffle {seed}"))
    return report


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    for marker in (_PROFILE_MARKER, _UNSHUFFLED_MARKER):
        config.addinivalue_line("markers", marker)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each profile that a test is to run under."""
    if "profile" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("profile")
    names = marker.args if marker else metafunc.config.getoption("profile")
    unknown = sorted(set(names or ()) - set(PROFILES))
    if unknown:
        raise pytest.UsageError(f"there is no profile {unknown[0]!r}: {', '.join(PROFILES)}")
    if names:
        profiles = [PROFILES[name] for name in names]
        metafunc.parametrize("profile", profiles, ids=names, indirect=True)


@pytest.fixture
def profile(request: pytest.FixtureRequest) -> Profile:
    """Return whose rules the processes of this test follow."""
    chosen: Profile = getattr(request, "param", AOS)
    return chosen


@pytest.fixture
def shuffle(request: pytest.FixtureRequest) -> int | None:
    """Return the seed of the orders that this test's worlds take, or None for the usual ones."""
    seed: int | None = request.config.getoption("shuffle")
    return None if request.node.get_closest_marker("unshuffled") else seed
