"""
Envelope: a message in a mailbox.
"""

from __future__ import annotations

import msgspec

from aosctl.message import Message


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """
    A message on its way: everything but what the scheduler adds on delivery.

    `parent` is the id of the message whose evaluation sent it (None: it comes from outside), `root`
    that of the one from outside.
    """

    message: Message
    receiver: str
    parent: str | None
    root: str
