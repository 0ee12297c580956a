"""
Stage: a world for tests in which bundles run and plain addresses play everybody else.

    stage = Stage(project_root)
    token = stage.start("processes/shop/till/process.lua", tags={"Name": "Till"})
    (answer,) = token.send("alice", "Balance")
    assert answer.action == "Balance-Response"

A peer is no mock: it is an address whose messages arrive like any other's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from aosctl.bundle import Bundle, build_bundle
from aosctl.emulator.profile import Profile
from aosctl.emulator.trace import Step
from aosctl.emulator.world import World
from aosctl.message import Message, is_address, make_tags, name_address, strip_colours

Pairs = Mapping[str, str] | Iterable[tuple[str, str]]
_NO_TARGET = "it has no Target"  # patch messages: read by the node, sent to nobody


class Sent(msgspec.Struct, frozen=True):
    """A message that a process sent, and the address or process that got it."""

    receiver: str
    message: Message

    @property
    def action(self) -> str | None:
        """Return its Action."""
        return self.message.action

    @property
    def data(self) -> str:
        """Return its Data."""
        return self.message.data or ""

    @property
    def error(self) -> str | None:
        """Return its Error tag: the code of a refusal."""
        return self.message.tag("Error")

    def tag(self, name: str) -> str | None:
        """Return the value of the first tag called exactly `name`."""
        return self.message.tag(name)

    def json(self) -> Any:
        """Return its Data as JSON."""
        return json.loads(self.data)


class Stage:
    """A world, the project whose bundles it runs, and names for addresses."""

    def __init__(
        self, root: Path, *, profile: Profile | None = None, shuffle: int | None = None
    ) -> None:
        self.root = root
        self.world = World(profile=profile, shuffle=shuffle)
        seconds = profile is not None and profile.counts_seconds
        self._tick = 1000 if seconds else 1

    def address(self, name: str) -> str:
        """Return `name` if it is an address already, else the address that it stands for."""
        return name if is_address(name) else name_address(name)

    def start(self, source: str, *, tags: Pairs = (), owner: str = "deployer") -> Actor:
        """Spawn a process and evaluate the bundle of `source` in it."""
        process = self.world.spawn(owner=self.address(owner), tags=make_tags(tags))
        actor = Actor(self, process, owner)
        actor.load(source)
        return actor

    @property
    def now(self) -> int:
        """Return the time in milliseconds, as exactly as a process can tell it."""
        return self.world.now // self._tick * self._tick

    def advance(self, milliseconds: int) -> None:
        """
        Move the clock forward: the next message comes later than that, by as little as can be told.

        With a clock of milliseconds that is the one by which each message moves it; with one of
        seconds, which many messages share, it is up to a second.
        """
        whole = milliseconds // self._tick * self._tick
        self.world.advance(milliseconds if self._tick == 1 else whole + self._tick)

    def run(self) -> list[Sent]:
        """
        Deliver until all is quiet; return what processes sent meanwhile, in the order of sending.

        That is the order of delivery too, unless deliveries are shuffled.

        Raises:
            ProcessError: a handler failed.
            AssertionError: the network would have lost a message.
        """
        steps = self.world.run()
        for step in steps:
            if step.result is not None:
                step.result.raise_for_error()
            lost = [loss for loss in step.lost if loss.reason != _NO_TARGET]
            if lost:
                raise AssertionError(f"{step.message.action}: {lost}")
        place = {step.id: index for index, step in enumerate(steps)}
        caused = [step for step in steps if step.parent is not None]
        caused.sort(key=lambda step: (place.get(step.parent or "", -1), _reference(step)))
        return [_sent(step) for step in caused]

    def close(self) -> None:
        """Let go of every process."""
        self.world.close()


class Actor:
    """One process on the stage."""

    def __init__(self, stage: Stage, process: str, owner: str) -> None:
        self.stage = stage
        self.id = process
        self.owner = owner

    def send(
        self,
        sender: str,
        action: str | None,
        tags: Pairs = (),
        *,
        data: str = "",
        anchor: str | None = None,
    ) -> list[Sent]:
        """Send one message, deliver until all is quiet, and return what processes then sent."""
        pairs = [("Action", action)] if action is not None else []
        pairs += tags.items() if isinstance(tags, Mapping) else tags
        self.stage.world.send(
            sender=self.stage.address(sender),
            target=self.id,
            tags=make_tags(pairs),
            data=data,
            anchor=anchor,
        )
        return self.stage.run()

    def ask(self, sender: str, action: str, tags: Pairs = (), *, data: str = "") -> Sent:
        """Send one message and return what its sender got back: exactly one message."""
        sent = self.send(sender, action, tags, data=data)
        (answer,) = [s for s in sent if s.receiver == self.stage.address(sender)]
        return answer

    def evaluate(self, code: str) -> str:
        """Evaluate Lua text as the owner; return what it printed or returned, without colours."""
        world = self.stage.world
        message = world.send(
            sender=self.stage.address(self.owner),
            target=self.id,
            tags=make_tags({"Action": "Eval"}),
            data=code,
        )
        self.stage.run()
        return strip_colours(world.result(self.id, message).output["data"])

    def load(self, source: str) -> None:
        """Evaluate the bundle of `source`, at first or as an update."""
        self.evaluate(_bundle(self.stage.root, source).text)

    @property
    def published(self) -> dict[str, Any]:
        """Return the state that the process has published so far."""
        return self.stage.world.published(self.id)


def _sent(step: Step) -> Sent:
    return Sent(step.receiver, step.message)


def _reference(step: Step) -> int:
    """Return which of its sender's messages this is, by the count that aos keeps."""
    text = step.message.tag("Reference") or ""
    return int(text) if text.isdecimal() else 0


@cache
def _bundle(root: Path, source: str) -> Bundle:
    return build_bundle(root, Path(source))
