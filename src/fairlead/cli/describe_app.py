"""``fairlead describe app`` and ``describe contract``: an app on one page, and what it promises."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fairlead.cli import inventory, terminal
from fairlead.cli.apps import Plain, listed, service
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.failure import Failed
from fairlead.cli.live import duration, rate
from fairlead.cli.objects import Named
from fairlead.cli.table import tabled
from fairlead.cli.top import Sort, interfaces_table, rejections
from fairlead.compiler.calls import addressed
from fairlead.kinds import KINDS
from fairlead.kinds.binding import bound_app

CALLING = ("VirtualService", "DestinationRule", "TrafficRouter", "VirtualWorkload")
"""Kinds about calls of hosts."""


def described(control: ControlPlane, words: Sequence[str], namespace: str) -> Iterator[str]:
    """Yield the lines about the apps, or their contracts, that `words` name. Raises Failed."""
    what, apps = inventory.subject(words)
    if not apps:
        apps = tuple(str(one["app"]) for one in listed(control, namespace))
    for place, app in enumerate(apps):
        if place:
            yield from ("", "")
        if what == inventory.CONTRACTS:
            found = inventory.contracts_of(control, app, namespace)
            yield f"Name:         {app}"
            yield f"Namespace:    {namespace}"
            yield from _promised(found)
        else:
            yield from _app(control, service(control, app, namespace))


def _app(control: ControlPlane, found: Plain) -> Iterator[str]:
    yield f"Name:         {terminal.one_line(found['app'])}"
    yield f"Namespace:    {found['namespace']}"
    yield f"Ready:        {found['ready']} of {len(found['instances'])} instances"
    lanes = ", ".join(terminal.one_line(lane) or "base" for lane in found["lanes"])
    yield f"Lanes:        {lanes or '<none>'}"
    for place, text in enumerate(found["problems"]):
        line = f"{'' if place else 'Problems:':<14}{terminal.one_line(text)}"
        yield terminal.painted(line, terminal.RED)
    yield from _section("Instances:", _instances(found["instances"]))
    yield from _section("Interfaces:", interfaces_table(found, Sort.QPS) if _some(found) else ())
    yield from (f"  {line}" for line in rejections(found))
    yield from _section("Calls:", _edges(found["callees"]))
    yield from _section("Called By:", _edges(found["callers"]))
    yield from _section("Rules:", _rules(control, found["app"], found["namespace"]))
    try:
        promised = inventory.contracts_of(control, found["app"], found["namespace"])
    except Failed:
        yield "Contracts:    <none>"
        return
    yield from _promised(promised, inventory.MOST_SHOWN)


def _some(found: Plain) -> bool:
    return bool(found["interfaces"])


def _section(title: str, lines: Iterator[str] | Sequence[str]) -> Iterator[str]:
    found = list(lines)
    if not found:
        yield f"{title:<14}<none>"
        return
    yield terminal.head(title)
    yield from (f"  {line}" for line in found)


_INSTANCES = ("NAME", "ADDRESS", "LANE", "STATE", "REVISION", "HOOKS", "RUNTIME", "PIDS")


def _instances(found: Sequence[Plain]) -> Iterator[str]:
    if found:
        yield from tabled([_INSTANCES, *map(_instance, found)])
    for one in found:
        yield from (f"! {one['name']}: {terminal.one_line(text)}" for text in one["refused"])


def _instance(one: Plain) -> tuple[str, ...]:
    return (
        one["name"],
        one["address"],
        one["lane"] or "base",
        ",".join(dict.fromkeys(one["states"])) or "away",
        str(one["revision"] or "-"),
        _hooked(one["hooks"]),
        one["python"],
        ",".join(map(str, one["pids"])),
    )


_PROCESSES = ("PID", "HOST", "LANE", "RUNTIME", "AGENT", "PROTOCOL", "HOOKS")


def registered(plain: Plain) -> Iterator[str]:
    """Yield what an instance, an object of kind Instance, told of itself."""
    spec, status = plain["spec"], plain.get("status", {})
    yield f"App:          {spec['app']}"
    yield f"Address:      {spec['address']}"
    lane = "<conflict>" if status.get("conflict") else status.get("lane") or "base"
    yield f"Lane:         {lane}"
    if spec.get("zone"):
        yield f"Zone:         {spec['zone']}"
    for sort, why in sorted((status.get("unfit") or {}).items()):
        yield f"Unfit:        for shadow {sort}: {why}"
    yield "Processes:"
    yield from (f"  {line}" for line in tabled([_PROCESSES, *map(_process, spec["processes"])]))
    for one in spec["processes"]:
        for hook in one["hooks"]:
            if hook["state"] != "hooked":
                what = f"{hook['library']} {hook['version']}".rstrip()
                yield f"  ! {one['pid']}: {what} is {hook['state']}: {hook['reason']}"


def _process(one: Plain) -> tuple[str, ...]:
    return (
        str(one["pid"]),
        one["host"],
        one.get("lane") or "-",
        one["python"],
        one["version"],
        one.get("protocol") or "-",
        _hooked(one["hooks"]),
    )


def _hooked(hooks: Sequence[Plain]) -> str:
    return f"{sum(hook['state'] == 'hooked' for hook in hooks)}/{len(hooks)}"


def instance(control: ControlPlane, plain: Plain) -> Iterator[str]:
    """Yield how an instance is doing, as far as the control plane knows. Nothing where it is gone.

    `plain` is the object of kind Instance.
    """
    metadata = plain["metadata"]
    try:
        found = service(control, plain["spec"]["app"], metadata["namespace"])
    except Failed:
        return
    one = next((item for item in found["instances"] if item["name"] == metadata["name"]), None)
    if one is None:
        return
    states = ",".join(dict.fromkeys(one["states"])) or "away"
    yield f"Enforces:     revision {one['revision'] or '-'}, {states}"
    yield f"Lease:        {one['lease']:g}s left"
    runtime = one["runtime"]
    if runtime:
        yield (
            f"Runtime:      {100 * runtime['cpu']:.1f} % CPU, {runtime['rss'] / 2**20:.0f} MiB, "
            f"{runtime['threads']} threads, {runtime['fds']} files, "
            f"event loop late by {duration(runtime['loop_lag'])}"
        )
    yield f"App:          fairlead describe app {found['app']}; fairlead top {found['app']}"


_EDGES = ("APP", "LABEL", "SERVED BY", "QPS", "ERR/S", "P99", "LOST/S")


def _edges(found: Sequence[Plain]) -> Iterator[str]:
    if not found:
        return
    rows = (
        (
            one["app"],
            one["label"] or "base",
            one["lane"] or "base",
            rate(one["qps"]),
            rate(one["errors"]),
            duration(one["p99"]),
            rate(one["lost"]),
        )
        for one in found
    )
    yield from tabled([_EDGES, *rows])


def _rules(control: ControlPlane, app: str, namespace: str) -> Iterator[str]:
    """Yield the objects that bind to the app or are about calls of it.

    Each with on how many workloads it is live.
    """
    rows = [("NAME", "LIVE")]
    for kind in KINDS:
        for item in control.call("GET", control.path(kind, namespace))["items"]:
            if bound_app(item) == app or _calls(kind.kind, item, app, namespace):
                live = str(item.get("status", {}).get("live") or "-")
                rows.append((Named(kind, namespace, item["metadata"]["name"]).label, live))
    if len(rows) > 1:
        yield from tabled(rows)


def _calls(kind: str, item: Plain, app: str, namespace: str) -> bool:
    """Tell whether an object is about calls of the app."""
    if kind not in CALLING:
        return False
    spec = item["spec"]
    hosts = spec.get("hosts") or filter(None, [spec.get("host")])
    own = item["metadata"]["namespace"]
    return any(addressed(str(host), app, namespace, own) for host in hosts)


def _promised(found: Plain, most: int = 0) -> Iterator[str]:
    yield from _section("Contracts:", inventory.versions(found))
    lines = list(inventory.differences(found, most))
    if lines:
        yield from _section("Changes:", lines)
