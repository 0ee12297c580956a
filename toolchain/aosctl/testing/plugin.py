"""
What pytest loads of itself: the marker and options that aosctl's tests understand.

    pytest --profile aos --profile hyper     each test that asks for `profile`, under both
    @pytest.mark.profile("aos", "2.0.1")     this test under these, whatever the option says
"""

from __future__ import annotations

import pytest

from aosctl.emulator.profile import AOS, PROFILES, Profile

_PROFILE_MARKER = (
    "profile(*names): run under each of these profiles of aos, whatever --profile says"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("aosctl")
    group.addoption(
        "--profile",
        action="append",
        choices=list(PROFILES),
        help="Whose rules hold in processes: a version of aos, or hyper; repeatable.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers."""
    config.addinivalue_line("markers", _PROFILE_MARKER)


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
