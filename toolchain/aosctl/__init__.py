"""
Run, prove and deploy Lua processes for AO, the actor-oriented computer on Arweave.

What a program may lean on is named here; everything else may move. A name is imported at its first
use, because the command line must answer `--help` before a Lua runtime is loaded.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aosctl.dataitem import DataItem
    from aosctl.emulator.process import Process
    from aosctl.emulator.trace import Step, TraceNode
    from aosctl.emulator.world import World
    from aosctl.errors import AosctlError
    from aosctl.message import (
        Definition,
        Environment,
        Location,
        Message,
        Outgoing,
        Result,
        Tag,
        make_tags,
        name_address,
    )
    from aosctl.networks import Network, Reply
    from aosctl.networks.local import LocalNetwork

_HOME = {
    "AosctlError": "aosctl.errors",
    "DataItem": "aosctl.dataitem",
    "Definition": "aosctl.message",
    "Environment": "aosctl.message",
    "LocalNetwork": "aosctl.networks.local",
    "Location": "aosctl.message",
    "Message": "aosctl.message",
    "Network": "aosctl.networks",
    "Outgoing": "aosctl.message",
    "Process": "aosctl.emulator.process",
    "Reply": "aosctl.networks",
    "Result": "aosctl.message",
    "Step": "aosctl.emulator.trace",
    "Tag": "aosctl.message",
    "TraceNode": "aosctl.emulator.trace",
    "World": "aosctl.emulator.world",
    "make_tags": "aosctl.message",
    "name_address": "aosctl.message",
}

__all__ = [
    "AosctlError",
    "DataItem",
    "Definition",
    "Environment",
    "LocalNetwork",
    "Location",
    "Message",
    "Network",
    "Outgoing",
    "Process",
    "Reply",
    "Result",
    "Step",
    "Tag",
    "TraceNode",
    "World",
    "make_tags",
    "name_address",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'aosctl' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
