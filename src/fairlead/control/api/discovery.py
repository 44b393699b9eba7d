"""What is served, told to clients that ask: kubectl knows no kind before it has read this.

New clients ask for everything in one document and name it in `Accept`; older ones walk the groups.
Both are answered from the catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from platform import machine, python_version

from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api.served import Catalogue, Served
from fairlead.control.api.status import json_response, no_such_path
from fairlead.control.store import Object

AGGREGATED = ("v2", "v2beta1")
KUBERNETES = ("1", "32")
"""Version of the Kubernetes API whose manners are kept: kubectl warns where its own is far off."""

CATEGORY = "fairlead"
"""What ``kubectl get`` calls all kinds together; not `all`, which people delete by."""

NAMESPACES: Object = {
    "name": "namespaces",
    "singularName": "namespace",
    "namespaced": False,
    "kind": "Namespace",
    "verbs": ["get", "list", "watch", "create", "update", "patch", "delete"],
    "shortNames": ["ns"],
}


def server_version() -> Object:
    """Return what ``kubectl version`` shows."""
    major, minor = KUBERNETES
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{major}.{minor}.0+fairlead-{version('fairlead')}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": f"python{python_version()}",
        "platform": f"linux/{machine()}",
    }


class Discovery:
    """The discovery documents of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._core = [NAMESPACES, *map(_described, catalogue.core)]

    async def core(self, request: Request) -> Response:
        """``/api``: the core group: namespaces and events."""
        core = {"v1": [_discovered("", "v1", one) for one in self._core]}
        items = [_group_item("", core)]
        legacy = {
            "kind": "APIVersions",
            "versions": ["v1"],
            "serverAddressByClientCIDRs": [],
        }
        return _aggregated(request, items) or json_response(legacy)

    async def core_resources(self, request: Request) -> Response:
        """``/api/v1``."""
        return json_response(_resource_list("v1", self._core))

    async def groups(self, request: Request) -> Response:
        """``/apis``: every other group."""
        found: dict[str, dict[str, list[Object]]] = {}
        for group, number, kinds in self._catalogue.groups():
            shown = [_discovered(group, number, _described(served)) for served in kinds]
            found.setdefault(group, {})[number] = shown
        items = [_group_item(group, versions) for group, versions in found.items()]
        legacy = {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(*one) for one in self._catalogue.versions()],
        }
        return _aggregated(request, items) or json_response(legacy)

    async def group(self, request: Request) -> Response:
        """``/apis/GROUP``."""
        for group, numbers in self._catalogue.versions():
            if group == request.path_params["group"]:
                own = _group(group, numbers)
                return json_response({"kind": "APIGroup", "apiVersion": "v1"} | own)
        raise no_such_path(request.url.path)

    async def group_resources(self, request: Request) -> Response:
        """``/apis/GROUP/VERSION``."""
        wanted = (request.path_params["group"], request.path_params["version"])
        for group, number, kinds in self._catalogue.groups():
            if (group, number) == wanted:
                resources = [_described(served) for served in kinds]
                return json_response(_resource_list(f"{group}/{number}", resources))
        raise no_such_path(request.url.path)


def _aggregated(request: Request, items: Sequence[Object]) -> Response | None:
    """Return the one document, where the client asks for a version of it that is known."""
    for offer in request.headers.get("accept", "").split(","):
        parameters = {part.strip() for part in offer.split(";")[1:]}
        for number in AGGREGATED:
            asked = {"g=apidiscovery.k8s.io", f"v={number}", "as=APIGroupDiscoveryList"}
            if asked <= parameters:
                document = {
                    "kind": "APIGroupDiscoveryList",
                    "apiVersion": f"apidiscovery.k8s.io/{number}",
                    "metadata": {},
                    "items": items,
                }
                kind = f"application/json;g=apidiscovery.k8s.io;v={number};as=APIGroupDiscoveryList"
                return json_response(document, media_type=kind)
    return None


def _described(served: Served) -> Object:
    kind = served.kind
    return {
        "name": kind.plural,
        "singularName": kind.singular,
        "namespaced": True,
        "kind": kind.kind,
        "verbs": list(served.verbs),
        "shortNames": list(kind.short_names),
        "categories": [CATEGORY] if kind.group else [],
    }


def _discovered(group: str, number: str, described: Object) -> Object:
    return {
        "resource": described["name"],
        "responseKind": {"group": group, "version": number, "kind": described["kind"]},
        "scope": "Namespaced" if described["namespaced"] else "Cluster",
        "singularResource": described["singularName"],
        "verbs": described["verbs"],
        "shortNames": described["shortNames"],
        "categories": described.get("categories", []),
    }


def _group_item(group: str, found: Mapping[str, Sequence[Object]]) -> Object:
    versions = [
        {"version": number, "resources": resources, "freshness": "Current"}
        for number, resources in found.items()
    ]
    metadata = {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None}
    return {"metadata": metadata, "versions": versions}


def _group(group: str, numbers: Sequence[str]) -> Object:
    named = [{"groupVersion": f"{group}/{number}", "version": number} for number in numbers]
    return {"name": group, "versions": named, "preferredVersion": named[0]}


def _resource_list(group_version: str, resources: Sequence[Object]) -> Object:
    return {
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": group_version,
        "resources": resources,
    }
