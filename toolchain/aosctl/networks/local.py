"""
The local network: a world on this machine, kept in a log, behind the interface of the live ones.
"""

from __future__ import annotations

from pathlib import Path
from typing import Self

import msgspec

from aosctl import lock
from aosctl.dataitem import DataItem
from aosctl.emulator.messenger import LEGACY_VARIANT
from aosctl.emulator.process import Process
from aosctl.emulator.profile import AOS_MODULE
from aosctl.emulator.trace import Step, TraceNode, build_tree, walk
from aosctl.emulator.world import HOP_LIMIT, World
from aosctl.errors import HopLimitError, NetworkError, UsageError
from aosctl.log import Log
from aosctl.lua.line_map import BUNDLE_MARK
from aosctl.message import (
    Definition,
    Result,
    Tag,
    Tags,
    first_tag,
    from_bytes,
    make_tags,
    name_address,
    to_bytes,
)
from aosctl.networks import Reply
from aosctl.wallet import Wallet, development_address, load_development_wallet, verify

SCHEDULER = name_address("scheduler")  # stands for no key: nothing is signed by it here
LOG_NAME = "local.sqlite"


class LocalNetwork:
    """
    A network with one user.

    Without a folder everything stays in memory. With one, `submit` and `send_as` return only after
    the message and all that it caused are on the disk; a second run on the same folder waits for
    the first to end (`wait` seconds, then BusyError). With `read_only` it waits for nobody and
    writes nothing, not even a lock, so that what is kept where one may not write can be asked.

    The built-in deployer key signs, with the log's running count as anchor: equal messages are two
    messages, and two machines that do the same get the same ids.
    """

    name = "local"
    scheduler = SCHEDULER

    def __init__(
        self, state_dir: Path | None = None, *, wait: float = 10.0, read_only: bool = False
    ) -> None:
        self._lock = None
        if state_dir is not None and not read_only:
            self._lock = lock.hold(
                state_dir / "local.lock", what="the log of the local network", wait=wait
            )
            self._lock.__enter__()
        try:
            path = None if state_dir is None else state_dir / LOG_NAME
            self._log = Log(path, read_only=read_only)
        except BaseException:
            self._release()
            raise
        self.log: str | None = self._log.id
        self._wallet: Wallet | None = None
        self._world: World | None = None
        self._signed = 0  # items signed and not yet submitted: each has its own anchor
        self._kept = 0  # how many of the world's steps are in the log
        self._known: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # --- the interface of every network ----------------------------------------------------------

    @property
    def wallet(self) -> Wallet:
        """The built-in wallet that signs here."""
        if self._wallet is None:
            self._wallet = load_development_wallet("deployer")
        return self._wallet

    @property
    def address(self) -> str:
        """Return the deployer's address."""
        return self.wallet.address

    @property
    def module(self) -> str:
        """Return the id of the aos module that processes here stand for."""
        return AOS_MODULE

    @property
    def authority(self) -> str:
        """Return the messenger's address."""
        return development_address("messenger")

    def sign_spawn(self, *, tags: Tags, data: str = "", module: str | None = None) -> DataItem:
        """Return the signed item of a new process."""
        return self._sign(None, self.spawn_tags(tags, module=module), data)

    def sign_message(self, *, target: str, tags: Tags, data: str = "") -> DataItem:
        """Return a signed message."""
        return self._sign(target, self.message_tags(tags), data)

    def spawn_tags(self, tags: Tags, *, module: str | None = None) -> Tags:
        """Return the tags that a new process's item gets."""
        added = {
            "Data-Protocol": "ao",
            "Variant": LEGACY_VARIANT,
            "Type": "Process",
            "Module": module or self.module,
            "Scheduler": self.scheduler,
            "Authority": self.authority,
        }
        return _complete(tags, added)

    def message_tags(self, tags: Tags) -> Tags:
        """Return the tags that a message's item gets."""
        added = {"Data-Protocol": "ao", "Variant": LEGACY_VARIANT, "Type": "Message"}
        return _complete(tags, added)

    def submit(self, item: DataItem) -> str:
        """
        Deliver the item and everything it causes; return its id once all of it is on the disk.

        An item that has arrived before changes nothing.

        Raises:
            DataItemError: the signature is not valid.
            HopLimitError: the messages go round without end; nothing of them was kept.
        """
        verify(item)
        if self._log.has(item.id):
            return item.id
        tags, data, anchor = item.tags, from_bytes(item.data), from_bytes(item.anchor) or None
        if first_tag(tags, "Type") == "Process":
            self.world.spawn(owner=item.address, tags=tags, data=data, id=item.id, anchor=anchor)
        elif item.target is None:
            raise NetworkError(
                f"item {item.id} has no target and is no process",
                hint="a message needs the id of the process it is for",
            )
        else:
            self.world.send(
                sender=item.address,
                target=item.target,
                tags=tags,
                data=data,
                id=item.id,
                anchor=anchor,
            )
        self._settle(item)
        return item.id

    def send_as(self, sender: str, *, target: str, tags: Tags, data: str = "") -> str:
        """Deliver an unsigned message of any address (only here); return its id."""
        message = self.world.send(sender=sender, target=target, tags=tags, data=data)
        self._settle(None)
        return message

    def has(self, item: str, *, process: str) -> bool:  # noqa: ARG002 - one log holds all
        """Return whether the item has arrived."""
        return self._log.has(item)

    def result(self, process: str, message: str) -> Result:
        """Return what `process` made of `message`."""
        return self.world.result(process, message)

    def dryrun(
        self, process: str, *, tags: Tags, data: str = "", sender: str | None = None
    ) -> Result:
        """Return what `process` would make of a message; nothing of it stays."""
        return self.world.dryrun(
            sender=sender or self.address, target=process, tags=tags, data=data
        )

    def replies(self, message: str) -> list[Reply]:
        """Return what has come back to the sender of `message` because of it."""
        tree = self.world.trace(message)
        asker = tree.step.message.owner
        caused = [step for step in walk(tree) if step.id != message and step.receiver == asker]
        caused.sort(key=lambda step: step.index)  # as they arrived, not branch by branch
        return [Reply.of(step.message) for step in caused]

    def trace(self, message: str) -> TraceNode:
        """
        Return the tree of what `message` caused, with costs and changed globals.

        Each process is rebuilt up to the message and evaluates it once more, observed.

        Raises:
            UsageError: no message of that id was ever delivered here.
        """
        if not self._log.has(message):
            raise UsageError(
                f"no message {message} was ever delivered on '{self.name}'",
                hint="`aosctl send --json` tells the id of what it sent; `aosctl trace latest` "
                "shows the last message.",
            )
        tree = self.world.trace(message)
        seen = {step.index: step for step in self._observe(list(walk(tree)))}
        steps = [seen.get(step.index, step) for step in self.world.steps]
        return build_tree(steps, message) or tree

    def bundle_text(self, process: str, *, message: str | None = None) -> str | None:
        """Return the bundle that `process` evaluated last, or last before `message` came."""
        found = None
        for step in self.world.steps:
            if message is not None and step.id == message:
                break
            if step.receiver == process and step.message.action == "Eval" and _has_worked(step):
                text = step.message.data or ""
                found = text if BUNDLE_MARK in text else found
        return found

    def spawned_by(self, owner: str) -> tuple[Definition, ...]:
        """Return the processes that `owner` has spawned here, the oldest first."""
        return tuple(found for found in self._log.processes() if found.owner == owner)

    def close(self) -> None:
        """Close the log and let the next run in."""
        if self._world is not None:
            self._world.close()
        self._log.close()
        self._release()

    # --- what only a network at home has ---------------------------------------------------------

    @property
    def world(self) -> World:
        """The world as the log has it."""
        if self._world is None:
            world = World()
            if self._log.now:
                world.restore(
                    self._log.processes(),
                    self._log.steps(),
                    now=self._log.now,
                    count=self._log.count,
                )
            self._world = world
            self._kept = len(world.steps)
            self._known = set(world.processes)
        return self._world

    def advance(self, milliseconds: int) -> list[Step]:
        """
        Move the clock forward, for good; return what crons caused on the way, which the log keeps.

        Raises:
            HopLimitError: the messages go round without end; nothing of it was kept.
        """
        try:
            made = list(self.world.advance(milliseconds))
        except BaseException:
            self._forget()
            raise
        self._settle(None)
        return made

    def _sign(self, target: str | None, tags: Tags, data: str) -> DataItem:
        anchor = f"{self.world.count + self._signed + 1:032d}".encode()
        self._signed += 1
        return self.wallet.sign_item(target=target, tags=tags, data=to_bytes(data), anchor=anchor)

    def _settle(self, item: DataItem | None) -> None:
        world = self.world
        try:
            world.run()
            self._log.append(
                processes=[
                    environment.process
                    for name, environment in world.processes.items()
                    if name not in self._known
                ],
                steps=world.steps[self._kept :],
                item=None if item is None else (item.id, item.raw),
                now=world.now,
                count=world.count,
            )
        except HopLimitError:
            last = tuple((step.receiver, step.message.action) for step in world.steps[-4:])
            self._forget()
            raise _going_round(last) from None
        except BaseException:  # whatever it was, the log is the truth and the world is not
            self._forget()
            raise
        self._signed = max(0, self._signed - 1) if item is not None else self._signed
        self._kept = len(world.steps)
        self._known.update(world.processes)

    def _forget(self) -> None:
        """Drop what is not in the log; the next use reads it anew."""
        if self._world is not None:
            self._world.close()
        self._world = None

    def _observe(self, steps: list[Step]) -> list[Step]:
        wanted: dict[str, set[str]] = {}
        for step in steps:
            if step.result is not None:
                wanted.setdefault(step.receiver, set()).add(step.id)
        return [seen for name, ids in wanted.items() for seen in self._observe_one(name, ids)]

    def _observe_one(self, name: str, ids: set[str]) -> list[Step]:
        process = Process(self.world.processes[name], profile=self.world.profile_of(name))
        seen: list[Step] = []
        try:
            for step in self.world.sent_to(name):
                if step.result is None:
                    continue
                if step.id in ids:
                    result = process.evaluate(step.message, observe=True)
                    observed = msgspec.structs.replace(
                        step.result, cost=result.cost, changed=result.changed
                    )
                    seen.append(msgspec.structs.replace(step, result=observed))
                    if len(seen) == len(ids):
                        break
                elif not step.result.is_undone:
                    process.replay([step.message])
        finally:
            process.close()
        return seen

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.__exit__(None, None, None)
            self._lock = None


def _going_round(last: tuple[tuple[str, str | None], ...]) -> HopLimitError:
    return HopLimitError(
        f"the messages go round: one has caused more than {HOP_LIMIT:,} deliveries",
        hint="Nothing of it was kept. Look for a handler that answers what is itself an answer.",
        last=last,
    )


def _has_worked(step: Step) -> bool:
    return step.result is not None and not step.result.failed


def _complete(tags: Tags, added: dict[str, str]) -> Tags:
    """Return the user's tags, then those of the protocol; the user's own Module and so on win."""
    given = {tag.name for tag in tags}
    rest = {name: value for name, value in added.items() if name not in given}
    return (*tags, Tag("SDK", "aosctl"), *make_tags(rest))
