"""``fairlead diff``: what applying files would change. Exit status 1 where it is anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources
from fairlead.cli.apply import delivered
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.differing import differences
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.objects import Named
from fairlead.cli.progress import progress
from fairlead.kinds import Resource

DIFFERENT = 1
"""Exit status, as diff(1) has it. What cannot be compared ends with a higher one."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead diff``."""
    try:
        return command.run("diff", arguments, COMMANDS)
    except Failed as failure:
        # 1 says that there are differences, and nothing else.
        raise Failed(failure.lines, max(failure.status, USAGE)) from failure


@command.examples(
    "fairlead diff -f rules/ || fairlead apply -f rules/",
)
def diff(
    *,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="FILE", help="Like -f.", show_default=False)
    ] = None,
    filename: Files = None,
    namespace: Namespace = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show what applying files would change; the control plane checks it, and changes nothing."""
    loaded = sources.load([*(filename or ()), *(names or ())], namespace)
    control = ControlPlane(server)
    different = False
    with progress("comparing", len(loaded)) as bar:
        for resource in loaded:
            for line in compared(control, resource):
                different = True
                bar.say(line)
            bar.step()
    if different:
        raise typer.Exit(DIFFERENT)


def compared(control: ControlPlane, resource: Resource[Any]) -> list[str]:
    """Return the diff of an object as it is and as it would be. Raises Failed for a refusal."""
    one = Named(resource.kind, resource.namespace, resource.name)
    before, after = delivered(control, resource, dry_run=True)
    if after is None:
        return []
    label = f"{resource.namespace}/{one.label}"
    return list(differences(before.live, after, (f"live/{label}", f"new/{label}")))


COMMANDS: command.Commands = {"diff": diff}
