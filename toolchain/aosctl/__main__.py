"""
The program: `aosctl`, or `python -m aosctl`.

An interrupt ends it without a traceback at any moment, also while it loads or has just answered.
"""

from __future__ import annotations

import io
import os
import signal
import sys

from aosctl.interruption import EXIT_CODE, say_interrupted


def run() -> None:
    """Run the command line and exit with its code."""
    try:
        _run()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        say_interrupted(sys.argv[1:])
        _leave()
    except SystemExit as done:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the code is chosen; nothing may change it
        if done.code == EXIT_CODE:
            _leave()
        raise


def _run() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # what a terminal cannot show stops no answer
    from aosctl.cli import main  # noqa: PLC0415 - an interrupt may come while it loads

    main()


def _leave() -> None:
    # Python dies by the signal, whatever code it was told, if an exec() was interrupted.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(EXIT_CODE)


if __name__ == "__main__":
    run()
