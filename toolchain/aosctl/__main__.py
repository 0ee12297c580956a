"""`python -m aosctl` is the program `aosctl`."""

from __future__ import annotations

from aosctl.cli import main

main()
