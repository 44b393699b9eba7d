"""What a resource's status says, decided from who enforces what. Pure.

`Live` is the condition every resource has: True where all workloads of its namespace enforce it as
it is written now. A workload is an instance with all its processes, or a process that is not
registered; it counts as live when each of its processes does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from fairlead.control.nodes import Node
from fairlead.control.store import Object

LIVE = "Live"
NOBODY: Mapping[str, str] = MappingProxyType({})

NAMED = 5
"""Workloads that a message names; of the rest it says how many there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition, without the time it came about."""

    type: str
    status: str
    reason: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """One workload and its nodes; None is a process that has no connection."""

    name: str
    """As messages name it: ``b (127.0.0.1:9001)``."""
    app: str
    nodes: tuple[Node | None, ...]
    synced: int
    """Newest revision that all its nodes enforce, -1 where one has no connection."""
    troubled: bool
    """Whether one of its nodes refused something."""

    @classmethod
    def of(cls, name: str, nodes: tuple[Node | None, ...], app: str = "") -> Workload:
        """Sum up the nodes of a workload once, for all the resources it is asked about."""
        return cls(
            name=name,
            app=app,
            nodes=nodes,
            synced=min(-1 if node is None else node.synced for node in nodes),
            troubled=any(node is not None and (node.error or node.refused) for node in nodes),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Liveness:
    """On how many workloads a resource is live."""

    live: int
    total: int
    condition: Condition


def liveness(
    workloads: Sequence[Workload],
    resource: str,
    revision: int,
    excluded: Mapping[str, str] = NOBODY,
    apps: Collection[str] | None = None,
) -> Liveness:
    """Return where `resource` (``Kind/name``), last written at `revision`, is live.

    `excluded` are workloads, by name, that got it and cannot keep to it, each with the reason.
    `apps` are those that it is for, None for every app of the namespace.
    """
    if apps is not None:
        workloads = [workload for workload in workloads if workload.app in apps]
    live = 0
    refused: list[str] = []
    waiting: list[str] = []
    unfit: list[str] = []
    for workload in workloads:
        why = _refusal(workload, resource, revision) if workload.troubled else None
        if why is not None:
            refused.append(f"app {workload.name}: {why}")
        elif workload.synced >= revision and workload.name in excluded:
            unfit.append(f"app {workload.name}: {excluded[workload.name]}")
        elif workload.synced >= revision:
            live += 1
        else:
            waiting.append(f"app {workload.name}{_absence(workload)}")
    total = len(workloads)
    condition = _condition(live, total, refused, waiting, unfit)
    if not total and apps is not None:
        message = f"no workload of {_named(apps)} is connected"
        condition = replace(condition, message=message)
    return Liveness(live=live, total=total, condition=condition)


def merged(
    before: Sequence[Object], conditions: Iterable[Condition], generation: int, moment: str
) -> list[Object]:
    """Return conditions as they are stored; one keeps its time while its status is the same."""
    times = {(c.get("type"), c.get("status")): c.get("lastTransitionTime") for c in before}
    return [
        {
            "type": c.type,
            "status": c.status,
            "reason": c.reason,
            "message": c.message,
            "observedGeneration": generation,
            "lastTransitionTime": times.get((c.type, c.status)) or moment,
        }
        for c in conditions
    ]


def _refusal(workload: Workload, resource: str, revision: int) -> str | None:
    """Return why a workload does not enforce the resource, None where it has not refused it."""
    for node in workload.nodes:
        if node is None:
            continue
        if node.error is not None and node.synced < revision <= node.goal:
            return node.error
        left_out = next((part for part in node.refused if _names(part, resource)), None)
        if left_out is not None:
            return left_out
    return None


def _names(part: str, resource: str) -> bool:
    """Say whether a refused part, ``entry: Kind/name: reason``, is about a resource."""
    return resource in part.replace(":", " ").split()


def _named(apps: Collection[str]) -> str:
    names = sorted(apps)
    return f"app {' or '.join(names)}" if 0 < len(names) <= NAMED else "those that it is for"


def _absence(workload: Workload) -> str:
    connected = [node is not None and node.connected for node in workload.nodes]
    return "" if all(connected) else " (not connected)"


def _condition(
    live: int, total: int, refused: list[str], waiting: list[str], unfit: list[str]
) -> Condition:
    if not total:
        message = "no workload of this namespace is connected"
        return Condition(type=LIVE, status="Unknown", reason="NoWorkloads", message=message)
    parts = [f"live on {live} of {total} workloads"]
    if refused:
        parts.append(f"refused by {_some(refused)}")
    if waiting:
        parts.append(f"waiting for {_some(waiting)}")
    if unfit:
        parts.append(f"not kept by {_some(unfit)}")
    reason = "Refused" if refused else "Waiting" if waiting else "Unfit" if unfit else LIVE
    status = "True" if live == total else "False"
    return Condition(type=LIVE, status=status, reason=reason, message="; ".join(parts))


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
