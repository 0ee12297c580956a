"""
The command line: what every command shares, and which module each one lives in.

A command's module is imported when the command runs, so that `aosctl --help` loads neither a Lua
runtime nor a renderer. A command returns its exit code, None for 0; whatever goes wrong comes out
of `Commands.main`, in three parts: what happened, where, what to do.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

from aosctl.cli.command import CONTEXT, WithExamples
from aosctl.errors import AosctlError

# name: (module in aosctl.cli, the first sentence of its help). A test compares the sentences.
COMMANDS = {
    "plan": ("release", "Show the steps that lead to what the manifest wants."),
    "deploy": ("release", "Carry out the plan, record every step, and verify the end."),
    "verify": ("release", "Compare each live process with the record and the source."),
    "status": ("release", "Show the record and what each process answers."),
    "smoke": ("smoke", "Run the bundle's scenario from end to end and report on it."),
    "health": ("smoke", "Show the bundle's health score with its parts."),
    "send": ("messages", "Send one message and print what came back."),
    "dryrun": ("messages", "Ask a process what a message would do, and keep nothing of it."),
    "eval": ("messages", "Evaluate Lua in a process that you own."),
    "advance": ("messages", "Move the clock of the local network forward."),
    "trace": ("trace", "Show everything that one message caused."),
    "replay": ("replay", "Replay recorded traces and compare every result."),
    "bundle": ("release", "Print the one Lua text of a process."),
    "check": ("release", "Look for faults in the Lua of a bundle before it is deployed."),
}

INTERRUPTED = 130


class Commands(WithExamples, click.Group):
    """A group whose commands are imported when they are wanted."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the names, in the order in which a project meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, importing its module."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"aosctl.cli.{COMMANDS[cmd_name][0]}")
        commands = (value for value in vars(module).values() if isinstance(value, click.Command))
        return next(command for command in commands if command.name == cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for, or say which one may have been meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise _unknown_command(name)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, sentence) for name, (_, sentence) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT002 - click's signature
        **extra: Any,
    ) -> Any:
        """Run one command and exit with its code; without `standalone_mode`, return or raise."""
        arguments = sys.argv[1:] if args is None else list(args)

        def run() -> Any:
            return super(Commands, self).main(
                arguments, prog_name or "aosctl", complete_var, standalone_mode=False, **extra
            )

        if not standalone_mode:
            return run()
        as_json = "--json" in _before_dashes(arguments)
        try:
            code = run() or 0
        except (click.Abort, KeyboardInterrupt):
            click.echo("Interrupted.", err=True)
            code = INTERRUPTED
        except Exception as error:  # noqa: BLE001 - the one place where failures become words
            code = _report(error, as_json=as_json)
        sys.exit(code)


def _report(error: Exception, *, as_json: bool) -> int:
    """Print a failure; return the exit code. What nobody foresaw comes with its traceback."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return error.exit_code
    known = _explain(error)
    if known is None:
        traceback.print_exception(error)
        known = AosctlError(f"aosctl itself failed: {error}", where=type(error).__name__)
    from aosctl.view import console  # noqa: PLC0415 - the renderer is loaded only when it renders

    console.print_error(known, as_json=as_json)
    return known.exit_code


def _explain(error: Exception) -> AosctlError | None:
    """Return a failure as one of ours, or None if nobody foresaw it."""
    if isinstance(error, AosctlError):
        return error
    if isinstance(error, click.ClickException):
        return _click_error(error)
    if isinstance(error, RecursionError):
        return AosctlError("something here is nested too deeply to be followed")
    if isinstance(error, OSError):
        return AosctlError(
            f"the operating system refused: {error.strerror or error}",
            where=None if error.filename is None else str(error.filename),
            hint="Look at the path, its permissions and the space left on the disk.",
        )
    return None


def _click_error(error: click.ClickException) -> AosctlError:
    from aosctl.errors import UsageError  # noqa: PLC0415 - named beside click's own of that name

    context = getattr(error, "ctx", None)
    path = context.command_path if context else None
    kind = UsageError if isinstance(error, click.UsageError) else AosctlError
    hint = f"See `{path} --help`." if path else None
    return kind(error.format_message().rstrip("."), where=path, hint=hint)


def _unknown_command(name: str) -> AosctlError:
    from aosctl.errors import UsageError  # noqa: PLC0415 - as above
    from aosctl.names import did_you_mean  # noqa: PLC0415 - only a refusal needs it

    hint = did_you_mean(name, COMMANDS) or "`aosctl --help` lists them."
    return UsageError(f"no command is called '{name}'", where="aosctl", hint=hint)


def _before_dashes(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


@click.group(
    "aosctl",
    cls=Commands,
    context_settings=CONTEXT,
    examples=(
        "aosctl deploy",
        "aosctl smoke --report build/report.md",
        "aosctl trace latest",
    ),
)
@click.version_option(package_name="aosctl", message="aosctl %(version)s")
def main() -> None:
    """
    Run, prove and deploy Lua processes for AO.

    A project is a folder with `processes/`; each command looks for it from the working folder up.
    Answers go to stdout, everything else to stderr. Exit codes: 0 done or nothing to do, 1 failed,
    2 wrong usage, 3 changes pending or drift, 130 interrupted.
    """
