"""Ready: whether a deployed bundle works as a whole, and helping it on until it does."""

from __future__ import annotations

import time
from typing import Any

from aosctl.errors import DeployError
from aosctl.manifest import Ready
from aosctl.message import make_tags
from aosctl.networks import Network
from aosctl.query import query_fields


def wait_until_ready(ready: Ready, process: str, network: Network) -> None:
    """
    Return once `process` says that the whole is ready; nudge it in between.

    Raises:
        DeployError: it does not say so after the manifest's tries; what is missing is named.
        NetworkError: it does not answer at all.
    """
    for _ in range(ready.tries):
        if _ask(ready, process, network).get(ready.field) is True:
            return
        _nudge(ready, process, network)
    state = _ask(ready, process, network)
    if state.get(ready.field) is not True:
        raise _not_ready(ready, process, state)


def _ask(ready: Ready, process: str, network: Network) -> dict[str, Any]:
    return query_fields(network, process, ready, name=ready.process)


def _nudge(ready: Ready, process: str, network: Network) -> None:
    if ready.nudge:
        tags = make_tags({"Action": ready.nudge})
        network.submit(network.sign_message(target=process, tags=tags))
    if network.log is None:  # on a local network all that follows has happened by now
        time.sleep(ready.wait_ms / 1000)


def _not_ready(ready: Ready, process: str, state: dict[str, Any]) -> DeployError:
    named = state.get(ready.missing)
    missing = ", ".join(map(str, named)) if isinstance(named, list) and named else "unsaid why"
    return DeployError(
        f"the bundle is deployed and not ready: {missing}",
        where=f"{ready.action} of '{ready.process}' ({process})",
        hint=f"It was asked {ready.tries + 1} times. Mend what is named, then deploy again.",
    )
