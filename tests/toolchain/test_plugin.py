"""What aosctl's pytest plugin adds to a stranger's tests."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]

SHOWS_PROFILE = """
def test_shown(profile):
    print("under", profile.name)
"""


def run(pytester: pytest.Pytester, source: str, *arguments: str) -> pytest.RunResult:
    pytester.makepyfile(source)
    return pytester.runpytest_inprocess("-p", "no:randomly", "-s", "-v", *arguments)


def shown(result: pytest.RunResult) -> list[str]:
    return [line.split()[-1] for line in result.outlines if "under" in line]


def test_a_test_runs_under_aos_where_nothing_is_said(pytester: pytest.Pytester) -> None:
    result = run(pytester, SHOWS_PROFILE)
    result.assert_outcomes(passed=1)
    assert "under 2.0.6" in result.stdout.str()


def test_a_test_runs_under_each_profile_of_the_option(pytester: pytest.Pytester) -> None:
    result = run(pytester, SHOWS_PROFILE, "--profile", "aos", "--profile", "hyper")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(
        ["*test_shown?aos?*under 2.0.6*", "*test_shown?hyper?*under hyper*"]
    )


def test_a_test_that_asks_for_no_profile_runs_once(pytester: pytest.Pytester) -> None:
    source = "def test_plain(): pass"
    run(pytester, source, "--profile", "aos", "--profile", "hyper").assert_outcomes(passed=1)


def test_the_marker_goes_over_the_option(pytester: pytest.Pytester) -> None:
    source = f"""
import pytest
pytestmark = pytest.mark.profile("2.0.1", "2.0.3")
{SHOWS_PROFILE}"""
    result = run(pytester, source, "--profile", "hyper", "--strict-markers")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["*under 2.0.1*", "*under 2.0.3*"])


def test_a_profile_that_is_not_there_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, SHOWS_PROFILE, "--profile", "1.0")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "1.0" in result.stderr.str()
    source = f'import pytest\npytestmark = pytest.mark.profile("1.0")\n{SHOWS_PROFILE}'
    marked = run(pytester, source)
    assert marked.ret != pytest.ExitCode.OK
    assert "there is no profile '1.0'" in marked.stdout.str() + marked.stderr.str()
