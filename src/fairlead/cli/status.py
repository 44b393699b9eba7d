"""``fairlead status``: which revision every workload enforces, who lags, who refused, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import typer

from fairlead.cli import command
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Form, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import REFUSED
from fairlead.cli.table import tabled
from fairlead.control.instance_kind import INSTANCE
from fairlead.policy.governance import ON
from fairlead.policy.workload import BASE, DEFAULT_NAMESPACE

PATH = "/fairlead/v1/nodes"

STATES = ("refused", "away", "lagging", "live")
"""How a workload stands, the worst first: it stands as its worst process does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """An instance with all its processes, or a process that is not registered."""

    namespace: str
    app: str
    address: str
    """``""`` where it serves nothing that is known."""
    lane: str
    state: str
    revision: int
    """The newest whose policy all its processes enforce, 0 where none is known.

    However long ago they were sent it: what did not change is not sent again.
    """
    since: str
    """When the youngest connection of its processes began, ``""`` where there is none."""
    processes: int
    reasons: tuple[str, ...]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead status``."""
    return command.run("status", arguments, COMMANDS)


def status(
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 unless every workload is live.")
    ] = False,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form.")] = Form.TEXT,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say of every workload whether it is live, lagging, away or refused, and why.

    REVISION is the newest revision of the control plane whose policy all its processes enforce: of
    a live workload the one that the last line names.
    """
    control = ControlPlane(server)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE
    answer = control.call("GET", PATH, query={"namespace": where} if where else {})
    instances = control.call("GET", control.path(INSTANCE, where))["items"]
    found = list(workloads(answer["nodes"], instances))
    switched = answer.get("governance", {"default": ON, "namespaces": {}})
    if output is Form.JSON:
        shown = {
            "revision": answer["revision"],
            "governance": switched,
            "alarms": answer.get("alarms", []),
            "workloads": [asdict(one) for one in found],
        }
        print(json.dumps(shown, indent=4, ensure_ascii=False))
    else:
        lines = (
            *worded(answer["revision"], found, where),
            *unenforced(switched, where),
            *alarming(answer.get("alarms", ())),
        )
        print("\n".join(lines))
    if check and any(one.state != "live" for one in found):
        raise SystemExit(REFUSED)


def workloads(
    nodes: Iterable[Mapping[str, Any]], instances: Iterable[Mapping[str, Any]]
) -> Iterator[Workload]:
    """Yield the workloads of `nodes`, as the control plane lists them, and of `instances`."""
    left = {node["node"]: node for node in nodes}
    for instance in instances:
        spec = instance["spec"]
        own = [left.pop(process["node"], None) for process in spec["processes"]]
        lane = instance.get("status", {}).get("lane", BASE)
        yield _workload(instance["metadata"]["namespace"], spec["app"], spec["address"], lane, own)
    for node in left.values():
        # Who has left and hung up enforces nothing any more.
        if node["connected"]:
            yield _workload(node["namespace"], node["app"], "", node["lane"], [node])


def _workload(
    namespace: str, app: str, address: str, lane: str, nodes: Sequence[Mapping[str, Any] | None]
) -> Workload:
    there = [node for node in nodes if node is not None]
    states = {"away" if node is None else _state(node) for node in nodes}
    reasons = (reason for node in there for reason in (node["error"], *node["refused"]) if reason)
    return Workload(
        namespace=namespace,
        app=app,
        address=address,
        lane=lane,
        state=next(state for state in STATES if state in states),
        revision=min((node["synced"] for node in there), default=0),
        since=max((node["since"] for node in there if node["connected"]), default=""),
        processes=len(nodes),
        reasons=tuple(dict.fromkeys(reasons)),
    )


def _state(node: Mapping[str, Any]) -> str:
    if node["connected"] and (node["error"] or node["refused"]):
        return "refused"
    return "lagging" if node["state"] == "waiting" else str(node["state"])


def worded(revision: int, found: Sequence[Workload], namespace: str | None) -> Iterator[str]:
    """Yield the lines of the answer."""
    if not found:
        where = "any namespace" if namespace is None else f"namespace {namespace}"
        yield f"no workload in {where}: no agent has registered or is connected"
        return
    rows = [_HEADS, *map(_cells, found)]
    if namespace is None:
        names = ["NAMESPACE", *(one.namespace for one in found)]
        rows = [(name, *row) for name, row in zip(names, rows, strict=True)]
    head, *lines = tabled(rows)
    yield head
    for one, line in zip(found, lines, strict=True):
        yield line
        yield from (f"    {reason}" for reason in one.reasons)
    counts = ", ".join(
        f"{number} {state}"
        for state in reversed(STATES)
        if (number := sum(one.state == state for one in found))
    )
    workloads = "1 workload" if len(found) == 1 else f"{len(found)} workloads"
    yield f"{workloads}, control plane at revision {revision}: {counts}"


def unenforced(switched: Mapping[str, Any], namespace: str | None) -> Iterator[str]:
    """Yield a line for each namespace whose rules are not enforced."""
    default, modes = switched["default"], switched["namespaces"]
    shown = modes if namespace is None else {namespace: modes.get(namespace, default)}
    if namespace is None and default != ON:
        yield f"governance of every other namespace is {default}"
    for name, mode in sorted(shown.items()):
        if mode != ON:
            yield f"governance of namespace {name} is {mode}: no rule is enforced"


def alarming(alarms: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield a line for each time that most instances of an app fell silent."""
    for one in alarms:
        app = f"app {one['app']} in namespace {one['namespace']}"
        if one["over"]:
            came = f"{one['renewed']} renewed, {one['given_up']} given up"
            yield f"protection of {app} from {one['since']} to {one['over']}: {came}"
        else:
            yield (
                f"ALARM: {app}: {one['held']} of {one['present']} instances are held without a "
                f"lease since {one['since']}; {one['answers']} of them answer"
            )


_HEADS: tuple[str, ...] = ("APP", "ADDRESS", "LANE", "STATE", "REVISION", "SINCE", "PIDS")


def _cells(one: Workload) -> tuple[str, ...]:
    return (
        one.app,
        one.address or "(not registered)",
        one.lane or "base",
        one.state,
        str(one.revision or "-"),
        one.since or "-",
        str(one.processes),
    )


COMMANDS: command.Commands = {"status": status}
