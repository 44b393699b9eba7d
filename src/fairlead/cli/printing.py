"""How objects are printed: as rows of a table, whole, or by name."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from typing import Any

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


class Objects:
    """Objects one after the other, whole or by name."""

    accept = "application/json"

    def __init__(self, kind: Kind[Any], form: Form | None) -> None:
        self._kind, self._form = kind, form

    def whole(self, found: Plain) -> None:
        """Print an answer as it is: one object, or a list."""
        if self._form is Form.NAME:
            self.listed({"items": found.get("items", [found])})
        else:
            print(self._text(found))

    def listed(self, found: Plain, event: str = "") -> None:
        """Print what there is, one by one."""
        for item in found["items"]:
            self.one(item, event)

    def one(self, found: Plain, event: str = "") -> None:
        """Print one object."""
        if self._form is Form.NAME:
            print(_before(event) + self._text(found), flush=True)
            return
        found = {"type": event, "object": found} if event else found
        print(("---\n" if self._form is Form.YAML else "") + self._text(found), flush=True)

    def _text(self, found: Plain) -> str:
        if self._form is Form.JSON:
            return json.dumps(found, indent=4, ensure_ascii=False)
        if self._form is Form.YAML:
            return write_yaml(dict(found)).rstrip("\n")
        return Named(self._kind, "", found["metadata"]["name"]).label


class Table:
    """Rows below a line of heads, as the control plane fills them."""

    accept = TABLE

    def __init__(self, *, wide: bool, namespaces: bool, place: str) -> None:
        self._wide, self._namespaces, self._place = wide, namespaces, place
        self._widths: list[int] = []

    def whole(self, table: Plain) -> None:
        """Print all there is."""
        self.listed(table)

    def listed(self, table: Plain, event: str = "") -> None:
        """Print what there is, or that there is nothing."""
        if not table.get("rows"):
            print(f"No resources found in {self._place}.", file=sys.stderr, flush=True)
            return
        columns = table["columnDefinitions"]
        heads = [str(columns[place]["name"]).upper() for place in self._places(columns)]
        lines = [["NAMESPACE", *heads] if self._namespaces else heads]
        lines += [self._cells(table, row) for row in table["rows"]]
        self._widths = widths_of(lines)
        heads, *rows = lines
        (head,) = aligned([heads], self._widths)
        print(terminal.head(_before("EVENT" if event else "") + head))
        self._rows(rows, event)

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
        for line in aligned(lines, self._widths, terminal.cell):
            print(before + line, flush=True)

    def _cells(self, table: Plain, row: Plain) -> list[str]:
        places = self._places(table["columnDefinitions"])
        cells = [_cell(row["cells"][place]) for place in places]
        namespace = row["object"]["metadata"].get("namespace", "")
        return [namespace, *cells] if self._namespaces else cells

    def _places(self, columns: Any) -> list[int]:
        """Return which of the columns are shown."""
        return [i for i, one in enumerate(columns) if self._wide or not one.get("priority")]


def _before(event: str) -> str:
    return f"{event:<10}" if event else ""


def _cell(value: Any) -> str:
    return "<none>" if value is None or value == "" else terminal.safe(str(value))


def shape(kind: Kind[Any], form: Form | None, namespace: str | None) -> Table | Objects:
    """Return what prints objects of `kind` in `form`; `namespace` is None for all of them."""
    if form not in (None, Form.WIDE):
        return Objects(kind, form)
    place = "any namespace" if namespace is None else f"namespace {namespace}"
    return Table(wide=form is Form.WIDE, namespaces=namespace is None, place=place)
