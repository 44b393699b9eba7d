"""``fairlead delete``: remove resources, by name or as files name them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Selector, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.objects import EVERYTHING, SomeWords, missing, named_or_listed
from fairlead.cli.progress import progress
from fairlead.cli.sources import chosen


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead delete``."""
    return command.run("delete", arguments, COMMANDS)


@command.examples(
    "fairlead delete tlane gray",
    "fairlead delete -f rules/",
    "fairlead delete tlr --all -n test",
)
def delete(  # noqa: PLR0913 - one parameter for each option
    *,
    words: SomeWords = None,
    filename: Files = None,
    namespace: Namespace = None,
    selector: Selector = None,
    all_: Annotated[bool, typer.Option("--all", help="All objects of the kinds.")] = False,
    ignore_not_found: Annotated[
        bool, typer.Option("--ignore-not-found", help="What is not there counts as removed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Have it checked by the control plane, and no more.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Remove resources: KIND NAME... or KIND/NAME..., those of files, or --all of a kind."""
    if words and words[0].lower() in EVERYTHING:
        raise Failed(f"{words[0]!r} is not deleted at once: say which kinds", USAGE)
    control = ControlPlane(server)
    absent: list[str] = []
    asked = chosen(words or [], filename or [], namespace)
    wanted = named_or_listed(control, asked, namespace, selector, every=all_)
    query, note = ({"dryRun": "All"}, " (dry run)") if dry_run else ({}, "")
    with progress("deleting", len(wanted)) as bar:
        for one in wanted:
            try:
                control.call("DELETE", one.path(control), query=query)
                bar.say(f"{one.shown} deleted{note}")
            except Refused as refusal:
                if refusal.code != 404:
                    raise
                if not ignore_not_found:
                    absent += missing(control, one).lines
            bar.step()
    if absent:
        raise Failed(absent, REFUSED)


COMMANDS: command.Commands = {"delete": delete}
