"""``fairlead apply``: make the control plane hold what files say.

Every document of every file is checked before anything is sent; with one violation nothing is.
The file is the whole truth about labels and spec; annotations of others are left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED
from fairlead.kinds import Resource
from fairlead.kinds.metadata import without_server_fields

_WRITE = {"fieldManager": "fairlead", "fieldValidation": "Strict"}
_ATTEMPTS = 3

_Names = Annotated[
    list[str] | None, typer.Argument(metavar="FILE", help="Like -f.", show_default=False)
]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead apply``."""
    return command.run("apply", arguments, apply=apply)


def apply(
    *,
    names: _Names = None,
    filename: Files = None,
    namespace: Namespace = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Create or change resources from YAML, JSON or Python files."""
    loaded = sources.load([*(filename or ()), *(names or ())], namespace)
    if send(ControlPlane(server), loaded):
        raise typer.Exit(REFUSED)


def send(control: ControlPlane, resources: Iterable[Resource[Any]]) -> int:
    """Send what differs, and tell what happened to each; return how many were refused."""
    refused = 0
    for resource in resources:
        label = f"{resource.kind.singular}.{resource.kind.group}/{resource.name}"
        try:
            print(f"{label} {_applied(control, resource)}")
        except Refused as refusal:
            refused += 1
            print(f"{label}: {refusal}", file=sys.stderr)
    return refused


def _applied(control: ControlPlane, resource: Resource[Any]) -> str:
    """Send `resource` where it differs; return what happened to it."""
    for attempt in range(_ATTEMPTS):
        try:
            return _sent(control, resource)
        except Refused as refusal:
            # Somebody else wrote between our look and our write: look again.
            if refusal.code != 409 or attempt == _ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _sent(control: ControlPlane, resource: Resource[Any]) -> str:
    collection = control.path(resource.kind, resource.namespace)
    item = control.path(resource.kind, resource.namespace, resource.name)
    try:
        live = control.call("GET", item)
    except Refused as refusal:
        if refusal.code != 404:
            raise
        body = _body(resource, {})
        control.call("POST", collection, body, query=_WRITE)
        return "created"
    body = _body(resource, live)
    if _own(body) == _own(live):
        return "unchanged"
    body["metadata"]["resourceVersion"] = live.get("metadata", {}).get("resourceVersion", "")
    control.call("PUT", item, body, query=_WRITE)
    return "configured"


def _body(resource: Resource[Any], live: dict[str, Any]) -> dict[str, Any]:
    plain = resource.plain
    metadata = {**without_server_fields(plain["metadata"]), "namespace": resource.namespace}
    annotations = {
        **(live.get("metadata", {}).get("annotations") or {}),
        **(metadata.get("annotations") or {}),
    }
    if annotations:
        metadata["annotations"] = annotations
    return {**_own(plain), "metadata": metadata}


def _own(plain: dict[str, Any]) -> dict[str, Any]:
    """Return the author's part of an object."""
    own: dict[str, Any] = {k: plain[k] for k in ("apiVersion", "kind", "spec") if k in plain}
    metadata = without_server_fields(plain.get("metadata", {}))
    return {**own, "metadata": {key: value for key, value in metadata.items() if value}}
