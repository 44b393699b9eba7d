"""Apps, as the control plane knows them from their agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, Failed
from fairlead.kinds.suggestion import meant

ROOT = "/fairlead/v1/"

Plain = Mapping[str, Any]


def listed(control: ControlPlane, namespace: str) -> list[Plain]:
    """Return every app of a namespace, of all of them for ``*``, in one line. Raises Failed."""
    items: list[Plain] = control.call("GET", f"{ROOT}services", query={"namespace": namespace})[
        "items"
    ]
    return items


def service(control: ControlPlane, app: str, namespace: str) -> dict[str, Any]:
    """Return an app in full. Raises Failed, with the name that was probably meant."""
    try:
        return control.call("GET", f"{ROOT}service", query={"namespace": namespace, "app": app})
    except Refused as refusal:
        if refusal.code != 404 or refusal.unknown_path:
            raise
        known = [str(one["app"]) for one in listed(control, namespace)]
        raise unknown(app, namespace, known) from refusal


def unknown(app: str, namespace: str, known: Sequence[str]) -> Failed:
    """Return the failure of an app that nobody has reported."""
    hint = meant(app, known) or ": no agent has reported it; `fairlead get apps` lists them"
    return Failed(f"there is no app {app!r} in namespace {namespace}{hint}", REFUSED)
