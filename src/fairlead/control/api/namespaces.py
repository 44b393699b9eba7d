"""Namespaces, which nobody makes: one is there as soon as something is in it.

They are listed so that ``kubectl -n`` and its completion work, and cannot be written.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api.served import Catalogue
from fairlead.control.api.status import Subject, json_response, not_found
from fairlead.control.api.table import META, form_of
from fairlead.control.store import Object, Store
from fairlead.policy.workload import DEFAULT_NAMESPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespaces:
    """The namespaces that are in use, and the default one."""

    store: Store
    catalogue: Catalogue

    async def list(self, request: Request) -> Response:
        """``/api/v1/namespaces``."""
        items = [_namespace(name) for name in sorted(self._names())]
        revision = str(self.store.revision)
        if form_of(request).name == "Table":
            return json_response(_table(items, revision))
        metadata = {"resourceVersion": revision}
        names = {"kind": "NamespaceList", "apiVersion": "v1"}
        return json_response({**names, "metadata": metadata, "items": items})

    async def get(self, request: Request) -> Response:
        """``/api/v1/namespaces/NAME``."""
        name = request.path_params["namespace"]
        if name not in self._names():
            raise not_found(Subject(kind="namespaces", name=name))
        if form_of(request).name == "Table":
            return json_response(_table([_namespace(name)], str(self.store.revision)))
        return json_response(_namespace(name))

    def _names(self) -> set[str]:
        names = {DEFAULT_NAMESPACE}
        for served in self.catalogue.served:
            names.update(item.key.namespace for item in self.store.listing(served.resource).items)
        return names


def _namespace(name: str) -> Object:
    return {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {},
        "status": {"phase": "Active"},
    }


def _table(items: Iterable[Object], revision: str) -> Object:
    rows = [
        {
            "cells": [item["metadata"]["name"], "Active"],
            "object": {**item, "kind": "PartialObjectMetadata", "apiVersion": META},
        }
        for item in items
    ]
    columns = [
        {"name": name, "type": "string", "format": form, "description": "", "priority": 0}
        for name, form in (("Name", "name"), ("Status", ""))
    ]
    return {
        "kind": "Table",
        "apiVersion": META,
        "metadata": {"resourceVersion": revision},
        "columnDefinitions": columns,
        "rows": rows,
    }
