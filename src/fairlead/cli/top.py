"""``fairlead top``: services, or the interfaces of one, busiest first, each second.

On a terminal it goes on until Ctrl-C; in a pipe it is one table.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Form, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.live import AWAY, duration, follow, rate
from fairlead.cli.table import tabled
from fairlead.policy.workload import DEFAULT_NAMESPACE

ROOT = "/fairlead/v1/"

Plain = Mapping[str, Any]


class Sort(StrEnum):
    """What comes first."""

    QPS = "qps"
    ERRORS = "errors"
    REJECTED = "rejected"
    P99 = "p99"
    NAME = "name"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead top``."""
    return command.run("top", arguments, COMMANDS)


def top(  # noqa: PLR0913 - one parameter for each option
    app: Annotated[
        str | None,
        typer.Argument(metavar="[APP]", help="Its interfaces; all services if left out."),
    ] = None,
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    sort: Annotated[Sort, typer.Option("--sort", help="What comes first.")] = Sort.QPS,
    once: Annotated[bool, typer.Option("--once", help="One table, also on a terminal.")] = False,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form.")] = Form.TEXT,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show services, or the interfaces of one, busiest first, each second."""
    control = ControlPlane(server)
    query = {"namespace": "*" if all_namespaces else namespace or DEFAULT_NAMESPACE}
    if app:
        query["app"] = app
    if once or output is Form.JSON or not terminal.is_terminal():
        found = control.call("GET", ROOT + ("service" if app else "services"), query=query)
        if output is Form.JSON:
            print(json.dumps(found, indent=4, ensure_ascii=False))
        else:
            print("\n".join(shown(found, sort, namespaces=all_namespaces)))
        return
    with suppress(KeyboardInterrupt), _screen() as draw:
        _go_on(control, query, draw, lambda found: shown(found, sort, namespaces=all_namespaces))


def _go_on(
    control: ControlPlane,
    query: Mapping[str, str],
    draw: Callable[[Sequence[str]], None],
    lines: Callable[[Plain], Iterator[str]],
) -> None:
    last: list[str] = []
    wanted = "service" if "app" in query else "services"
    for name, data in follow(control, query):
        if name == wanted:
            last = list(lines(data))
            draw(last)
        elif name == AWAY:
            draw([terminal.painted(f"no news: {data['message']}", terminal.RED), *last])


def shown(found: Plain, sort: Sort, *, namespaces: bool = False) -> Iterator[str]:
    """Yield the lines of a picture of services, or of one service."""
    if "interfaces" in found:
        yield from _interfaces(found, sort)
        return
    items = sorted(found["items"], key=_order(sort, "app"))
    if not items:
        yield "no service: no agent has registered or reported"
        return
    heads = ("APP", "LANES", "READY", "QPS", "ERR/S", "REJ/S", "P50", "P99", "STATE")
    rows = [(heads, "NAMESPACE"), *((_service(one), str(one["namespace"])) for one in items)]
    yield from tabled([(place, *row) if namespaces else row for row, place in rows])
    for one in items:
        yield from (f"  {one['app']}: {terminal.safe(text)}" for text in one["problems"])


def _service(one: Plain) -> tuple[str, ...]:
    lanes = ",".join(lane or "base" for lane in one["lanes"])
    state = "live" if one["fit"] else "!"
    ready = f"{one['ready']}/{one['instances']}"
    return (one["app"], lanes or "-", ready, *_rates(one), *_times(one), state)


def _interfaces(found: Plain, sort: Sort) -> Iterator[str]:
    yield terminal.head(f"{found['app']} in namespace {found['namespace']}")
    items = sorted(found["interfaces"], key=_order(sort, "name"))
    heads = ("INTERFACE", "SIDE", "LANE", "QPS", "ERR/S", "REJ/S", "P50", "P99", "IN FLIGHT")
    yield from tabled([heads, *map(_interface, items)])
    for one in items:
        for rule in one["rules"]:
            told = f"{rate(rule['rejected'])}/s rejected, {rate(rule['simulated'])}/s simulated"
            yield terminal.safe(f"  {one['name']}: {rule['rule']}: {told}")


def _interface(one: Plain) -> tuple[str, ...]:
    where = (terminal.safe(one["name"]), one["side"], terminal.safe(one["lane"]) or "base")
    return (*where, *_rates(one), *_times(one["rt"]), str(one["inflight"]))


def _rates(one: Plain) -> tuple[str, ...]:
    return tuple(rate(one[name]) for name in ("qps", "errors", "rejected"))


def _times(one: Plain) -> tuple[str, ...]:
    return duration(one["p50"]), duration(one["p99"])


def _order(sort: Sort, name: str) -> Callable[[Plain], Any]:
    def order(one: Plain) -> Any:
        rank = one.get("rt", one).get("p99") if sort is Sort.P99 else one.get(sort.value)
        return (0 if sort is Sort.NAME else -(rank or 0), one[name])

    return order


@contextmanager
def _screen() -> Iterator[Callable[[Sequence[str]], None]]:
    """Give what draws lines on a screen of our own, and give the old screen back."""

    def draw(lines: Sequence[str]) -> None:
        width, height = terminal.size()
        fitting = [terminal.cut(line, width) for line in lines[: height - 1]]
        body = "\x1b[K\r\n".join(fitting)
        sys.stdout.write(f"\x1b[H{body}\x1b[K\x1b[J")
        sys.stdout.flush()

    sys.stdout.write("\x1b[?1049h\x1b[?25l")
    try:
        yield draw
    finally:
        sys.stdout.write("\x1b[?25h\x1b[?1049l")
        sys.stdout.flush()


COMMANDS: command.Commands = {"top": top}
