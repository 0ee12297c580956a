"""Many processes: what one costs to make and to keep, and what passing messages on costs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

from lupa.lua53 import LuaRuntime

from aosctl.emulator.world import World
from aosctl.message import make_tags, name_address
from tests.bench.stage import OWNER, make_chain
from tests.bench.timing import Figure, median_seconds, resident_kb, run_alone, seconds

USER = name_address("alice")
ROUNDS = 25
IDLE = 200
CROWD = 5000
CHAIN, TIMES = 5, 200
CHAIN_ROUNDS = 5


def measure() -> Iterator[Figure]:
    """Yield the figures of this family."""
    yield spawn()
    yield chain()
    idle = run_alone("crowd", str(IDLE))
    yield Figure("idle_process_kb", idle["kb"] / IDLE, "KB")
    crowd = run_alone("crowd", str(CROWD))
    yield Figure("crowd_5000_s", crowd["seconds"], "s")
    yield Figure("crowd_5000_gb", crowd["kb"] / 1024 / 1024, "GB")


def spawn() -> Figure:
    """Spawn one process, without signatures; the floor is a bare Lua state."""
    world = World()
    kept = []

    def one() -> None:
        world.spawn(owner=OWNER, tags=make_tags({"Name": "bench"}))
        world.run()

    def bare() -> None:
        lua = LuaRuntime(encoding=None)
        lua.execute("Handlers = {}")
        kept.append(lua)

    one()  # the first one reads our Lua files
    value, floor = median_seconds(one, bare, rounds=ROUNDS)
    world.close()
    return Figure("spawn_ms", value * 1000, "ms", floor * 1000)


def chain() -> Figure:
    """Ask the first of five processes, 200 times; the floor calls five bare handlers and back."""
    world, first = make_chain(CHAIN)

    def ask() -> None:
        for number in range(TIMES):
            tags = make_tags({"Action": "Ask"})
            world.send(sender=USER, target=first, tags=tags, data=str(number))
            world.run()

    states = [LuaRuntime(encoding=None) for _ in range(CHAIN)]
    handlers = [state.eval("function(msg) return msg.Data, msg.From end") for state in states]

    def bare() -> None:
        for number in range(TIMES):
            fields = {b"From": USER.encode(), b"Data": str(number).encode(), b"Action": b"Ask"}
            for state, handler in zip(states, handlers, strict=True):
                handler(state.table_from(fields))
            for state, handler in zip(states[1:], handlers[1:], strict=True):
                handler(state.table_from(fields))

    value, floor = median_seconds(ask, bare, rounds=CHAIN_ROUNDS)
    answers = world.sent_to(USER)
    if len(answers) != TIMES * CHAIN_ROUNDS or answers[-1].message.data != f"{TIMES - 1}!":
        raise SystemExit("the chain does not answer")
    world.close()
    return Figure("chain_200_s", value, "s", floor)


def gather(count: int) -> dict[str, float]:
    """Return the time and the memory that `count` processes with a message each take."""
    world = World()
    world.spawn(owner=OWNER)
    world.run()
    before = resident_kb()

    def fill() -> None:
        for _ in range(count):
            process = world.spawn(owner=OWNER)
            world.send(sender=USER, target=process, tags=make_tags({"Action": "Hello"}))
            world.run()

    taken = seconds(fill)
    return {"seconds": taken, "kb": resident_kb() - before}


if __name__ == "__main__":
    print(json.dumps(gather(int(sys.argv[1]))))
