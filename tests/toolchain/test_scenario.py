from __future__ import annotations

from pathlib import Path

import pytest

from aosctl.errors import ScenarioError
from aosctl.scenario.scenario import Scenario, Step
from aosctl.scenario.source import make_scenario

PROCESSES = ("till", "shelf")
HEAD = 'wallets = ["alice"]\n[values]\nunits = "4"\n[[stage]]\nname = "s"\nstarts = "configured"\n'
STEP = '[[stage.step]]\nname = "one"\nfrom = "alice"\nto = "till"\naction = "Buy"\n'
TIM3 = Path(__file__).parents[2] / "processes/tim3"


def read(text: str) -> Scenario:
    return make_scenario(text, shown="smoke.toml", processes=PROCESSES)


def steps(text: str) -> tuple[Step, ...]:
    return read(HEAD + text).stage[0].step


def refuse(text: str) -> ScenarioError:
    with pytest.raises(ScenarioError) as caught:
        read(text)
    return caught.value


def test_a_step_is_read_as_it_is_written() -> None:
    (step,) = steps(STEP + 'tags = { Units = "${units}" }\nanswers = [{ action = "Receipt" }]\n')
    assert (step.sender, step.receiver, step.action) == ("alice", "till", "Buy")
    assert step.tags == {"Units": "${units}"}
    assert step.answers[0].action == "Receipt"


def test_each_writes_out_one_step_an_entry() -> None:
    text = STEP.replace('"one"', "\"'${n}' is refused\"") + 'each = [{ n = "0" }, { n = "-1" }]\n'
    assert [step.name for step in steps(text)] == ["'0' is refused", "'-1' is refused"]


def test_a_name_that_does_not_tell_its_entries_apart_gets_their_values() -> None:
    text = STEP + 'each = [{ n = "0" }, { n = "1" }]\ntags = { Units = "${n}" }\n'
    assert [step.name for step in steps(text)] == ["one (n 0, to till)", "one (n 1, to till)"]
    assert [step.tags["Units"] for step in steps(text)] == ["0", "1"]


def test_a_step_to_everybody_is_one_to_each_process() -> None:
    text = STEP.replace('to = "till"', 'to = "*"') + 'answers = [{ from = "${to}" }]\n'
    assert [step.receiver for step in steps(text)] == ["till", "shelf"]
    assert [step.answers[0].sender for step in steps(text)] == ["till", "shelf"]


def test_a_kept_value_is_known_to_later_steps_only() -> None:
    keep = STEP + 'keep.sale = { answer = "Receipt", tag = "Sale-Id" }\n'
    use = STEP.replace("one", "two") + 'tags = { Sale = "${sale}" }\n'
    assert len(steps(keep + use)) == 2
    assert "nothing is called '${sale}'" in refuse(HEAD + use + keep).message


def test_a_kept_value_is_not_known_in_another_world() -> None:
    keep = STEP + 'keep.sale = { answer = "Receipt", tag = "Sale-Id" }\n'
    other = '[[stage]]\nname = "t"\nstarts = "configured"\n'
    use = STEP.replace("one", "two") + 'tags = { Sale = "${sale}" }\n'
    assert "${sale}" in refuse(HEAD + keep + other + use).message


def test_the_scenario_of_tim3_is_one() -> None:
    names = ("mock_usda", "lock_manager", "coordinator", "token_manager", "state_manager")
    text = (TIM3 / "smoke.toml").read_text()
    scenario = make_scenario(text, shown="smoke.toml", processes=names)
    starts = [stage.starts for stage in scenario.stage]
    assert starts == ["unconfigured", "unconfigured", "configured", None, "live"]


# --- what is refused, and with which line --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("wallets = [", 1, "is no TOML"),
        ('wallet = ["alice"]\n', 1, "unknown key 'wallet' in the scenario"),
        ('\nwallets = ["Alice"]\n', 2, "'Alice' is no name for a wallet"),
        ('wallets = ["till"]\n', 1, "'till' is already the name of a process"),
        ('wallets = ["deployer"]\n', 1, "'deployer' is already the name of the deployer"),
        ('wallets = ["a"]\n[values]\na = "1"\n', 3, "'a' is already the name of a wallet"),
        ("[values]\nunits = 4\n", 2, "values"),
        ('[invariants]\nalways = ["x"]\nat_rest = ["x"]\n', 1, "'x' is checked always"),
        ('[[stage]]\nname = "s"\n', 1, "does not say how it starts"),
        ('[[stage]]\nname = "s"\nstarts = "soon"\n', 3, "stage 1, starts"),
        (HEAD + '[[stage]]\nname = "s"\n', 8, "two stages are called 's'"),
    ],
)  # fmt: skip
def test_a_fault_outside_steps_is_refused_with_its_line(text: str, line: int, message: str) -> None:
    error = refuse(text)
    assert message in error.message
    assert error.where == f"smoke.toml:{line}"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("awnsers = []", "unknown key 'awnsers' in stage 1, step 1"),
        ("tags = { Units = 4 }", "stage 1, step 1, tags"),
        ('answers = [{ form = "till" }]', "unknown key 'form' in stage 1, step 1, answers 1"),
        ('answers = [{ from = "tlil" }]', "nobody is called 'tlil'"),
        ('between = [{ to = "shelv" }]', "nobody is called 'shelv'"),
        ('tags = { Units = "${unit}" }', "nothing is called '${unit}' here"),
        ('answers = [{ tags = { A = { matches = "(" } } }]', "no regular expression"),
        ('advance = "5x"', "'5x' is no duration"),
        ('published.stock = { a = "1" }', "no process is called 'stock'"),
        ("silent = true\nanswers = [{}]", "is silent, yet expects messages"),
        ('data = "x"\njson = {}', "has both data and json"),
        ('each = [{ a = "1" }, { b = "1" }]', "this entry names 'b', the first one 'a'"),
        ('keep.x = { path = "a" }', "keep.x needs one of"),
        ('keep.x = { answer = "A", published = "till" }', "keep.x needs one of"),
        ('keep.x = { answer = "A", tag = "T", path = "a" }', "a tag or a path, not both"),
        ('figures.x = { published = "till" }', "figures.x needs a path"),
        ('figures.x = { published = "tlil", path = "a" }', "no process is called 'tlil'"),
    ],
)  # fmt: skip
def test_a_fault_in_a_step_is_refused_with_its_line(line: str, message: str) -> None:
    text = HEAD + STEP
    error = refuse(text + line + "\n")
    assert message in error.message
    assert error.where is not None
    number = int(error.where.partition(":")[2])
    assert text.count("\n") - 4 <= number <= text.count("\n") + 2


def test_a_near_miss_says_what_may_have_been_meant() -> None:
    assert refuse(HEAD + STEP + "awnsers = []\n").hint == "Did you mean 'answers'?"
    assert refuse(HEAD + STEP.replace("alice", "alise")).hint == "Did you mean 'alice'?"
    assert refuse(HEAD + STEP + 'tags = { A = "${unit}" }\n').hint == "Did you mean 'units'?"


def test_half_a_message_is_refused() -> None:
    no_sender = STEP.replace('from = "alice"\n', "")
    assert "whom its message is from" in refuse(HEAD + no_sender).message
    no_receiver = STEP.replace('to = "till"\n', "")
    assert "whom its message is to" in refuse(HEAD + no_receiver).message


def test_two_steps_of_one_name_are_refused() -> None:
    assert "two steps here are called 'one'" in refuse(HEAD + STEP + STEP).message


def test_a_step_that_does_nothing_expects_no_messages() -> None:
    text = HEAD + '[[stage.step]]\nname = "one"\nanswers = [{}]\n'
    assert "expects messages but does nothing" in refuse(text).message


@pytest.mark.parametrize(
    "line", ['advance = "5m"', "between = [{}]", "unchanged = true", 'picture = "P"']
)
def test_what_a_dry_run_cannot_show_is_refused_on_live_processes(line: str) -> None:
    error = refuse(HEAD.replace("configured", "live") + STEP + line + "\n")
    assert "is on live processes" in error.message
