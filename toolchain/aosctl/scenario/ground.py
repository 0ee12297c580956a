"""
Ground: where a scenario is played.

On a ground of its own (a fresh world in memory) a step sends a message and sees all that it causes;
on live processes every message is a dry run, which has answers and changes nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from aosctl.bundle import Bundle
from aosctl.directory import Directory
from aosctl.duration import parse_duration
from aosctl.emulator.trace import Step as Delivery
from aosctl.emulator.world import World
from aosctl.locator import own_words
from aosctl.message import Message, Result, make_tags
from aosctl.networks import Network
from aosctl.scenario.scenario import Step
from aosctl.scenario.watch import Watch

States = Mapping[str, Mapping[str, Any]]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a step: everything that it caused, in the order of delivery."""

    caused: tuple[Message, ...] = ()
    root: Message | None = None
    failures: tuple[str, ...] = ()
    elapsed_ms: float = 0.0


class Ground(Protocol):
    """Where a scenario is played."""

    directory: Directory

    def carry_out(self, step: Step) -> Outcome:
        """Do what the step says and return what became of it."""
        ...

    def published(self) -> States:
        """Return what every process publishes now."""
        ...


class WorldGround:
    """A world of its own, in which every delivery is seen and the laws are asked after each."""

    def __init__(
        self, world: World, directory: Directory, bundles: Mapping[str, Bundle], watch: Watch
    ) -> None:
        self.directory = directory
        self.watch = watch
        self._world = world
        self._bundles = bundles

    def published(self) -> States:
        """Return what every process publishes now."""
        return self.watch.published

    def carry_out(self, step: Step) -> Outcome:
        """Move the clock, send the message, and deliver until nothing is under way."""
        began = len(self._world.steps)
        if step.advance:
            for delivery in self._world.advance(parse_duration(step.advance)):
                self.watch.after(delivery)
        root = self._send(step)
        elapsed = self._run()
        self.watch.at_rest(f"at rest after '{step.name}'")
        made = self._world.steps[began:]
        return Outcome(
            caused=tuple(_as_sent(delivery) for delivery in made if delivery.id != root),
            root=next((_as_sent(delivery) for delivery in made if delivery.id == root), None),
            failures=tuple(self._failures(made)),
            elapsed_ms=elapsed,
        )

    def _send(self, step: Step) -> str | None:
        if not step.sends:
            return None
        return self._world.send(
            sender=self.directory.address(step.sender or ""),
            target=self.directory.address(step.receiver or ""),
            tags=make_tags(_tags(step)),
            data=_data(step),
        )

    def _run(self) -> float:
        """Deliver everything; return the milliseconds that it took, without those of the laws."""
        elapsed = 0.0
        while True:
            began = time.perf_counter()
            delivery = self._world.step()
            elapsed += time.perf_counter() - began
            if delivery is None:
                return elapsed * 1000
            self.watch.after(delivery)

    def _failures(self, deliveries: Sequence[Delivery]) -> Iterator[str]:
        for delivery in deliveries:
            text = delivery.result.failure if delivery.result else None
            if text is not None:
                name = self.directory.name(delivery.receiver)
                bundle = self._bundles.get(name)
                said = own_words(text)
                said = bundle.line_map.translate(said) if bundle else said
                yield f"{name} failed on {delivery.message.action}: {said}"


class LiveGround:
    """What is deployed: asked by dry runs only."""

    def __init__(
        self,
        network: Network,
        directory: Directory,
        read: Callable[[], States],
    ) -> None:
        self.directory = directory
        self._network = network
        self._read = read

    def published(self) -> States:
        """Return what every process publishes now."""
        return self._read()

    def carry_out(self, step: Step) -> Outcome:
        """Ask the process what it would do."""
        if not step.sends:
            return Outcome()
        process = self.directory.address(step.receiver or "")
        sender = self.directory.address(step.sender or "")
        began = time.perf_counter()
        result = self._network.dryrun(
            process, tags=make_tags(_tags(step)), data=_data(step), sender=sender
        )
        failure = result.failure
        return Outcome(
            caused=tuple(_would_send(process, result)),
            failures=(f"{step.receiver} fails: {failure}",) if failure else (),
            elapsed_ms=(time.perf_counter() - began) * 1000,
        )


def _tags(step: Step) -> dict[str, str]:
    action = {"Action": step.action} if step.action is not None else {}
    return action | step.tags


def _data(step: Step) -> str:
    return json.dumps(step.json) if step.json is not msgspec.UNSET else step.data or ""


def _as_sent(delivery: Delivery) -> Message:
    """Return a delivered message with its receiver as the target, assignments included."""
    return msgspec.structs.replace(delivery.message, target=delivery.receiver)


def _would_send(process: str, result: Result) -> Iterator[Message]:
    for sent in result.messages:
        tags = make_tags((n, v) for n, v in sent.tags if isinstance(v, str))
        data = sent.data if isinstance(sent.data, str) else ""
        yield Message(sender=process, target=sent.target, tags=tags, data=data)
