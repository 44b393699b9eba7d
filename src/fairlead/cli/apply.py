"""``fairlead apply``: make the control plane hold what files say.

Every document of every file is checked before anything is sent; with one violation nothing is.
The file is the whole truth about labels and spec; annotations of others are left alone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from fairlead.cli import command, sources, terminal
from fairlead.cli.command import DEFAULT_SERVER, Files, Namespace, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED
from fairlead.cli.progress import progress
from fairlead.kinds import Resource
from fairlead.kinds.metadata import without_server_fields

_WRITE = {"fieldManager": "fairlead", "fieldValidation": "Strict"}
CONFLICT = 409
ATTEMPTS = 5

_Names = Annotated[
    list[str] | None, typer.Argument(metavar="FILE", help="Like -f.", show_default=False)
]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead apply``."""
    return command.run("apply", arguments, COMMANDS)


@command.examples(
    "fairlead apply -f rules/",
    "kustomize build . | fairlead apply -f -",
    "fairlead apply -f lane.yaml --dry-run",
)
def apply(
    *,
    names: _Names = None,
    filename: Files = None,
    namespace: Namespace = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Have it checked by the control plane, and no more.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Create or change resources from YAML, JSON or Python files."""
    loaded = sources.load([*(filename or ()), *(names or ())], namespace)
    if send(ControlPlane(server), loaded, dry_run=dry_run):
        raise typer.Exit(REFUSED)


def send(
    control: ControlPlane, resources: Iterable[Resource[Any]], *, dry_run: bool = False
) -> int:
    """Send what differs, and tell what happened to each; return how many were refused."""
    refused, note = 0, " (dry run)" if dry_run else ""
    wanted = list(resources)
    with progress("applying", len(wanted)) as bar:
        for resource in wanted:
            label = f"{resource.kind.singular}.{resource.kind.group}/{resource.name}"
            try:
                bar.say(f"{label} {_applied(control, resource, dry_run=dry_run)}{note}")
            except Refused as refusal:
                refused += 1
                bar.say(terminal.one_line(f"{label}: {refusal}"), sys.stderr)
            bar.step()
    return refused


def _applied(control: ControlPlane, resource: Resource[Any], *, dry_run: bool) -> str:
    """Send `resource` where it differs; return what happened to it."""
    before, after = delivered(control, resource, dry_run=dry_run)
    if after is None:
        return "unchanged"
    return "created" if before.live is None else "configured"


def delivered(
    control: ControlPlane, resource: Resource[Any], *, dry_run: bool
) -> tuple[Prepared, dict[str, Any] | None]:
    """Send `resource`, in earnest or not; return what was there, and what is there instead.

    None where it is there already. Raises Failed.
    """
    for attempt in range(ATTEMPTS):
        before = prepared(control, resource)
        if before.unchanged:
            return before, None
        try:
            return before, sent(control, before, dry_run=dry_run)
        except Refused as refusal:
            # Somebody else, if only its status, was written meanwhile: look again.
            if refusal.code != CONFLICT or attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What is to be sent for a resource, and what is there."""

    resource: Resource[Any]
    live: dict[str, Any] | None
    body: dict[str, Any]

    @property
    def unchanged(self) -> bool:
        """Whether it is there already as it is to be."""
        return self.live is not None and _own(self.body) == _own(self.live)


def prepared(control: ControlPlane, resource: Resource[Any]) -> Prepared:
    """Look what is there of `resource`. Raises Failed."""
    try:
        live = control.call("GET", control.path(resource.kind, resource.namespace, resource.name))
    except Refused as refusal:
        if refusal.code != 404:
            raise
        return Prepared(resource=resource, live=None, body=_body(resource, {}))
    body = _body(resource, live)
    body["metadata"]["resourceVersion"] = live.get("metadata", {}).get("resourceVersion", "")
    return Prepared(resource=resource, live=live, body=body)


def sent(control: ControlPlane, found: Prepared, *, dry_run: bool = False) -> dict[str, Any]:
    """Create or replace, in earnest or to see what would come of it. Raises Refused."""
    one, query = found.resource, {**_WRITE, **({"dryRun": "All"} if dry_run else {})}
    if found.live is None:
        return control.call("POST", control.path(one.kind, one.namespace), found.body, query=query)
    return control.call(
        "PUT", control.path(one.kind, one.namespace, one.name), found.body, query=query
    )


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


COMMANDS: command.Commands = {"apply": apply}
