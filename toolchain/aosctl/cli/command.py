"""
A command: click's, with real invocations at the end of its help. A test runs them.
"""

from __future__ import annotations

from typing import Any

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class WithExamples(click.Command):
    """
    Writes `examples`, one invocation a line, where click has its epilogue.

    `{process}` and `{bundle}` become names of the project in the working folder, so that the lines
    run there as they stand.
    """

    def __init__(self, *args: Any, examples: tuple[str, ...] = (), **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.examples = examples

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; a refusal then knows whose they were."""
        try:
            return super().parse_args(ctx, args)
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the examples as they are, without wrapping."""
        if self.examples:
            text = "".join(f"  {line}\n" for line in self.examples)
            for place, name in _names().items() if "{" in text else ():
                text = text.replace(place, name)
            with formatter.section("Examples"):
                formatter.write(text)


class Command(WithExamples):
    """A single command, declared as `@click.command("name", cls=Command, examples=(...))`."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        settings.setdefault("context_settings", CONTEXT)
        super().__init__(*args, **settings)


def _names() -> dict[str, str]:
    from aosctl.errors import AosctlError  # noqa: PLC0415 - the list of commands needs none of it
    from aosctl.manifest import load_manifest  # noqa: PLC0415 - as above
    from aosctl.project import find_project  # noqa: PLC0415 - as above

    try:
        project = find_project()
        manifest = load_manifest(project, project.bundle())
    except AosctlError:
        return {"{bundle}": "shop", "{process}": "till"}
    return {"{bundle}": manifest.bundle, "{process}": next(iter(manifest.processes))}
