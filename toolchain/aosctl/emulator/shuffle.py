"""
Shuffle: deliveries in another order, as far as the network fixes none.

What is fixed: a message comes after the evaluation that sent it; a process's own spawn comes before
everything else that is for it; of what one wallet sends to one process, each waits for the one
before, as a client does. What is not: messengers push each message of an outbox by itself and try
again for a while, so two of one sender to one receiver may arrive either way round (reference:
ao-network, 3.3).
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable

from aosctl.emulator.envelope import Envelope


class Shuffle:
    """Picks what is delivered next; the same seed picks the same from the same queues."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - an order, not a secret

    def take(self, queue: deque[Envelope]) -> Envelope:
        """Remove one envelope from `queue` and return it."""
        picked = queue[self._random.randrange(len(queue))]
        chosen = _first(queue, lambda other: other.receiver == picked.receiver and other.is_spawn)
        chosen = chosen or _first(queue, lambda other: _goes_before(other, picked)) or picked
        queue.remove(chosen)
        return chosen


def _goes_before(other: Envelope, picked: Envelope) -> bool:
    """Return whether both come from outside, from one wallet to one process."""
    outside = other.parent is None and picked.parent is None
    return (
        outside
        and other.receiver == picked.receiver
        and other.message.owner == picked.message.owner
    )


def _first(queue: deque[Envelope], fits: Callable[[Envelope], bool]) -> Envelope | None:
    return next((envelope for envelope in queue if fits(envelope)), None)
