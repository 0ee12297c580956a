"""Transfers of a token: through the whole world, and through a process's own door."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator

from aosctl.emulator.process import Process
from tests.bench.stage import (
    Token,
    batches,
    deliver,
    make_floor,
    make_token,
    make_transfers,
)
from tests.bench.timing import (
    Figure,
    Timed,
    median_seconds,
    resident_kb,
    run_alone,
    seconds,
)

COUNT = 2000
ROUNDS = 7
LONG = 100_000
WINDOW = 1000


def measure() -> Iterator[Figure]:
    """Yield the figures of this family; the floor of a rate is a rate."""
    yield from rates(10)
    yield from rates(10_000)
    growth = run_alone("transfers")
    yield Figure("growth_100000", growth["last"], "s", growth["first"])
    yield Figure("growth_100000_kb", growth["last_kb"], "KB", growth["first_kb"])


def rates(holders: int) -> Iterator[Figure]:
    """Yield messages a second by the world, by the door, and with one in ten failing."""
    token = make_token(holders)
    good = make_transfers(token.holders, COUNT)
    mixed = make_transfers(token.holders, COUNT, failing=10)
    spoilt = make_token(holders)
    times = median_seconds(
        make_floor(token, good),
        deliver(token, good),
        open_door(token),
        deliver(spoilt, mixed),
        rounds=ROUNDS,
    )
    floor, world, door, failing = (COUNT / taken for taken in times)
    yield Figure(f"transfer_{holders}", world, "/s", floor)
    yield Figure(f"door_{holders}", door, "/s", floor)
    yield Figure(f"transfer_{holders}_tenth_failing", failing, "/s", world)
    token.world.close()
    spoilt.world.close()


def open_door(token: Token) -> Timed:
    """Return a loop that hands messages to one process and lets go of the results."""
    sample = make_token(len(token.holders))
    deliver(sample, make_transfers(sample.holders, COUNT))()
    messages = sample.world.evaluated(sample.process)
    process = Process(sample.world.processes[sample.process])
    sample.world.close()
    for message in messages[:2]:
        process.evaluate(message).raise_for_error()

    def loop() -> None:
        for message in messages[2:]:
            process.evaluate(message)

    return loop


def grow() -> dict[str, float]:
    """Return how long the first and the last window of a long run take, and what it holds."""
    token = make_token(10)
    times, memory = [], []
    for piece in batches(make_transfers(token.holders, LONG), WINDOW):
        times.append(seconds(deliver(token, piece)))
        gc.collect()
        memory.append(resident_kb())
    tenth = len(memory) // 10
    return {
        "first": times[0],
        "last": times[-1],
        "first_kb": memory[tenth],
        "last_kb": memory[-1],
    }


if __name__ == "__main__":
    print(json.dumps(grow()))
