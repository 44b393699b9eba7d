"""``fairlead get``: show resources, with kubectl's habits. The control plane makes the table."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.following import Following
from fairlead.cli.printing import Form, Objects, Table, shape
from fairlead.control.instance_kind import INSTANCE
from fairlead.kinds import KINDS, Kind, kind_named
from fairlead.policy.workload import DEFAULT_NAMESPACE

SHOWN = (*KINDS, INSTANCE)
"""Kinds that can be shown: those that people write, and what agents registered."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead get``."""
    return command.run("get", arguments, get=get)


def get(  # noqa: PLR0913 - one parameter for each option
    *,
    kind: Annotated[str, typer.Argument(metavar="KIND", help="Kind, plural or short name.")],
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="One object.", show_default=False)
    ] = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="Form.", show_default=False)
    ] = None,
    selector: Annotated[
        str | None,
        typer.Option("--selector", "-l", help="Label selector: app=shop.", show_default=False),
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Then show every change, until interrupted.")
    ] = False,
    events: Annotated[
        bool, typer.Option("--output-watch-events", help="With -w, say what each change is.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show resources."""
    wanted = named(kind)
    if name and (all_namespaces or selector):
        raise Failed("NAME goes without -A and -l: it is one object", USAGE)
    control = ControlPlane(server)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE
    path = control.path(wanted, where, name or "")
    query = {"labelSelector": selector} if selector else {}
    shown = shape(wanted, output, where)
    if watch:
        if name:
            path = control.path(wanted, where)
            query["fieldSelector"] = f"metadata.name={name}"
        _watch(Following(control, path, query, shown.accept), shown, events=events)
        return
    found = control.call("GET", path, query=query, accept=shown.accept)
    shown.whole(found)


def named(word: str) -> Kind[Any]:
    """Return the kind that `word` means. Raises Failed."""
    kind = kind_named(word, SHOWN)
    if kind is None:
        known = ", ".join(f"{k.plural} ({', '.join(k.short_names)})" for k in SHOWN)
        raise Failed(f"there is no kind {word!r}: say one of {known}", USAGE)
    return kind


def _watch(following: Following, shown: Table | Objects, *, events: bool) -> None:
    """Show what there is, and every change from then on."""
    shown.listed(following.begin(), "ADDED" if events else "")
    with suppress(KeyboardInterrupt):
        for kind, found in following.events():
            shown.one(found, kind if events else "")
