"""What differs from version to version of aos: each row of the table by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from aosctl.emulator.process import Process
from aosctl.emulator.profile import AOS_MODULE, PROFILES, Profile, find_profile, profile_of_module
from aosctl.errors import UsageError
from aosctl.message import Definition, Environment, Message, Result, make_tags, strip_colours

ID, MODULE = "p" * 43, "m" * 43
OWNER, STRANGER, OTHER = "o" * 43, "s" * 43, "x" * 43
FIRST, SECOND = "a" * 43, "b" * 43
NOW = 1_767_225_600_123
SPAWN_TAGS = {"Type": "Process", "Module": MODULE, "Authority": f"{FIRST},{SECOND}"}
VERSIONS = ["2.0.1", "2.0.3", "2.0.4", "2.0.6"]
ALL = [*VERSIONS, "hyper"]


class Subject:
    """A process under test, and what people send it."""

    def __init__(self, profile: Profile, *, spawned: bool = True) -> None:
        definition = Definition(ID, OWNER, make_tags(SPAWN_TAGS))
        self.process = Process(Environment(definition, Definition(MODULE, OWNER)), profile=profile)
        self.nonce = -1
        if spawned:
            self.send(OWNER, SPAWN_TAGS, message_id=ID).raise_for_error()

    def send(
        self,
        sender: str,
        tags: dict[str, str],
        data: str = "",
        *,
        signer: str = "",
        message_id: str = "",
    ) -> Result:
        self.nonce += 1
        return self.process.evaluate(
            Message(
                id=message_id or f"{self.nonce:043d}",
                owner=signer or sender,
                sender=sender,
                target=ID,
                data=data,
                timestamp=NOW,
                block_height=7,
                nonce=self.nonce,
                tags=make_tags(tags),
            )
        )

    def run(self, code: str) -> str:
        """Evaluate Lua as the owner; return what the console shows, plain."""
        result = self.send(OWNER, {"Action": "Eval"}, code).raise_for_error()
        shown: str = result.output["data"]
        return strip_colours(shown)


Start = Callable[..., Subject]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[Subject] = []

    def start(name: str, **options: bool) -> Subject:
        started.append(Subject(find_profile(name), **options))
        return started[-1]

    yield start
    for subject in started:
        subject.process.close()


def by_version(values: list[Any], *, hyper: Any) -> list[tuple[str, Any]]:
    return list(zip(ALL, (*values, hyper), strict=True))


@pytest.mark.parametrize(
    ("name", "shown"),
    by_version(["1 nil nil", "1 nil nil", "1 nil nil", "nil 1 nil"], hyper="nil nil 1"),
)
def test_tag_names_come_in_as_sent_title_cased_or_in_lower_case(
    start: Start, name: str, shown: str
) -> None:
    subject = start(name)
    code = "local m = Seen return tostring(m.voteID) .. ' ' .. tostring(m.Voteid) .. ' ' .. "
    subject.run('Handlers.add("see", function(m) return true end, function(m) Seen = m end)')
    subject.send(STRANGER, {"voteID": "1"})
    assert subject.run(code + "tostring(m.voteid)") == shown


@pytest.mark.parametrize(
    ("name", "runs"), by_version(["0 1 0", "0 1 0", "0 1 0", "1 1 1"], hyper="1 1 1")
)
def test_the_case_of_pattern_text_counts_in_earlier_versions(
    start: Start, name: str, runs: str
) -> None:
    subject = start(name)
    key = "action" if name == "hyper" else "Action"
    subject.run(
        f"""Runs = {{0, 0, 0}}
        for i, text in ipairs({{"PING", "Ping", "^P[A-Z]NG$"}}) do
          Handlers.add("h" .. i, {{ {key} = text }}, function() Runs[i] = Runs[i] + 1 end)
          Handlers.list[#Handlers.list].pattern = function(msg)
            return require(".utils").matchesSpec(msg, {{ {key} = text }}) and "continue"
          end
        end"""
    )
    subject.send(STRANGER, {"Action": "Ping"})
    assert subject.run("table.concat(Runs, ' ')") == runs


@pytest.mark.parametrize(("name", "found"), by_version([False, True, True, True], hyper=True))
def test_a_spec_looks_at_the_tags_beside_the_message(
    start: Start, name: str, *, found: bool
) -> None:
    subject = start(name)
    code = 'tostring(require(".utils").matchesSpec({ Tags = { Only = "x" } }, { Only = "x" }))'
    assert subject.run(code) == str(found).lower()


@pytest.mark.parametrize(("name", "answers"), by_version([1, 1, 1, 0], hyper=0))
def test_an_untrusted_sender_is_answered_by_earlier_versions(
    start: Start, name: str, answers: int
) -> None:
    subject = start(name)
    result = subject.send(OTHER, {"Action": "X"}, signer=STRANGER)
    assert [m.data for m in result.messages] == [
        "Message is not trusted by this process!"
    ] * answers
    assert result.output["data"].startswith(f"Message is not trusted! From: {OTHER}")


@pytest.mark.parametrize("name", ALL)
def test_a_process_does_not_answer_itself_as_untrusted(start: Start, name: str) -> None:
    assert start(name).send(ID, {"Action": "X"}, signer=STRANGER).messages == ()


@pytest.mark.parametrize(
    ("name", "shown"),
    by_version(
        [f"1 {FIRST},{SECOND}", f"1 {FIRST},{SECOND}", f"1 {FIRST},{SECOND}", f"2 {FIRST}"],
        hyper=f"2 {FIRST}",
    ),
)
def test_authorities_are_split_at_commas_since_2_0_6(start: Start, name: str, shown: str) -> None:
    assert start(name).run('#ao.authorities .. " " .. ao.authorities[1]') == shown


@pytest.mark.parametrize(("name", "count"), by_version(["1", "1", "1", "3"], hyper="3"))
def test_authorities_are_read_again_where_they_were_split(
    start: Start, name: str, count: str
) -> None:
    subject = start(name)
    subject.run('ao.authorities = { "mine" }')
    assert subject.run("tostring(#ao.authorities)") == count


@pytest.mark.parametrize("name", ALL)
def test_authorities_that_were_all_taken_away_come_back(start: Start, name: str) -> None:
    subject = start(name)
    before = subject.run("tostring(#ao.authorities)")
    subject.run("ao.authorities = {}")
    assert subject.run("tostring(#ao.authorities)") == before


@pytest.mark.parametrize(("name", "owned"), by_version([True, False, False, False], hyper=False))
def test_in_2_0_1_whoever_sends_the_first_message_owns_the_process(
    start: Start, name: str, *, owned: bool
) -> None:
    subject = start(name, spawned=False)
    result = subject.send(STRANGER, {"Action": "Eval", "Module": MODULE}, "return 'mine'")
    assert ("mine" in result.output["data"]) is owned


@pytest.mark.parametrize(
    ("name", "shown"),
    by_version(
        ["_boot _eval _default 4", "_eval _default 3", "_eval _default 3", "_eval _default 3"],
        hyper="_eval _default 3",
    ),
)
def test_boot_waits_for_every_message_in_2_0_1(start: Start, name: str, shown: str) -> None:
    subject = start(name)
    code = """local names = {}
    for i, handler in ipairs(Handlers.list) do names[i] = handler.name end
    names[#names + 1] = tostring(Handlers.add("mine", "Mine", print))
    return table.concat(names, " ")"""
    assert subject.run(code) == shown


@pytest.mark.parametrize(("name", "boots"), by_version([True, False, False, False], hyper=False))
def test_a_later_process_message_of_the_owner_boots_again_in_2_0_1(
    start: Start, name: str, *, boots: bool
) -> None:
    subject = start(name)
    subject.send(OWNER, {"Type": "Process", "On-Boot": "Data"}, "Booted = true")
    assert (subject.run("tostring(Booted)") == "true") is boots


@pytest.mark.parametrize(("name", "shown"), by_version(["yes", "nil", "nil", "nil"], hyper="nil"))
def test_a_tag_overwrites_read_only_in_2_0_1(start: Start, name: str, shown: str) -> None:
    subject = start(name)
    subject.run(
        'Handlers.add("see", "See", function(m) Seen = m["Read-Only"] or m["read-only"] end)'
    )
    subject.send(STRANGER, {"Action": "See", "Read-Only": "yes"})
    assert subject.run("tostring(Seen)") == shown


@pytest.mark.parametrize(("name", "warned"), by_version([False, False, True, False], hyper=False))
def test_2_0_4_warns_after_a_message_that_failed(start: Start, name: str, *, warned: bool) -> None:
    subject = start(name)
    subject.run("return 1")
    subject.send(OWNER, {"Action": "Eval"}, "error('no')")
    warning = (
        "WARNING: Nonce did not match, may be due to an error generated by process\n\n"
        if warned
        else ""
    )
    assert subject.run("return 'x'") == f"{warning}x"
    assert subject.run("return 'y'") == "y"


@pytest.mark.parametrize(
    ("name", "kinds"),
    by_version(
        ["nil nil nil", "nil nil nil", "nil nil nil", "function function function"],
        hyper="function function function",
    ),
)
def test_normalize_and_its_kin_came_with_2_0_6(start: Start, name: str, kinds: str) -> None:
    code = "type(Utils.normalize) .. ' ' .. type(Utils.capitalize) .. ' ' .. type(ao.registerHint)"
    assert start(name).run(code) == kinds


def test_a_version_says_what_it_says_of_itself(start: Start) -> None:
    shown = [start(name).run("Version()").removeprefix("version: ") for name in VERSIONS]
    assert shown == ["2.0.1", "2.0.3", "2.0.4", "2.0.4"]


def test_a_module_whose_id_is_known_has_its_version() -> None:
    assert profile_of_module(AOS_MODULE) is PROFILES["2.0.6"] is PROFILES["aos"]
    assert profile_of_module(MODULE) is None


def test_a_profile_that_is_not_there_is_wrong_usage() -> None:
    with pytest.raises(UsageError, match=r"no profile '1\.0'"):
        find_profile("1.0")
