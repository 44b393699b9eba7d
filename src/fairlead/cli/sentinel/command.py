"""``fairlead sentinel``: take over rules of Sentinel, and give ours to it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import command
from fairlead.cli.apply import send
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.explain_flow import PATH as EXPLAIN
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.printing import as_json
from fairlead.cli.sentinel import documents, exporting, importing, types
from fairlead.cli.sentinel.fields import Gravity
from fairlead.kinds import KINDS, InvalidResource, Resource, parse
from fairlead.kinds.document.writer import write_yaml
from fairlead.policy.governance import ON
from fairlead.policy.workload import DEFAULT_NAMESPACE

GOVERNING = ("fault-tolerance.opensergo.io", "policy.opensergo.io")
"""Groups of the kinds that rules about the flow of calls are made of."""


class Dialect(StrEnum):
    """Whose rules are written."""

    JAVA = types.JAVA
    GO = types.GO


class Output(StrEnum):
    """What becomes of imported rules."""

    YAML = "yaml"
    APPLY = "apply"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead sentinel``."""
    return command.run("sentinel", arguments, COMMANDS)


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


def export(
    *,
    dialect: Annotated[Dialect, typer.Option("--dialect", help="Whose rules are written.")],
    app: Annotated[
        str, typer.Option("--app", help="App; all that rules name, by name, if left out.")
    ] = "",
    namespace: Namespace = None,
    output: Annotated[
        str,
        typer.Option("--output", "-o", help="json prints all; else a directory for a file a type."),
    ] = "json",
    cold_factor: ColdFactor = 3.0,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Write the rules in force as Sentinel reads them; what cannot be is told."""
    where, control = namespace or DEFAULT_NAMESPACE, ControlPlane(server)
    governed = exporting.Governed(_stored(control, where), where)
    _switched(control, where)
    apps = [app] if app else governed.apps()
    lost = False
    arrays = {}
    for name in apps:
        found = exporting.write(governed.rules(name), dialect, cold_factor)
        for one in (*found.said, *governed.partly(name)):
            print(one, file=sys.stderr)
            lost = lost or one.gravity is Gravity.LEFT_OUT
        arrays[name] = found.arrays
    if output == "json":
        print(as_json(arrays[app] if app else arrays, indent=2))
    else:
        for name, by_type in arrays.items():
            _files(Path(output) if app else Path(output) / name, by_type)
    if lost:
        raise typer.Exit(REFUSED)


def _switched(control: ControlPlane, namespace: str) -> None:
    """Say that nothing of a namespace is in force, which is so as long as it is switched."""
    query = {"app": "-", "resource": "-", "namespace": namespace}
    mode = control.call("POST", EXPLAIN, query)["governance"]
    if mode != ON:
        what = f"governance is {mode}: nothing rejects here, and all that is written does there"
        print(f"warning: namespace {namespace}: {what}", file=sys.stderr)


def _stored(control: ControlPlane, namespace: str) -> Iterator[Resource[Any]]:
    for kind in KINDS:
        if kind.group in GOVERNING:
            for item in control.call("GET", control.path(kind, namespace))["items"]:
                try:
                    yield parse(item)
                except InvalidResource as error:
                    name = f"{kind.kind}/{item.get('metadata', {}).get('name')}"
                    raise Failed(f"{name}: this version cannot read it: {error}") from error


def _files(directory: Path, arrays: Mapping[str, Any]) -> None:
    """Write an array a file; one without rules is empty, so that those of before are gone."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, items in arrays.items():
            text = json.dumps(items, indent=2, ensure_ascii=False)
            (directory / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Failed(f"{directory}: {error.strerror or error}", ENVIRONMENT) from error


COMMANDS: command.Commands = {"import": import_, "export": export}
