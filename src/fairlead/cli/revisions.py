"""What the control plane remembers of an object, as the command line asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED, Failed
from fairlead.cli.objects import Named, missing
from fairlead.kinds.kind import age

PATH = "/fairlead/v1/history"

Item = Mapping[str, Any]
"""``revision``, ``at``, ``who``, ``type`` and ``object``."""


def revisions_of(control: ControlPlane, one: Named) -> list[Item]:
    """Return the revisions of an object, newest first. Raises Failed."""
    group = f".{one.kind.group}" if one.kind.group else ""
    query = {"kind": f"{one.kind.plural}{group}", "namespace": one.namespace, "name": one.name}
    try:
        items: list[Item] = control.call("GET", PATH, query=query)["items"]
    except Refused as refusal:
        if refusal.code != 404 or refusal.unknown_path:
            raise
        raise missing(control, one) from refusal
    return items


def found(items: Sequence[Item], revision: int, one: Named) -> int:
    """Return where in `items` a revision is. Raises Failed."""
    for place, item in enumerate(items):
        if item["revision"] == revision:
            return place
    kept = ", ".join(str(item["revision"]) for item in items[:5])
    more = ", …" if len(items) > 5 else ""
    raise Failed(f"{one.shown} has no revision {revision}; kept are {kept}{more}", REFUSED)


def since(item: Item) -> str:
    """Return how long ago a revision was made."""
    if not item["at"]:
        return "-"
    return age({"metadata": {"creationTimestamp": item["at"]}}, datetime.now(UTC))


def by(item: Item) -> str:
    """Return who made a revision, and when, as messages say it."""
    when = f", {item['at']}" if item["at"] else ""
    return f"revision {item['revision']} (by {item['who'] or 'unknown'}{when})"
