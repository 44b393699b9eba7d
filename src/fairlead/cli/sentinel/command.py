"""``fairlead sentinel``: take over rules of Sentinel, and give ours to it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, TypeAlias

import typer

from fairlead.cli import command
from fairlead.cli.apply import send
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import REFUSED, USAGE, Failed
from fairlead.cli.sentinel import documents, importing
from fairlead.cli.sentinel.fields import Gravity
from fairlead.kinds.document.writer import write_yaml
from fairlead.policy.workload import DEFAULT_NAMESPACE


class Output(StrEnum):
    """What becomes of imported rules."""

    YAML = "yaml"
    APPLY = "apply"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead sentinel``."""
    return command.run("sentinel", arguments, **{"import": import_})


App: TypeAlias = Annotated[str, typer.Option("--app", help="App that the rules are for.")]
Arrays: TypeAlias = Annotated[
    list[str],
    typer.Argument(metavar="FILE...", help="Arrays of rules in JSON; - is standard input."),
]
TypeName: TypeAlias = Annotated[
    str, typer.Option("--type", help="Type of the rules, where their fields do not tell it.")
]
ColdFactor: TypeAlias = Annotated[
    float,
    typer.Option("--cold-factor", help="csp.sentinel.flow.cold.factor of warm-ups in Java."),
]


def import_(  # noqa: PLR0913 - one parameter for each option
    files: Arrays,
    *,
    app: App,
    type_name: TypeName = "",
    cold_factor: ColdFactor = 3.0,
    namespace: Namespace = None,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="yaml prints objects, apply sends them.")
    ] = Output.YAML,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Read rules of Sentinel Java and Go as objects that count in the same way."""
    if not 1 < cold_factor <= 1_000_000:
        raise Failed("--cold-factor: is greater than 1", USAGE)
    arrays = documents.load(files, type_name)
    found = importing.read(arrays, app, namespace or DEFAULT_NAMESPACE, cold_factor)
    for one in found.said:
        print(one, file=sys.stderr)
    worst = found.worst()
    if worst is Gravity.INVALID:
        raise Failed("rules that are none: nothing was imported", REFUSED)
    if output is Output.APPLY:
        refused = send(ControlPlane(server), found.resources)
    else:
        refused = 0
        for resource in found.resources:
            print("---\n" + write_yaml(resource.plain).rstrip("\n"))
    if refused or worst is Gravity.LEFT_OUT:
        raise typer.Exit(REFUSED)
