"""
What things cost, as multiples of a floor that is measured in the same run.

Prints a table and writes `build/bench.jsonl`, a line a figure. A figure is the median of several
rounds, each of which times the thing and its floor one after the other, so that a busy machine
slows both. Nothing here fails for being slow: read the ratios.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from lupa.lua53 import LuaRuntime

from aosctl.emulator.trace import Step
from aosctl.emulator.world import World
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork

ROOT = Path(__file__).parents[2]
AOSCTL = [sys.executable, "-m", "aosctl"]
OWNER = name_address("deployer")
USER = name_address("alice")
ROUNDS = 15
SLOW_ROUNDS = 5
AMOUNT = "1000000000000"

Timed = Callable[[], object]


def median_ms(thing: Timed, floor: Timed, rounds: int) -> tuple[float, float]:
    """Return the medians in milliseconds of `thing` and `floor`, timed in turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for timed, kept in zip((thing, floor), times, strict=True):
            started = time.perf_counter()
            timed()
            kept.append((time.perf_counter() - started) * 1000)
    return statistics.median(times[0]), statistics.median(times[1])


def bench_spawn() -> tuple[float, float]:
    """Spawn one process, without signatures; the floor is a bare Lua state."""
    world = World()
    World().spawn(owner=OWNER)  # the first one reads our Lua files

    def spawn() -> None:
        world.spawn(owner=OWNER, tags=make_tags({"Name": "bench"}))
        world.run()

    def bare() -> None:
        LuaRuntime(encoding=None).execute("Handlers = {}")

    spawn()
    return median_ms(spawn, bare, ROUNDS)


def bench_mint() -> tuple[float, float]:
    """Carry a mint through five processes; the floor hands the same messages to a bare handler."""
    with tempfile.TemporaryDirectory() as folder:
        record = deploy(Path(folder))
        network = LocalNetwork(Path(folder) / "state")
        world = network.world
        usda, custodian = record["mock_usda"], record["lock_manager"]
        faucet = make_tags({"Action": "Mint", "Recipient": USER, "Quantity": AMOUNT + "000"})
        world.send(sender=network.address, target=usda, tags=faucet)
        world.run()
        deposit = {
            "Action": "Transfer",
            "Recipient": custodian,
            "Quantity": AMOUNT,
            "X-Action": "Mint-TIM3",
        }

        def mint() -> list[Step]:
            world.send(sender=USER, target=usda, tags=make_tags(deposit))
            return world.run()

        floor = bare_loop(mint())
        result = median_ms(mint, floor, ROUNDS)
        network.close()
        return result


def bare_loop(steps: list[Step]) -> Timed:
    """Return a loop that hands the messages of `steps` to one Lua handler: no aos, no world."""
    lua = LuaRuntime(encoding=None)
    handler = lua.eval("function(msg) return msg.Tags, msg.From end")
    messages = [step.message for step in steps if step.result is not None]

    def loop() -> None:
        for message in messages:
            tags = {tag.name.encode(): tag.value.encode() for tag in message.tags}
            fields = {b"From": (message.sender or "").encode(), b"Tags": lua.table_from(tags)}
            handler(lua.table_from(fields))

    return loop


def bench_help() -> tuple[float, float]:
    """Start the program for its help; the floor is Python that does nothing."""
    return median_ms(
        lambda: run([*AOSCTL, "--help"]), lambda: run([sys.executable, "-c", ""]), ROUNDS
    )


def bench_deploy() -> tuple[float, float]:
    """Deploy the five into an empty network; the floor is Python that loads the same libraries."""
    libraries = "import click, cryptography, lupa.lua53, msgspec, rich, tree_sitter"

    def fresh() -> None:
        with tempfile.TemporaryDirectory() as folder:
            deploy(Path(folder))

    return median_ms(fresh, lambda: run([sys.executable, "-c", libraries]), SLOW_ROUNDS)


def deploy(folder: Path) -> dict[str, str]:
    """Deploy TIM3 by the command line; return the ids by name."""
    options = ["--record", str(folder / "deployments.json"), "--state-dir", str(folder / "state")]
    answer = json.loads(run([*AOSCTL, "deploy", "--json", *options]))
    return {name: process["id"] for name, process in answer["processes"].items()}


def run(command: list[str]) -> str:
    """Run a command in the project; return what it printed."""
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


BENCHES: dict[str, tuple[Callable[[], tuple[float, float]], str, float]] = {
    "spawn_ms": (bench_spawn, "ms", 1),
    "mint_ms": (bench_mint, "ms", 1),
    "help_ms": (bench_help, "ms", 1),
    "deploy_s": (bench_deploy, "s", 1000),
}


def main() -> None:
    """Print the table and write the lines."""
    target = ROOT / "build/bench.jsonl"
    target.parent.mkdir(exist_ok=True)
    print(f"{'figure':<12} {'value':>10} {'floor':>10} {'ratio':>8}")
    with target.open("w") as file:
        for name, (bench, unit, scale) in BENCHES.items():
            value, floor = (figure / scale for figure in bench())
            line = {"name": name, "value": value, "unit": unit, "floor": floor}
            file.write(json.dumps({**line, "ratio": value / floor}) + "\n")
            print(f"{name:<12} {value:>8.3f}{unit:>3} {floor:>8.3f}{unit:>3} {value / floor:>8.1f}")


if __name__ == "__main__":
    main()
