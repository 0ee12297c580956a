"""What the emulator's figures are measured on: a token and a chain of five, in a world."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import msgspec
from lupa.lua53 import LuaRuntime

from aosctl.emulator.world import World
from aosctl.message import Tags, make_tags, name_address
from tests.bench.timing import Timed

HERE = Path(__file__).parent
OWNER = name_address("deployer")
_BEYOND = "2000000000000"  # more than any account holds

# One transfer as it goes into a world: its sender and its tags.
Transfer = tuple[str, Tags]


class Token(msgspec.Struct, frozen=True):
    """A token process in a world, and its holders."""

    world: World
    process: str
    holders: tuple[str, ...]


def make_token(holders: int) -> Token:
    """Return a token with that many holders."""
    names = tuple(name_address(f"holder {index}") for index in range(holders))
    world = World()
    process = world.spawn(owner=OWNER, tags=make_tags({"Name": "token"}))
    list_of_names = ",".join(f'"{name}"' for name in names)
    code = f"local NAMES = {{{list_of_names}}}\n{token_text()}"
    install(world, process, code)
    return Token(world, process, names)


def token_text() -> str:
    """Return the token's code for a process."""
    pure, process = (HERE / name for name in ("token.lua", "token_process.lua"))
    return f"local token = (function() {pure.read_text()} end)()\n{process.read_text()}"


def install(world: World, process: str, code: str) -> None:
    """Evaluate `code` in a process of `world`, which must succeed."""
    message = world.send(
        sender=OWNER, target=process, tags=make_tags({"Action": "Eval"}), data=code
    )
    world.run()
    world.result(process, message).raise_for_error()


def make_transfers(holders: Sequence[str], count: int, *, failing: int = 0) -> list[Transfer]:
    """Return transfers between all holders in turn; each `failing`th one asks for too much."""
    made = []
    for index in range(count):
        fails = failing and index % failing == failing - 1
        tags = {
            "Action": "Transfer",
            "Recipient": holders[(index * 7 + 1) % len(holders)],
            "Quantity": _BEYOND if fails else str(1 + index % 100),
            "SDK": "aoconnect",
            "Data-Protocol": "ao",
            "Variant": "ao.TN.1",
            "Type": "Message",
        }
        made.append((holders[index % len(holders)], make_tags(tags)))
    return made


def deliver(token: Token, transfers: Sequence[Transfer]) -> Timed:
    """Return a loop that sends each transfer and delivers all that it causes."""
    world, process = token.world, token.process

    def loop() -> None:
        for sender, tags in transfers:
            world.send(sender=sender, target=process, tags=tags)
            world.run()

    return loop


def make_floor(token: Token, transfers: Sequence[Transfer]) -> Timed:
    """
    Return the floor: the token's handler in a bare Lua state, fed with the same messages.

    Each is a table built from a Python dict with the fields and tags that the process would see,
    and both notices are copied out to dicts. There is no aos, no trust, no rollback, no trace.
    """
    lua = LuaRuntime()
    transfer = lua.execute(
        f"local token = (function() {(HERE / 'token.lua').read_text()} end)()\n"
        "local balances = {}\n"
        "return function(names) token.fill(balances, names) end,"
        " function(msg) return token.transfer(balances, msg) end"
    )
    fill, handler = transfer
    fill(lua.table_from(token.holders))
    rows = [
        (
            {
                "Id": name_address(f"message {index}"),
                "Owner": sender,
                "From": sender,
                "Target": token.process,
                "Data": "",
                "Epoch": 0,
                "Nonce": index,
                "Timestamp": 1_767_225_600_000 + index,
                "Block-Height": 1_800_000,
                "Hash-Chain": name_address(f"link {index}"),
                "Cron": False,
            },
            {tag.name: tag.value for tag in tags},
        )
        for index, (sender, tags) in enumerate(transfers)
    ]

    def loop() -> None:
        table_from = lua.table_from
        for fields, tags in rows:
            notices = handler(table_from({**fields, "Tags": table_from(tags)}))
            for notice in notices:
                copy = dict(notice.items())
                copy["Tags"] = dict(copy["Tags"].items())

    return loop


def make_chain(length: int) -> tuple[World, str]:
    """Return a world with that many processes, each asking the next, and the first one's id."""
    world = World()
    first = ""
    for _ in range(length):
        code = (HERE / "chain.lua").read_text().replace("{next}", first)
        first = world.spawn(owner=OWNER)
        install(world, first, code)
    return world, first


def batches(transfers: Sequence[Transfer], size: int) -> Iterator[list[Transfer]]:
    """Yield `transfers` in pieces."""
    source = iter(transfers)
    while piece := list(islice(source, size)):
        yield piece
