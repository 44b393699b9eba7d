"""How objects are printed: as rows of a table, whole, or by name."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import terminal
from fairlead.cli.control_plane import TABLE
from fairlead.cli.following import Plain
from fairlead.cli.objects import Named
from fairlead.cli.table import aligned, widths_of
from fairlead.kinds import Kind
from fairlead.kinds.document.writer import write_yaml


class Form(StrEnum):
    """How objects are printed."""

    JSON = "json"
    YAML = "yaml"
    WIDE = "wide"
    NAME = "name"


class Whole(StrEnum):
    """How an answer is printed that is no list of things with names."""

    JSON = "json"
    YAML = "yaml"


_STRANGE = re.compile(r"[^\n\x20-\x7e]")

Output: TypeAlias = Annotated[
    Form | None,
    typer.Option("--output", "-o", help="Form; a table if left out.", show_default=False),
]
WholeOutput: TypeAlias = Annotated[
    Whole | None, typer.Option("--output", "-o", help="Form; text if left out.", show_default=False)
]


def document(found: Any, form: Form | Whole | None) -> str:
    """Return plain values as YAML where that is asked for, else as JSON.

    What a terminal would obey, or show otherwise, is escaped in both.
    """
    if form == Form.YAML:
        return write_yaml(found).rstrip("\n")
    return as_json(found, indent=4)


_FIRST = ("apiVersion", "kind", "metadata")


def ordered(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object, or a list of them, in the order in which people read: status last."""
    names = [*(name for name in _FIRST if name in found), *(n for n in found if n not in _FIRST)]
    if "status" in names:
        names = [*(name for name in names if name != "status"), "status"]
    whole = {name: found[name] for name in names}
    if isinstance(found.get("items"), list):
        whole["items"] = [ordered(one) for one in found["items"]]
    return whole


def as_json(found: Any, indent: int | None = None) -> str:
    """Return plain values as JSON that can be shown on a terminal."""
    return _STRANGE.sub(_escaped, json.dumps(found, indent=indent, ensure_ascii=False))


def _escaped(match: re.Match[str]) -> str:
    return match[0] if match[0].isprintable() else json.dumps(match[0])[1:-1]


def put(lines: Iterable[str]) -> None:
    """Print lines, nothing at all where there are none."""
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


class Objects:
    """Objects one after the other, whole or by name."""

    accept = "application/json"

    def __init__(self, kind: Kind[Any], form: Form | None) -> None:
        self._kind, self._form = kind, form

    def listed(self, found: Plain, event: str = "") -> None:
        """Print what there is, one by one."""
        for item in found["items"]:
            self.one(item, event)

    def one(self, found: Plain, event: str = "") -> None:
        """Print one object."""
        if self._form is Form.NAME:
            label = Named(self._kind, "", found["metadata"]["name"]).label
            print(_before(event) + label, flush=True)
            return
        found = ordered(found)
        found = {"type": event, "object": found} if event else found
        between = "---\n" if self._form is Form.YAML else ""
        print(between + document(found, self._form), flush=True)


@dataclass(slots=True, kw_only=True)
class Table:
    """Rows below a line of heads, as the control plane fills them."""

    wide: bool = False
    namespaces: bool = False
    """Whether the first column has them."""
    heads: bool = True
    labels: bool = False
    """Whether the last column has them."""
    kind: Kind[Any] | None = None
    """Whose names begin with it, None where that is plain."""
    _widths: list[int] = field(default_factory=list)

    accept = TABLE

    def listed(self, table: Plain, event: str = "") -> bool:
        """Print what there is; return whether that is anything."""
        if not table.get("rows"):
            return False
        columns = table["columnDefinitions"]
        names = [str(columns[place]["name"]).upper() for place in self._places(columns)]
        heads = ["NAMESPACE"] * self.namespaces + names + ["LABELS"] * self.labels
        lines = [heads, *(self._cells(table, row) for row in table["rows"])]
        self._widths = widths_of(lines)
        (head,) = aligned(lines[:1], self._widths)
        if self.heads:
            print(terminal.head(_before("EVENT" if event else "") + head))
        self._rows(lines[1:], event)
        return True

    def one(self, table: Plain, event: str = "") -> None:
        """Print a row below those that are there already."""
        if not self._widths:
            self.listed(table, event)
            return
        lines = [self._cells(table, row) for row in table["rows"]]
        self._widths = [max(pair) for pair in zip(self._widths, widths_of(lines), strict=True)]
        self._rows(lines, event)

    def _rows(self, lines: list[list[str]], event: str) -> None:
        before = terminal.cell(_before(event)) if event else ""
        put(before + line for line in aligned(lines, self._widths, terminal.cell))

    def _cells(self, table: Plain, row: Plain) -> list[str]:
        columns, metadata = table["columnDefinitions"], row["object"]["metadata"]
        cells = [
            self._cell(str(columns[place]["name"]), row["cells"][place], metadata)
            for place in self._places(columns)
        ]
        labels = ",".join(f"{k}={v}" for k, v in sorted((metadata.get("labels") or {}).items()))
        namespace = [metadata.get("namespace", "")] * self.namespaces
        return [*namespace, *cells, *([labels or "<none>"] * self.labels)]

    def _cell(self, column: str, value: Any, metadata: Plain) -> str:
        if self.kind is not None and column == "Name":
            return Named(self.kind, "", metadata["name"]).label
        return "<none>" if value is None or value == "" else terminal.one_line(str(value))

    def _places(self, columns: Any) -> list[int]:
        """Return which of the columns are shown."""
        return [i for i, one in enumerate(columns) if self.wide or not one.get("priority")]


def _before(event: str) -> str:
    return f"{event:<10}" if event else ""


def nothing(place: str | None) -> None:
    """Say that nothing is in a namespace, None for all of them."""
    where = "any namespace" if place is None else f"namespace {place}"
    print(f"No resources found in {where}.", file=sys.stderr, flush=True)
