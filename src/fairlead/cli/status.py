"""``fairlead status``: which revision every workload enforces, who lags, who refused, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from fairlead.cli import command, data_planes, looking, terminal
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Server, Watch
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import REFUSED
from fairlead.cli.printing import Form, Output, document, put
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
    name: str
    """Of the Instance, ``""`` for a process that is not registered."""
    hosts: tuple[str, ...]
    versions: tuple[str, ...]
    """Of the agents, each once."""


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead status``."""
    return command.run("status", arguments, COMMANDS)


@command.examples(
    "fairlead status -A",
    "fairlead status --check || fairlead doctor app/cart",
    "fairlead status -w",
)
def status(
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Exit with 1 unless all workloads are live, and no data plane refuses."
        ),
    ] = False,
    watch: Watch = False,
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say of every workload whether it is live, lagging, away or refused, and why.

    Of data planes that speak xDS, what they refuse.

    REVISION is the newest revision of the control plane whose policy all its processes enforce: of
    a live workload the one that the last line names. CONNECTED is when they all were, which may be
    long before that revision.
    """
    control = ControlPlane(server)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE

    def lines(found: Standing) -> Iterator[str]:
        return found.names() if output is Form.NAME else found.lines(wide=output is Form.WIDE)

    def ask() -> Standing:
        return standing(control, where)

    if watch:
        found = looking.on(ask, lines, output, Standing.plain)
    else:
        found = ask()
        whole = output in (Form.JSON, Form.YAML)
        put([document(found.plain(), output)] if whole else lines(found))
    if check and not found.well:
        raise SystemExit(REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How all workloads stand."""

    namespace: str | None
    revision: int
    governance: Mapping[str, Any]
    alarms: Sequence[Mapping[str, Any]]
    workloads: Sequence[Workload]
    data_planes: Sequence[Mapping[str, Any]] = ()
    """Those that ask for xDS."""

    @property
    def well(self) -> bool:
        """Whether all of them have taken what they were sent, and workloads are live."""
        refused = any(one["refused"] for one in self.data_planes)
        return not refused and all(one.state == "live" for one in self.workloads)

    def plain(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "revision": self.revision,
            "governance": self.governance,
            "alarms": self.alarms,
            "workloads": [asdict(one) for one in self.workloads],
            "dataPlanes": list(self.data_planes),
        }

    def lines(self, *, wide: bool = False) -> Iterator[str]:
        """Yield it for people."""
        yield from worded(self.revision, self.workloads, self.namespace, wide=wide)
        yield from data_planes.worded(self.data_planes)
        yield from unenforced(self.governance, self.namespace)
        yield from alarming(self.alarms)

    def names(self) -> Iterator[str]:
        """Yield the instances, and the apps of processes that are not registered, by name."""
        found = (
            f"instance.fairlead.io/{one.name}" if one.name else f"app/{one.app}"
            for one in self.workloads
        )
        yield from dict.fromkeys(found)


def standing(control: ControlPlane, namespace: str | None) -> Standing:
    """Ask how all workloads of a namespace stand, of all of them for None. Raises Failed."""
    answer = control.call("GET", PATH, query={"namespace": namespace} if namespace else {})
    instances = control.call("GET", control.path(INSTANCE, namespace))["items"]
    return Standing(
        namespace=namespace,
        revision=answer["revision"],
        governance=answer.get("governance", {"default": ON, "namespaces": {}}),
        alarms=answer.get("alarms", []),
        workloads=list(workloads(answer["nodes"], instances)),
        data_planes=_data_planes(control, namespace),
    )


def _data_planes(control: ControlPlane, namespace: str | None) -> Sequence[Mapping[str, Any]]:
    """Return those of a namespace, of all for None; none where xDS is not spoken."""
    try:
        answer = control.call(
            "GET", data_planes.PATH, query={"namespace": namespace} if namespace else {}
        )
    except Refused as error:
        if error.code == data_planes.NOT_SERVED:
            return ()
        raise
    found: Sequence[Mapping[str, Any]] = answer["clients"]
    return found


def workloads(
    nodes: Iterable[Mapping[str, Any]], instances: Iterable[Mapping[str, Any]]
) -> Iterator[Workload]:
    """Yield the workloads of `nodes`, as the control plane lists them, and of `instances`."""
    left = {node["node"]: node for node in nodes}
    for instance in instances:
        spec = instance["spec"]
        own = [left.pop(process["node"], None) for process in spec["processes"]]
        lane = instance.get("status", {}).get("lane", BASE)
        metadata = instance["metadata"]
        where = {"namespace": metadata["namespace"], "app": spec["app"], "name": metadata["name"]}
        yield _workload(own, **where, address=spec["address"], lane=lane)
    for node in left.values():
        # Who has left and hung up enforces nothing any more.
        if node["connected"]:
            where = {"namespace": node["namespace"], "app": node["app"], "name": ""}
            yield _workload([node], **where, address="", lane=node["lane"])


def _workload(nodes: Sequence[Mapping[str, Any] | None], **known: str) -> Workload:
    there = [node for node in nodes if node is not None]
    states = {"away" if node is None else _state(node) for node in nodes}
    reasons = (reason for node in there for reason in (node["error"], *node["refused"]) if reason)
    return Workload(
        **known,
        state=next(state for state in STATES if state in states),
        revision=min((node["synced"] for node in there), default=0),
        since=max((node["since"] for node in there if node["connected"]), default=""),
        processes=len(nodes),
        reasons=tuple(dict.fromkeys(reasons)),
        hosts=_once(there, "host"),
        versions=_once(there, "version"),
    )


def _once(nodes: Sequence[Mapping[str, Any]], field: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(node[field]) for node in nodes if node.get(field)))


def _state(node: Mapping[str, Any]) -> str:
    if node["connected"] and (node["error"] or node["refused"]):
        return "refused"
    return "lagging" if node["state"] == "waiting" else str(node["state"])


def worded(
    revision: int, found: Sequence[Workload], namespace: str | None, *, wide: bool = False
) -> Iterator[str]:
    """Yield the lines of the answer."""
    if not found:
        where = "any namespace" if namespace is None else f"namespace {namespace}"
        yield f"no workload in {where}: no agent has registered or is connected"
        return
    rows = [(*_HEADS, *(_WIDE if wide else ())), *(_cells(one, wide=wide) for one in found)]
    if namespace is None:
        names = ["NAMESPACE", *(one.namespace for one in found)]
        rows = [(name, *row) for name, row in zip(names, rows, strict=True)]
    head, *lines = tabled(rows)
    yield head
    for one, line in zip(found, lines, strict=True):
        yield line
        yield from (f"    {terminal.one_line(reason)}" for reason in one.reasons)
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


_HEADS: tuple[str, ...] = ("APP", "ADDRESS", "LANE", "STATE", "REVISION", "CONNECTED", "PIDS")


_WIDE = ("NAME", "HOST", "AGENT")


def _cells(one: Workload, *, wide: bool) -> tuple[str, ...]:
    more = (one.name or "-", ",".join(one.hosts) or "-", ",".join(one.versions) or "-")
    return (
        one.app,
        one.address or "(not registered)",
        one.lane or "base",
        one.state,
        str(one.revision or "-"),
        _moment(one.since),
        str(one.processes),
        *(more if wide else ()),
    )


def _moment(since: str) -> str:
    """Return a time as objects have it: UTC, whole seconds."""
    try:
        return datetime.fromisoformat(since).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except ValueError:
        return since or "-"


COMMANDS: command.Commands = {"status": status}
