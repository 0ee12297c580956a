"""The release river: from nothing to five processes that mint, by the command line."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from lupa.lua53 import LuaRuntime

from aosctl.emulator.trace import Step
from aosctl.message import make_tags, name_address
from aosctl.networks.local import LocalNetwork
from tests.bench.timing import Figure, Timed, median_seconds, run

AOSCTL = [sys.executable, "-m", "aosctl"]
USER = name_address("alice")
ROUNDS = 15
SLOW_ROUNDS = 5
AMOUNT = "1000000000000"


def measure() -> Iterator[Figure]:
    """Yield the figures of this family."""
    yield mint()
    yield help_text()
    yield deployment()


def mint() -> Figure:
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

        def mint_once() -> list[Step]:
            world.send(sender=USER, target=usda, tags=make_tags(deposit))
            return list(world.run())

        value, floor = median_seconds(mint_once, bare_loop(mint_once()), rounds=ROUNDS)
        network.close()
        return Figure("mint_ms", value * 1000, "ms", floor * 1000)


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


def help_text() -> Figure:
    """Start the program for its help; the floor is Python that does nothing."""
    value, floor = median_seconds(
        lambda: run([*AOSCTL, "--help"]), lambda: run([sys.executable, "-c", ""]), rounds=ROUNDS
    )
    return Figure("help_ms", value * 1000, "ms", floor * 1000)


def deployment() -> Figure:
    """Deploy the five into an empty network; the floor is Python that loads the same libraries."""
    libraries = "import click, cryptography, lupa.lua53, msgspec, rich, tree_sitter"

    def fresh() -> None:
        with tempfile.TemporaryDirectory() as folder:
            deploy(Path(folder))

    value, floor = median_seconds(
        fresh, lambda: run([sys.executable, "-c", libraries]), rounds=SLOW_ROUNDS
    )
    return Figure("deploy_s", value, "s", floor)


def deploy(folder: Path) -> dict[str, str]:
    """Deploy TIM3 by the command line; return the ids by name."""
    options = ["--record", str(folder / "deployments.json"), "--state-dir", str(folder / "state")]
    answer = json.loads(run([*AOSCTL, "deploy", "--json", *options]))
    return {name: process["id"] for name, process in answer["processes"].items()}
