"""``fairlead rollback``: make an object what it was, by revision.

What an author says is gone back to: labels and spec. Annotations stay, as with ``fairlead apply``.
It is a change like any other: checked, remembered, and undone the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.apply import delivered, prepared
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.differing import differences
from fairlead.cli.failure import REFUSED, Failed
from fairlead.cli.objects import Named, Words, single
from fairlead.cli.revisions import Item, by, found, revisions_of
from fairlead.kinds import KINDS, InvalidResource, Resource, parse


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead rollback``."""
    return command.run("rollback", arguments, COMMANDS)


@command.examples(
    "fairlead rollback tlane gray --dry-run",
    "fairlead rollback tlane gray --to 42",
)
def rollback(
    *,
    words: Words,
    namespace: Namespace = None,
    to: Annotated[
        int | None,
        typer.Option(
            "--to",
            help="Revision; the last that said something else if left out.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would change, and change nothing.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Make an object what it was at an earlier revision; one that was deleted is there again."""
    one, control = single(words, namespace, KINDS), ControlPlane(server)
    items = revisions_of(control, one)
    item = items[found(items, to, one)] if to is not None else _earlier(control, one, items)
    before, after = delivered(control, _resource(item, one), dry_run=dry_run)
    if after is None:
        print(f"{one.label} is as in {by(item)}")
        return
    if dry_run:
        names = (f"live/{one.label}", f"revision {item['revision']}/{one.label}")
        print("\n".join(differences(before.live, after, names)))
    print(f"{one.label} {'would go' if dry_run else 'went'} back to {by(item)}")


def _earlier(control: ControlPlane, one: Named, items: Sequence[Item]) -> Item:
    """Return the last revision that says something else than what is there."""
    for item in items:
        if not prepared(control, _resource(item, one)).unchanged:
            return item
    raise Failed(f"{one.shown} has no earlier revision that says something else", REFUSED)


def _resource(item: Item, one: Named) -> Resource[Any]:
    try:
        return parse(item["object"], namespace=one.namespace)
    except InvalidResource as error:
        lines = [f"fairlead: {by(item)} is not valid any more:", *map(str, error.violations)]
        raise Failed(lines, REFUSED) from error


COMMANDS: command.Commands = {"rollback": rollback}
