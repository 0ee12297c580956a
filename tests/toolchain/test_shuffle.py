"""Other orders of `pairs` and of deliveries, that follow from a seed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from aosctl.emulator.world import World
from aosctl.message import make_tags, name_address, strip_colours

OWNER, ALICE, BOB = (name_address(name) for name in ("deployer", "alice", "bob"))
KEYS = '{ a = 1, b = 2, c = 3, d = 4, [1] = "x", [2] = "y", [3] = "z", [0.5] = 1, [true] = 1 }'
WALK = """
local found = {{}}
for key in {iterator} do found[#found + 1] = tostring(key) end
return table.concat(found, " ")
"""


class Subject:
    """A process in a world of its own, and Lua evaluated in it."""

    def __init__(self, seed: int | None) -> None:
        self.world = World(shuffle=seed)
        self.id = self.world.spawn(owner=OWNER)
        self.world.run()

    def run(self, code: str) -> str:
        eval_ = make_tags({"Action": "Eval"})
        message = self.world.send(sender=OWNER, target=self.id, tags=eval_, data=code)
        self.world.run()
        result = self.world.result(self.id, message).raise_for_error()
        return strip_colours(result.output["data"])

    def walk(self, table: str) -> str:
        return self.run(WALK.format(iterator=f"pairs({table})"))


@pytest.fixture
def subject() -> Iterator[Subject]:
    subject = Subject(7)
    yield subject
    subject.world.close()


def orders(*seeds: int, code: str) -> list[str]:
    found = []
    for seed in seeds:
        subject = Subject(seed)
        found.append(subject.run(code))
        subject.world.close()
    return found


# --- tables --------------------------------------------------------------------------------------


def test_one_seed_is_one_order_and_another_seed_another() -> None:
    code = WALK.format(iterator=f"pairs({KEYS})")
    one, again, other = orders(1, 1, 2, code=code)
    assert one == again
    assert one != other
    assert (
        sorted(one.split())
        == sorted(other.split())
        == sorted(["a", "b", "c", "d", "1", "2", "3", "0.5", "true"])
    )


def test_lists_are_shuffled_too_but_for_ipairs(subject: Subject) -> None:
    table = "{ 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 }"
    usual = " ".join(map(str, range(1, 13)))
    assert subject.walk(table) != usual
    assert subject.run(WALK.format(iterator=f"ipairs({table})")) == usual


def test_an_order_does_not_hang_on_how_the_table_was_filled(subject: Subject) -> None:
    assert subject.walk("{ a = 1, b = 1, c = 1 }") == subject.walk("{ c = 1, b = 1, a = 1 }")


def test_next_walks_as_pairs_does(subject: Subject) -> None:
    subject.run(f"T = {KEYS}")
    assert subject.run(WALK.format(iterator="next, T")) == subject.walk("T")
    assert subject.run("tostring(next({}))") == "nil"
    assert subject.run("select('#', next({ a = 1 })) .. select(2, next({ a = 5 }))") == "25"


@pytest.mark.parametrize("iterator", ["pairs(T)", "next, T"])
def test_what_is_cleared_on_the_way_does_not_come_up(subject: Subject, iterator: str) -> None:
    code = f"""T = {{}}
    for i = 1, 100 do T["k" .. i] = i end
    local seen = 0
    for key, value in {iterator} do
      seen = seen + 1
      T[key] = nil
      T["k" .. value % 100 + 1] = nil
    end
    return seen .. tostring(next(T))"""
    seen = subject.run(code).removesuffix("nil")
    assert 50 <= int(seen) < 100


def test_a_table_that_says_how_to_walk_it_is_walked_so(subject: Subject) -> None:
    code = "setmetatable({}, { __pairs = function() return next, { only = 1 } end })"
    assert subject.walk(code) == "only"


def test_walking_what_is_no_table_is_the_same_error(subject: Subject) -> None:
    usual = Subject(None)
    code = "local ok, why = pcall(function() for _ in pairs(VALUE) do end end) return tostring(why)"
    for value in ("5", "nil", "'text'", "print"):
        assert subject.run(code.replace("VALUE", value)) == usual.run(code.replace("VALUE", value))
    usual.world.close()


def test_keys_without_a_name_come_each_once(subject: Subject) -> None:
    code = """local t, n = {}, 0
    for i = 1, 20 do t[{}] = i t[function() return i end] = i end
    for _ in pairs(t) do n = n + 1 end
    return n"""
    assert subject.run(code) == "40"


def test_a_process_keeps_its_order_through_an_error(subject: Subject) -> None:
    subject.run(f"T = {KEYS}")
    before = subject.walk("T")
    eval_ = make_tags({"Action": "Eval"})
    subject.world.send(sender=OWNER, target=subject.id, tags=eval_, data="T.e = 1 error('no')")
    subject.world.run()
    assert subject.walk("T") == before


# --- deliveries ----------------------------------------------------------------------------------

FAN = """
Handlers.add("go", "Go", function(msg)
  for i = 1, 6 do ao.send({ Target = SINK, Action = "N", Data = tostring(i) }) end
end)
"""


def fan(seed: int | None) -> list[str]:
    """Return in which order six messages of one outbox reach one process."""
    world = World(shuffle=seed)
    sink = world.spawn(owner=OWNER)
    source = world.spawn(
        owner=OWNER, tags=make_tags({"On-Boot": "Data"}), data=f'SINK = "{sink}" {FAN}'
    )
    world.send(sender=ALICE, target=source, tags=make_tags({"Action": "Go"}))
    world.run()
    got = [m.data or "" for m in world.evaluated(sink) if m.action == "N"]
    world.close()
    return got


def test_messages_of_one_outbox_may_arrive_in_any_order() -> None:
    assert fan(None) == list("123456")
    assert fan(1) == fan(1)
    assert sorted(fan(1)) == list("123456")
    assert len({tuple(fan(seed)) for seed in range(8)}) > 1


@pytest.mark.parametrize("seed", range(8))
def test_a_process_is_spawned_before_anything_reaches_it(seed: int) -> None:
    world = World(shuffle=seed)
    process = world.spawn(owner=OWNER)
    for sender in (ALICE, BOB, OWNER):
        world.send(sender=sender, target=process, tags=make_tags({"Action": "Hello"}))
    world.run()
    assert world.evaluated(process)[0].id == process
    world.close()


@pytest.mark.parametrize("seed", range(8))
def test_what_one_wallet_sends_to_one_process_keeps_its_order(seed: int) -> None:
    world = World(shuffle=seed)
    process = world.spawn(owner=OWNER)
    for number in range(5):
        for sender in (ALICE, BOB):
            world.send(sender=sender, target=process, data=str(number))
    world.run()
    for sender in (ALICE, BOB):
        got = [message.data for message in world.evaluated(process) if message.owner == sender]
        assert got == list("01234")
    world.close()


def test_two_wallets_may_come_either_way_round() -> None:
    def first(seed: int) -> str | None:
        world = World(shuffle=seed)
        process = world.spawn(owner=OWNER)
        world.run()
        for sender in (ALICE, BOB):
            world.send(sender=sender, target=process)
        world.run()
        owner = world.evaluated(process)[1].owner
        world.close()
        return owner

    assert {first(seed) for seed in range(8)} == {ALICE, BOB}
