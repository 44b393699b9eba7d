"""Which form a client wants its objects in, and the table among them.

The server formats the cells, AGE too: kubectl prints what it gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.requests import Request

from fairlead.control.api.listing import Page
from fairlead.control.api.objects import shown
from fairlead.control.api.served import Clock, Served
from fairlead.control.api.status import Refused
from fairlead.control.store import Object, Stored

META = "meta.k8s.io/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One form of an answer: the objects, their metadata only, or a table."""

    name: str = ""
    """``""``, ``Table`` or ``PartialObjectMetadata``; the list of a form has the same name."""
    include: str = "Metadata"
    """What a row of a table carries of its object: Metadata, Object or None."""


def form_of(request: Request) -> Form:
    """Return the first form in the request's Accept that is offered here. Raises Refused."""
    accept = request.headers.get("accept") or "*/*"
    for offer in accept.split(","):
        kind, *parameters = (part.strip() for part in offer.split(";"))
        given = dict(p.split("=", 1) for p in parameters if "=" in p)
        if kind.lower() not in ("application/json", "application/*", "*/*"):
            continue
        name = given.get("as", "").removesuffix("List")
        if name and (given.get("g"), given.get("v")) != ("meta.k8s.io", "v1"):
            continue
        if name in ("", "Table", "PartialObjectMetadata"):
            return Form(name=name, include=request.query_params.get("includeObject") or "Metadata")
    message = f"none of {accept[:200]!r} is offered here; application/json is"
    raise Refused(HTTPStatus.NOT_ACCEPTABLE, "NotAcceptable", message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """Turns stored objects of one kind into the form that was asked for."""

    served: Served
    form: Form
    clock: Clock

    def one(self, stored: Stored) -> Object:
        """Return one object; as a table it has one row."""
        if self.form.name == "Table":
            return self._table([stored], str(stored.revision))
        return self._row_object(stored)

    def several(self, page: Page) -> Object:
        """Return a list."""
        if self.form.name == "Table":
            return {**self._table(page.items, ""), "metadata": page.metadata()}
        partial = self.form.name == "PartialObjectMetadata"
        kind = self.served.kind
        return {
            "kind": "PartialObjectMetadataList" if partial else kind.list_kind,
            "apiVersion": META if partial else self.served.api_version,
            "metadata": page.metadata(),
            "items": [self._row_object(item) for item in page.items],
        }

    def bookmark(self, revision: int, annotations: Mapping[str, str] | None = None) -> Object:
        """Return an object that says nothing but how far a watch has come."""
        metadata: Object = {"resourceVersion": str(revision), "creationTimestamp": None}
        if annotations is not None:
            metadata["annotations"] = annotations
        if self.form.name == "Table":
            row = {"cells": [], "object": {"metadata": metadata}}
            return {**self._head(str(revision)), "rows": [row]}
        kind = self.served.kind
        partial = self.form.name == "PartialObjectMetadata"
        names = ("PartialObjectMetadata", META) if partial else (kind.kind, self.served.api_version)
        return {"kind": names[0], "apiVersion": names[1], "metadata": metadata}

    def _shown(self, stored: Stored) -> Object:
        plain = shown(stored)
        return {**plain, "apiVersion": self.served.api_version} if self.served.at else plain

    def _row_object(self, stored: Stored) -> Object:
        return self._shown(stored) if self.form.name == "" else _partial(stored)

    def _table(self, items: Sequence[Stored], revision: str) -> Object:
        return {**self._head(revision), "rows": [self._row(item) for item in items]}

    def _head(self, revision: str) -> Object:
        columns = [
            {
                "name": column.name,
                "type": column.type,
                # kubectl finds the column to print for `-o name` and `--no-headers` by this.
                "format": "name" if column.name == "Name" else "",
                "description": column.description,
                "priority": column.priority,
            }
            for column in self.served.columns
        ]
        return {
            "kind": "Table",
            "apiVersion": META,
            "metadata": {"resourceVersion": revision},
            "columnDefinitions": columns,
        }

    def _row(self, stored: Stored) -> Object:
        now = self.clock()
        plain: Any = self._shown(stored)
        row: Object = {"cells": [column.cell(plain, now) for column in self.served.columns]}
        if self.form.include == "Object":
            row["object"] = plain
        elif self.form.include == "Metadata":
            row["object"] = _partial(stored)
        return row


def _partial(stored: Stored) -> Object:
    metadata = shown(stored)["metadata"]
    return {"kind": "PartialObjectMetadata", "apiVersion": META, "metadata": metadata}
