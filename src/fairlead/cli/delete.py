"""``fairlead delete``: remove resources, by name or as files name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from fairlead.cli import command, sources
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.objects import Named, exactly, missing
from fairlead.cli.progress import counted


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead delete``."""
    return command.run("delete", arguments, COMMANDS)


def delete(
    *,
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="KIND NAME", help="What to remove.", show_default=False),
    ] = None,
    filename: Files = None,
    namespace: Namespace = None,
    ignore_not_found: Annotated[
        bool, typer.Option("--ignore-not-found", help="What is not there counts as removed.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Remove resources."""
    control = ControlPlane(server)
    absent: list[str] = []
    wanted = list(_targets(words or [], filename or [], namespace))
    for one in counted("deleting", wanted, len(wanted)):
        try:
            control.call("DELETE", one.path(control))
            print(f"{one.shown} deleted")
        except Refused as refusal:
            if refusal.code != 404:
                raise
            if not ignore_not_found:
                absent += missing(control, one).lines
    if absent:
        raise Failed(absent, REFUSED)


def _targets(words: list[str], filenames: list[str], namespace: str | None) -> Iterator[Named]:
    if filenames and words:
        raise Failed("say either -f FILE or KIND NAME", USAGE)
    if filenames:
        for resource in sources.load(filenames, namespace):
            yield Named(resource.kind, resource.namespace, resource.name)
    elif words and (len(words) > 1 or "/" in words[0]):
        yield from exactly(words, namespace)
    else:
        raise Failed("say what to remove: -f FILE, or KIND NAME", USAGE)


COMMANDS: command.Commands = {"delete": delete}
