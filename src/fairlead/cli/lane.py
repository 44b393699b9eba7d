"""``fairlead lane``: which lanes there are, who is on them, and where they leak."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, TypeAlias

import typer

from fairlead.cli import command, looking, terminal
from fairlead.cli.apply import delivered
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Server, Watch
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import ENVIRONMENT, REFUSED, USAGE, Failed
from fairlead.cli.live import duration, rate
from fairlead.cli.objects import Named, authored
from fairlead.cli.printing import Form, Output, document, put
from fairlead.cli.table import tabled
from fairlead.kinds import InvalidResource, Resource, TrafficLane
from fairlead.kinds.document.writer import write_yaml
from fairlead.kinds.suggestion import meant
from fairlead.kinds.traffic_lane import KIND, lane_of
from fairlead.policy.workload import DEFAULT_NAMESPACE

ROOT = "/fairlead/v1/"

Plain = Mapping[str, Any]
Name: TypeAlias = Annotated[str, typer.Argument(metavar="LANE", help="The lane.")]
Pairs: TypeAlias = list[str] | None


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead lane``."""
    return command.run("lane", arguments, COMMANDS)


def list_(
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    watch: Watch = False,
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show lanes: their rules, who is on them, their share of requests, where they leak."""
    where = "*" if all_namespaces else namespace or DEFAULT_NAMESPACE
    control = ControlPlane(server)

    def ask() -> list[Plain]:
        return _lanes(control, where)

    def lines(items: list[Plain]) -> Iterator[str]:
        if output is Form.NAME:
            return (f"lane/{one['lane']}" for one in items)
        return listed(items, namespaces=all_namespaces, wide=output is Form.WIDE)

    if watch:
        looking.on(ask, lines, output, lambda items: {"items": items})
    else:
        found, whole = ask(), output in (Form.JSON, Form.YAML)
        put([document({"items": found}, output)] if whole else lines(found))


def _lanes(control: ControlPlane, namespace: str) -> list[Plain]:
    items: list[Plain] = control.call("GET", f"{ROOT}lanes", query={"namespace": namespace})[
        "items"
    ]
    return items


def listed(
    items: Sequence[Plain], *, namespaces: bool = False, wide: bool = False
) -> Iterator[str]:
    """Yield a table of lanes, `wide` with how many instances each app has on them."""
    if not items:
        yield "no lane: no rule and no instance is of one; `fairlead lane create` makes one"
        return
    rows = [("NAMESPACE", *_HEADS, *(["UNINSTRUMENTED"] * wide))]
    rows += [(str(one["namespace"]), *_row(one, wide=wide)) for one in items]
    yield from tabled([row if namespaces else row[1:] for row in rows])


_HEADS = ("LANE", "SHARE", "APPS", "INSTANCES", "RULES", "LOST/S", "FALLS BACK AT")


def _row(one: Plain, *, wide: bool) -> tuple[str, ...]:
    rules = ",".join(f"{rule['kind']}/{rule['name']}" for rule in one["rules"])
    members, coverage = one["members"], one["coverage"]
    lost = sum(edge["perSecond"] for edge in coverage["lost"])
    back = ",".join(item["app"] for item in coverage["fallback"])
    apps = ",".join(f"{m['app']}={m['instances']}" if wide else m["app"] for m in members)
    instances = sum(member["instances"] for member in members)
    cells = (one["lane"], f"{100 * one['share']:.1f}%", apps or "-", str(instances), rules or "-")
    more = [str(coverage["apps"] - coverage["instrumented"])] * wide
    return (*cells, rate(lost), back or "-", *more)


@command.examples(
    "fairlead lane coverage gray || exit 1",
    "fairlead lane coverage gray -w",
)
def coverage(
    lane: Name,
    *,
    namespace: Namespace = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail too where an app without an agent is called.")
    ] = False,
    watch: Watch = False,
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say where the label of a lane goes. Exit status 1 where it is lost, 3 where none was seen."""
    control, where = ControlPlane(server), namespace or DEFAULT_NAMESPACE

    def ask() -> dict[str, Any]:
        return _covered(control, where, lane)

    def lines(found: Plain) -> Iterator[str]:
        if output is Form.NAME:
            return (f"app/{app}" for app in dict.fromkeys(edge["from"] for edge in found["lost"]))
        return worded(found, wide=output is Form.WIDE)

    if watch:
        found = looking.on(ask, lines, output)
    else:
        found = ask()
        whole = output in (Form.JSON, Form.YAML)
        put([document(found, output)] if whole else lines(found))
    if found["lost"] or (strict and found["unseen"]):
        raise typer.Exit(REFUSED)
    if not found["edges"]:
        raise typer.Exit(ENVIRONMENT)


def _covered(control: ControlPlane, namespace: str, lane: str) -> dict[str, Any]:
    items = _lanes(control, namespace)
    one = next((item for item in items if item["lane"] == lane), None)
    if one is None:
        hint = meant(lane, [item["lane"] for item in items])
        raise Failed(f"there is no lane {lane!r} in namespace {namespace}{hint}", REFUSED)
    picture = control.call("GET", f"{ROOT}topology", query={"namespace": namespace})
    return covered(one, picture)


def covered(one: Plain, picture: Plain) -> dict[str, Any]:
    """Return where the calls of a lane go, from a line of ``lanes`` and a ``topology``."""
    edges = [edge for edge in picture["edges"] if edge["label"] == one["lane"]]
    known = {(node["namespace"], node["app"]) for node in picture["nodes"] if node["known"]}
    unseen = {e["to"] for e in edges if (e["toNamespace"], e["to"]) not in known}
    return {
        "lane": one["lane"],
        "namespace": one["namespace"],
        "edges": edges,
        "lost": [edge for edge in one["coverage"]["lost"] if edge["perSecond"]],
        "fallback": [item["app"] for item in one["coverage"]["fallback"]],
        "unseen": sorted(unseen),
        "members": one["members"],
    }


def worded(found: Plain, *, wide: bool = False) -> Iterator[str]:
    """Yield the lines about a lane's coverage."""
    lane, edges = found["lane"], found["edges"]
    if not edges:
        yield f"no call on lane {lane} was seen in the last minute: send some, and ask again"
        return
    rows = [("CALL", "SERVED BY", "QPS", *(_EDGE if wide else ()))]
    for e in edges:
        more = (rate(e["errors"]), rate(e["fallbacks"]), rate(e["lost"]), duration(e["p99"]))
        call = (f"{e['from']} → {e['to']}", e["lane"] or "base", rate(e["qps"]))
        rows.append((*call, *(more if wide else ())))
    yield from tabled(rows)
    for edge in found["lost"]:
        lost = (
            f"LOST: {edge['from']} calls {edge['to']} without the label, "
            f"{rate(edge['perSecond'])}/s: see `fairlead doctor app/{edge['from']}`"
        )
        yield terminal.painted(terminal.one_line(lost), terminal.RED)
    for app in found["unseen"]:
        unseen = f"not seen: no agent speaks for {app}; what it calls may lose the label"
        yield terminal.painted(terminal.one_line(unseen), terminal.YELLOW)
    on_lane = {member["app"] for member in found["members"]}
    for app in found["fallback"]:
        why = "its instances of the lane did not take calls" if app in on_lane else "has none on it"
        yield terminal.one_line(f"falls back to base: {app}: {why}")
    if not found["lost"]:
        yield terminal.painted(f"the label of lane {lane} is lost nowhere", terminal.GREEN)


_EDGE = ("ERR/S", "FALLBACKS/S", "LOST/S", "P99")


def _option(*words: str, says: str) -> Any:
    return typer.Option(*words, help=says, show_default=False)


Headers: TypeAlias = Annotated[Pairs, _option("--header", "-H", says="'name: value'; may repeat.")]
Queries: TypeAlias = Annotated[Pairs, _option("--query", says="'name=value'; may repeat.")]
Prefix: TypeAlias = Annotated[str | None, _option("--path", says="Path begins with this.")]
Share: TypeAlias = Annotated[str | None, _option("--percentage", says="Share of them.")]
Workload: TypeAlias = Annotated[
    Pairs, _option("--workload", says="Label of its instances: tag=gray.")
]


@command.examples(
    "fairlead lane create gray --app gateway -H 'x-user: 7'",
    "fairlead lane create gray --app gateway --percentage 5 --workload tag=gray",
)
def create(  # noqa: PLR0913 - one parameter for each option
    lane: Name,
    *,
    app: Annotated[str, typer.Option("--app", help="App that requests enter at.")],
    namespace: Namespace = None,
    header: Headers = None,
    query: Queries = None,
    path: Prefix = None,
    percentage: Share = None,
    workload: Workload = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the object, and make nothing.")
    ] = False,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Make a TrafficLane: requests that match all of what is said enter the lane at the app."""
    try:
        made = TrafficLane(
            name=lane,
            namespace=namespace or DEFAULT_NAMESPACE,
            labels={"app": app},
            lane=lane,
            http=_http(header or (), query or (), path) or None,
            percentage=percentage,
            workload=dict(_pairs(workload, "=", "--workload")) if workload else None,
        )
    except InvalidResource as error:
        raise Failed(map(str, error.violations), REFUSED) from error
    if dry_run:
        print(write_yaml(authored(made.plain)).rstrip("\n"))
        return
    print(_made(ControlPlane(server), made))


def _http(headers: Iterable[str], queries: Iterable[str], path: str | None) -> dict[str, Any]:
    """Return what requests have to be like, as a TrafficLane says it."""
    parts: dict[str, Any] = {
        "headers": {n: {"exact": v} for n, v in _pairs(headers, ":", "--header")},
        "queryParams": {n: {"exact": v} for n, v in _pairs(queries, "=", "--query")},
        "uri": {"prefix": path} if path else {},
    }
    return {name: part for name, part in parts.items() if part}


def _made(control: ControlPlane, made: Resource[Any]) -> str:
    before, after = delivered(control, made, dry_run=False)
    what = "unchanged" if after is None else "created" if before.live is None else "configured"
    return f"{Named(made.kind, made.namespace, made.name).label} {what}"


def _pairs(texts: Iterable[str], mark: str, option: str) -> Iterator[tuple[str, str]]:
    for text in texts:
        name, found, value = text.partition(mark)
        if not found or not name.strip():
            shape = "'name: value'" if mark == ":" else "'name=value'"
            raise Failed(f"{option} {text!r}: write {shape}", USAGE)
        yield name.strip(), value.strip()


def delete(lane: Name, *, namespace: Namespace = None, server: Server = DEFAULT_SERVER) -> None:
    """Remove the TrafficLanes of a lane."""
    control, where = ControlPlane(server), namespace or DEFAULT_NAMESPACE
    items = control.call("GET", control.path(KIND, where))["items"]
    own = [item for item in items if lane_of(item) == lane]
    if not own:
        hint = meant(lane, filter(None, map(lane_of, items)))
        raise Failed(f"no TrafficLane in namespace {where} is of lane {lane!r}{hint}", REFUSED)
    for item in own:
        one = Named(KIND, where, item["metadata"]["name"])
        control.call("DELETE", one.path(control))
        print(f"{one.shown} deleted")


COMMANDS: command.Commands = {
    "list": list_,
    "coverage": coverage,
    "create": create,
    "delete": delete,
}
