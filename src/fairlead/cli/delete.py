"""``fairlead delete``: remove resources, by name or as files name them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.get import named
from fairlead.kinds import Kind
from fairlead.policy.workload import DEFAULT_NAMESPACE

_Target = tuple[Kind[Any], str, str]
"""Kind, namespace, name."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead delete``."""
    return command.run("delete", arguments, delete=delete)


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
    missing = []
    for kind, where, name in list(_targets(words or [], filename or [], namespace)):
        shown = f'{kind.singular}.{kind.group} "{name}"'
        try:
            control.call("DELETE", control.path(kind, where, name))
            print(f"{shown} deleted")
        except Refused as refusal:
            if refusal.code != 404:
                raise
            missing.append(f"fairlead: {shown} is not in namespace {where}")
    if missing and not ignore_not_found:
        raise Failed(missing, REFUSED)


def _targets(words: list[str], filenames: list[str], namespace: str | None) -> Iterator[_Target]:
    if filenames and words:
        raise Failed("say either -f FILE or KIND NAME", USAGE)
    if filenames:
        for resource in sources.load(filenames, namespace):
            yield resource.kind, resource.namespace, resource.name
    elif len(words) > 1:
        kind = named(words[0])
        for name in words[1:]:
            yield kind, namespace or DEFAULT_NAMESPACE, name
    else:
        raise Failed("say what to remove: -f FILE, or KIND NAME", USAGE)
