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


ORDERED = """
import pytest
from aosctl.emulator.world import World
from aosctl.message import make_tags, name_address

{marker}
def test_order(shuffle):
    world = World(shuffle=shuffle)
    owner = name_address("o")
    process = world.spawn(owner=owner)
    code = "local s = '' for k in pairs({{ 1, 2, 3, 4, 5, 6, 7, 8 }}) do s = s .. k end return s"
    message = world.send(
        sender=owner, target=process, tags=make_tags({{"Action": "Eval"}}), data=code
    )
    world.run()
    assert world.result(process, message).output["data"] == "12345678"

def test_of_something_else():
    assert False
"""


def test_a_test_whose_outcome_hangs_on_the_order_fails_and_names_the_seed(
    pytester: pytest.Pytester,
) -> None:
    source = ORDERED.format(marker="")
    run(pytester, source).assert_outcomes(passed=1, failed=1)
    result = run(pytester, source, "--shuffle", "42")
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["aosctl: --shuffle 42", "*The order was that of --shuffle 42"])
    assert result.stdout.str().count("The order was that of") == 1


def test_a_random_seed_is_shown_so_that_it_can_be_given_again(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_plain(): pass", "--shuffle", "random")
    (line,) = (line for line in result.outlines if line.startswith("aosctl: --shuffle "))
    assert line.split()[-1].isdecimal()


def test_a_test_may_keep_the_usual_order(pytester: pytest.Pytester) -> None:
    source = ORDERED.format(marker='@pytest.mark.unshuffled("why")')
    run(pytester, source, "--shuffle", "42").assert_outcomes(passed=1, failed=1)


def test_a_seed_that_is_no_number_is_refused(pytester: pytest.Pytester) -> None:
    result = run(pytester, "def test_plain(): pass", "--shuffle", "x")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
