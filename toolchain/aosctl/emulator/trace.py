"""
The trace: one step for every message that was delivered, and the tree that one message caused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from aosctl.emulator.messenger import Lost
from aosctl.message import Message, Result


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """
    One delivery: `message` as the receiver got it, and what it did with it.

    `parent` is the id of the message whose evaluation sent this one (None: it came from outside),
    `root` the id of the one from outside. `result` is None where the receiver is a plain wallet,
    which only keeps what it is sent. `refused` says why a delivery was not evaluated at all. A cron
    message has no id of its own; here it goes by one that follows from process and time.
    """

    index: int
    message: Message
    receiver: str
    parent: str | None
    root: str
    result: Result | None = None
    lost: tuple[Lost, ...] = ()
    refused: str | None = None

    @property
    def id(self) -> str:
        """Return the message's id."""
        return self.message.id or self.root


class TraceNode(msgspec.Struct, frozen=True):
    """A step with the steps that it caused, in the order in which they were delivered."""

    step: Step
    children: tuple[TraceNode, ...] = ()


def build_tree(steps: Sequence[Step], message: str) -> TraceNode | None:
    """
    Return the tree under the first delivery of `message`, or None if it was never delivered.

    `steps` are in the order of delivery. Of a message that was assigned to several processes, the
    first delivery carries what all of them caused.
    """
    below: dict[str, list[TraceNode]] = {}
    found: TraceNode | None = None
    for step in reversed(steps):  # causes precede effects, so effects are complete here
        first = not any(child.step.id == step.id for child in below.get(step.parent or "", ()))
        node = TraceNode(step, tuple(reversed(below.get(step.id, ()))) if first else ())
        if step.id == message:
            found = node
        if step.parent is not None:
            below.setdefault(step.parent, []).append(node)
    return found


def walk(node: TraceNode) -> Iterator[Step]:
    """Yield the steps of a tree, parents before children."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current.step
        waiting.extend(reversed(current.children))
