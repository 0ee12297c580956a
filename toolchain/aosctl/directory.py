"""
Directory: names for addresses, and addresses for names.
"""

from __future__ import annotations

from collections.abc import Mapping

from aosctl.errors import UsageError
from aosctl.message import is_address
from aosctl.names import did_you_mean, listed

_SHOWN = 8  # characters of an address that has no name


class Directory:
    """Who is who: the processes of a bundle, and the wallets that deal with them."""

    def __init__(
        self, processes: Mapping[str, str], wallets: Mapping[str, str] | None = None
    ) -> None:
        self.processes = dict(processes)
        self.wallets = dict(wallets or {})
        self._names = {address: name for name, address in (self.wallets | self.processes).items()}

    def address(self, name: str) -> str:
        """
        Return the address of a name; an address stands for itself.

        Raises:
            UsageError: nobody has this name.
        """
        known = self.wallets | self.processes
        if name not in known and is_address(name):
            return name
        if name not in known:
            hint = did_you_mean(name, known) or f"Known: {listed(known)}."
            raise UsageError(f"nobody is called '{name}'", hint=hint)
        return known[name]

    def name(self, address: str | None) -> str:
        """Return the name of an address; of a nameless one its first characters."""
        if address is None:
            return "nobody"
        known = self._names.get(address)
        return known or (f"{address[:_SHOWN]}…" if is_address(address) else address)

    def is_process(self, address: str | None) -> bool:
        """Return whether a process of the bundle has this address."""
        return self._names.get(address or "") in self.processes
