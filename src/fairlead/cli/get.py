"""``fairlead get``: show resources, with kubectl's habits. The control plane makes the table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Selector, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.following import Following
from fairlead.cli.objects import Named, Words, missing, parsed
from fairlead.cli.printing import Form, Objects, Table, shape
from fairlead.policy.workload import DEFAULT_NAMESPACE


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead get``."""
    return command.run("get", arguments, COMMANDS)


def get(  # noqa: PLR0913 - one parameter for each option
    *,
    words: Words,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="Form.", show_default=False)
    ] = None,
    selector: Selector = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Then show every change, until interrupted.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--output-watch-events", help="With -w, say what each change is.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show resources."""
    kind, names = parsed(words, namespace)
    if names and (all_namespaces or selector):
        raise Failed("NAME goes without -A and -l: it is one object", USAGE)
    if watch and len(names) > 1:
        raise Failed("-w follows one object, or all of a kind", USAGE)
    control = ControlPlane(server)
    where = None if all_namespaces and kind.namespaced else namespace or DEFAULT_NAMESPACE
    query = {"labelSelector": selector} if selector else {}
    shown = shape(kind, output, where)
    if watch:
        if names:
            query["fieldSelector"] = f"metadata.name={names[0].name}"
        following = Following(control, control.path(kind, where), query, shown.accept)
        _watch(following, shown, events=events)
    elif names:
        _several(control, names, shown)
    else:
        shown.whole(
            control.call("GET", control.path(kind, where), query=query, accept=shown.accept)
        )


def _several(control: ControlPlane, names: Sequence[Named], shown: Table | Objects) -> None:
    """Show those that are there, and fail where one is not."""
    absent: list[str] = []
    for one in names:
        try:
            found = control.call("GET", one.path(control), accept=shown.accept)
        except Refused as refusal:
            if refusal.code != 404:
                raise
            absent += missing(control, one).lines
            continue
        if len(names) == 1:
            shown.whole(found)
        else:
            shown.one(found)
    if absent:
        raise Failed(absent, REFUSED)


def _watch(following: Following, shown: Table | Objects, *, events: bool) -> None:
    """Show what there is, and every change from then on."""
    shown.listed(following.begin(), "ADDED" if events else "")
    with suppress(KeyboardInterrupt):
        for kind, found in following.events():
            shown.one(found, kind if events else "")


COMMANDS: command.Commands = {"get": get}
