"""``fairlead get``: show resources, with kubectl's habits. The control plane makes the table."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import TABLE, ControlPlane
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.table import aligned
from fairlead.control.instance_kind import INSTANCE
from fairlead.kinds import KINDS, Kind, kind_named
from fairlead.kinds.document.writer import write_yaml
from fairlead.policy.workload import DEFAULT_NAMESPACE

SHOWN = (*KINDS, INSTANCE)
"""Kinds that can be shown: those that people write, and what agents registered."""


class Form(StrEnum):
    """How objects are printed."""

    JSON = "json"
    YAML = "yaml"
    WIDE = "wide"
    NAME = "name"


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
    all_namespaces: Annotated[
        bool, typer.Option("--all-namespaces", "-A", help="All namespaces.")
    ] = False,
    output: Annotated[
        Form | None, typer.Option("--output", "-o", help="Form.", show_default=False)
    ] = None,
    selector: Annotated[
        str | None,
        typer.Option("--selector", "-l", help="Label selector: app=shop.", show_default=False),
    ] = None,
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
    if output in (None, Form.WIDE):
        table = control.call("GET", path, query=query, accept=TABLE)
        place = "any namespace" if where is None else f"namespace {where}"
        _print_table(table, wide=output is Form.WIDE, namespaces=all_namespaces, place=place)
    else:
        _print_objects(control.call("GET", path, query=query), wanted, output)


def named(word: str) -> Kind[Any]:
    """Return the kind that `word` means. Raises Failed."""
    kind = kind_named(word, SHOWN)
    if kind is None:
        known = ", ".join(f"{k.plural} ({', '.join(k.short_names)})" for k in SHOWN)
        raise Failed(f"there is no kind {word!r}: say one of {known}", USAGE)
    return kind


def _print_objects(found: dict[str, Any], kind: Kind[Any], form: Form | None) -> None:
    if form is Form.JSON:
        print(json.dumps(found, indent=4, ensure_ascii=False))
    elif form is Form.YAML:
        print(write_yaml(found), end="")
    else:
        for item in found.get("items", [found]):
            print(f"{kind.singular}.{kind.group}/{item['metadata']['name']}")


def _print_table(table: dict[str, Any], *, wide: bool, namespaces: bool, place: str) -> None:
    rows = table.get("rows") or []
    if not rows:
        print(f"No resources found in {place}.", file=sys.stderr)
        return
    columns = table["columnDefinitions"]
    shown = [i for i, c in enumerate(columns) if wide or not c.get("priority")]
    lines = [[str(columns[i]["name"]).upper() for i in shown]]
    lines += [[_cell(row["cells"][i]) for i in shown] for row in rows]
    if namespaces:
        names = [row["object"]["metadata"].get("namespace", "") for row in rows]
        lines = [[first, *line] for first, line in zip(["NAMESPACE", *names], lines, strict=True)]
    print("\n".join(aligned(lines)))


def _cell(value: Any) -> str:
    return "<none>" if value is None or value == "" else str(value)
