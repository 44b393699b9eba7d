"""OpenAPI v3 documents: what ``kubectl explain`` shows, and how kubectl learns of dry runs.

Every schema and every operation names its group, version and kind: kubectl finds them by that.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

import orjson
from starlette.requests import Request
from starlette.responses import Response

from fairlead.control.api.resources import PATCHES
from fairlead.control.api.served import Catalogue, Served
from fairlead.control.api.status import json_response, no_such_path
from fairlead.control.store import Object

GVK = "x-kubernetes-group-version-kind"
ROOT = "/openapi/v3"


_V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
# `swagger: "2.0"` as a protobuf message: field 1, a string of three bytes.
_V2_DOCUMENT = b"\x0a\x032.0"


async def no_schemas(request: Request) -> Response:
    """``/openapi/v2``: a document without a schema.

    For a file that holds a ``v1 List`` kubectl looks for schemas in this older form, and stops
    where there is no document. Without schemas it leaves validation to the server.
    """
    if "protobuf" in request.headers.get("accept", ""):
        return Response(_V2_DOCUMENT, media_type=_V2_PROTOBUF)
    info = {"title": "fairlead", "version": "v1"}
    return json_response({"swagger": "2.0", "info": info, "paths": {}})


class OpenApi:
    """The documents of a catalogue, made once."""

    def __init__(self, catalogue: Catalogue, core: Iterable[Served]) -> None:
        """Describe a catalogue, and `core` kinds that are served beside it."""
        self._documents = {"api/v1": _described("api/v1", (*catalogue.core, *core))}
        for group, version, kinds in catalogue.groups():
            path = f"apis/{group}/{version}"
            self._documents[path] = _described(path, [_at(served, version) for served in kinds])

    async def index(self, request: Request) -> Response:
        """``/openapi/v3``: where the documents are, named by content for caches."""
        paths = {
            path: {"serverRelativeURL": f"{ROOT}/{path}?hash={_hash(document)}"}
            for path, document in self._documents.items()
        }
        return json_response({"paths": paths})

    async def document(self, request: Request) -> Response:
        """``/openapi/v3/apis/GROUP/VERSION``."""
        document = self._documents.get(request.path_params["path"])
        if document is None:
            raise no_such_path(request.url.path)
        return Response(document, media_type="application/json")


def _at(served: Served, version: str) -> Served:
    """Return a kind as another version of it describes it: alike, but for the version."""
    if served.kind.version == version:
        return served
    kind = replace(served.kind, version=version)
    names = {"group": kind.group, "version": version, "kind": kind.kind}
    return replace(served, kind=kind, schema={**served.schema, GVK: [names]})


def _described(path: str, kinds: Iterable[Served]) -> bytes:
    schemas: Object = {}
    paths: Object = {}
    for served in kinds:
        schemas |= _schemas(served)
        paths |= _paths(served)
    return _document(path, schemas, paths)


def _document(path: str, schemas: Object, paths: Object) -> bytes:
    return orjson.dumps(
        {
            "openapi": "3.0.0",
            "info": {"title": "fairlead", "version": path},
            "paths": paths,
            "components": {"schemas": schemas},
        }
    )


def _hash(document: bytes) -> str:
    return sha256(document).hexdigest()[:32].upper()


def _schema_name(served: Served) -> str:
    group = served.kind.group or "core.api.k8s.io"
    return f"{'.'.join(reversed(group.split('.')))}.{served.kind.version}.{served.kind.kind}"


def _gvk(served: Served, kind: str = "") -> Object:
    own = served.kind
    return {"group": own.group, "version": own.version, "kind": kind or own.kind}


def _schemas(served: Served) -> Object:
    listed: Object = {
        "type": "object",
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "items": {"type": "array", "items": _ref(served)},
        },
        GVK: [_gvk(served, served.kind.list_kind)],
    }
    name = _schema_name(served)
    return {name: served.schema, f"{name}List": listed}


def _ref(served: Served) -> Object:
    return {"$ref": f"#/components/schemas/{_schema_name(served)}"}


def _paths(served: Served) -> Object:
    kind = served.kind
    root = f"/apis/{kind.api_version}" if kind.group else f"/api/{kind.version}"
    within = "/namespaces/{namespace}" if kind.namespaced else ""
    place = [_path_parameter("namespace")] if kind.namespaced else []
    collection = f"{root}{within}/{kind.plural}"
    verbs = {"get": "list", "post": "post", "delete": "deletecollection"}
    on_collection = {m: _operation(served, m, action) for m, action in verbs.items()}
    methods = ("get", "put", "patch", "delete")
    on_item = {method: _operation(served, method, method) for method in methods}
    everywhere = {f"{root}/{kind.plural}": {"get": _operation(served, "get", "list")}}
    return {
        **(everywhere if kind.namespaced else {}),
        collection: {
            **_offered(served, on_collection),
            "parameters": place,
        },
        f"{collection}/{{name}}": {
            **_offered(served, on_item),
            "parameters": [*place, _path_parameter("name")],
        },
    }


def _offered(served: Served, operations: Object) -> Object:
    if served.inspect is not None:
        return operations
    return {method: operation for method, operation in operations.items() if method == "get"}


def _operation(served: Served, method: str, action: str) -> Object:
    content = {"application/json": {"schema": _ref(served)}}
    operation: Object = {
        "operationId": f"{action}{served.kind.called}",
        "x-kubernetes-action": action,
        GVK: _gvk(served),
        "responses": {"200": {"description": "OK", "content": content}},
    }
    if method in ("post", "put", "patch"):
        types = PATCHES if method == "patch" else ("application/json", "application/yaml")
        operation["requestBody"] = {"content": {name: {"schema": _ref(served)} for name in types}}
        operation["parameters"] = [
            _query_parameter("dryRun", "`All`: everything is checked, nothing is stored."),
            _query_parameter("fieldManager", "Accepted; fields have no owners here."),
            _query_parameter("fieldValidation", "`Strict` (without one), `Warn` or `Ignore`."),
        ]
    elif method == "delete":
        text = "`All`: everything is checked, nothing is deleted."
        operation["parameters"] = [_query_parameter("dryRun", text)]
    return operation


def _query_parameter(name: str, description: str) -> Object:
    schema = {"type": "string", "uniqueItems": True}
    return {"name": name, "in": "query", "description": description, "schema": schema}


def _path_parameter(name: str) -> Object:
    schema = {"type": "string", "uniqueItems": True}
    return {"name": name, "in": "path", "required": True, "schema": schema}
