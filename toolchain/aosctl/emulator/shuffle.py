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

from aosctl.emulator.mail import Entry, Letter

Waiting = Letter | Entry


class Shuffle:
    """Picks what is delivered next; the same seed picks the same from the same queues."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - an order, not a secret

    def take(self, queue: deque[Waiting]) -> Waiting:
        """Remove one message from `queue` and return it."""
        picked = queue[self._random.randrange(len(queue))]
        chosen = _first(queue, lambda other: _is_spawn_of(other, picked.receiver))
        chosen = chosen or _first(queue, lambda other: _goes_before(other, picked)) or picked
        queue.remove(chosen)
        return chosen


def _is_spawn_of(other: Waiting, receiver: str) -> bool:
    return other.receiver == receiver and isinstance(other, Letter) and other.is_spawn


def _goes_before(other: Waiting, picked: Waiting) -> bool:
    """Return whether both come from outside, from one wallet to one process."""
    return (
        other.receiver == picked.receiver
        and isinstance(other, Letter)
        and isinstance(picked, Letter)
        and other.parent is None
        and picked.parent is None
        and other.owner == picked.owner
    )


def _first(queue: deque[Waiting], fits: Callable[[Waiting], bool]) -> Waiting | None:
    return next((waiting for waiting in queue if fits(waiting)), None)
