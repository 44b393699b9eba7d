"""``fairlead top``: services, or the interfaces of one, busiest first, each second.

On a terminal it goes on until Ctrl-C; in a pipe it is one table.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any

import typer

from fairlead.cli import command, looking, terminal
from fairlead.cli.apps import Plain, listed, service
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.live import AWAY, duration, follow, rate
from fairlead.cli.printing import Form, Output, as_json, document, put
from fairlead.cli.table import tabled
from fairlead.policy.workload import DEFAULT_NAMESPACE

LONGEST = 60
"""Columns that a name takes; ``-o wide`` has all of it."""


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


@command.examples(
    "fairlead top --sort errors",
    "fairlead top cart",
    "fairlead top --once -o json",
)
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
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, also in a pipe.")] = False,
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show services, or the interfaces of one, busiest first, each second."""
    control = ControlPlane(server)
    query = {"namespace": "*" if all_namespaces else namespace or DEFAULT_NAMESPACE}
    if app:
        query["app"] = app
    wide = output is Form.WIDE
    plainly = output in (None, Form.WIDE)

    def lines(found: Plain) -> Iterator[str]:
        if output is Form.NAME:
            return names(found, sort)
        return shown(found, sort, namespaces=all_namespaces, wide=wide)

    # Of an app that is not there the stream would say nothing at all.
    found = service(control, app, query["namespace"]) if app else {}
    if not once and plainly and terminal.is_terminal():
        with suppress(KeyboardInterrupt), looking.screen() as draw:
            _go_on(control, query, draw, lines)
    elif watch and not once:
        with suppress(KeyboardInterrupt):
            _follow(control, query, lines, output)
    else:
        found = found or {"items": listed(control, query["namespace"])}
        put(lines(found) if plainly or output is Form.NAME else [document(found, output)])


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
            draw([looking.away(str(data["message"])), *last])


def _follow(
    control: ControlPlane,
    query: Mapping[str, str],
    lines: Callable[[Plain], Iterator[str]],
    form: Form | None,
) -> None:
    """Print each picture below the last; one that is away is told of on standard error."""
    wanted = "service" if "app" in query else "services"
    for name, data in follow(control, query):
        if name == AWAY:
            looking.complain(str(data["message"]))
        elif name == wanted and form is Form.JSON:
            print(as_json(data), flush=True)
        elif name == wanted and form is Form.YAML:
            print(f"---\n{document(dict(data), form)}", flush=True)
        elif name == wanted:
            put([*lines(data), *([] if form is Form.NAME else [""])])


def names(found: Plain, sort: Sort) -> Iterator[str]:
    """Yield what is shown, by name, as other verbs take it."""
    if "interfaces" in found:
        rows = sorted(found["interfaces"], key=_order(sort, "name"))
        yield from dict.fromkeys(terminal.one_line(str(one["name"])) for one in rows)
    else:
        yield from (f"app/{one['app']}" for one in sorted(found["items"], key=_order(sort, "app")))


def shown(
    found: Plain, sort: Sort, *, namespaces: bool = False, wide: bool = False
) -> Iterator[str]:
    """Yield the lines of a picture of services, or of one service."""
    if "interfaces" in found:
        yield terminal.head(terminal.one_line(f"{found['app']} in namespace {found['namespace']}"))
        yield from interfaces_table(found, sort, wide=wide)
        yield from rejections(found)
        return
    if not found["items"]:
        yield "no service: no agent has registered or reported"
        return
    yield from services_table(found["items"], sort, namespaces=namespaces, wide=wide)
    for one in sorted(found["items"], key=_order(sort, "app")):
        yield from (terminal.one_line(f"  {one['app']}: {text}") for text in one["problems"])


def services_table(
    items: Sequence[Plain], sort: Sort, *, namespaces: bool = False, wide: bool = False
) -> Iterator[str]:
    """Yield a table of services."""
    heads = ("APP", "LANES", "READY", "QPS", "ERR/S", "REJ/S", "P50", "P99", "STATE")
    rows = [("NAMESPACE", *heads, *(["SIM/S"] * wide))]
    for one in sorted(items, key=_order(sort, "app")):
        more = [rate(one["simulated"])] * wide
        rows.append((str(one["namespace"]), *_service(one), *more))
    yield from tabled([row if namespaces else row[1:] for row in rows], 0 if wide else LONGEST)


def _service(one: Plain) -> tuple[str, ...]:
    lanes = ",".join(lane or "base" for lane in one["lanes"])
    state = "!" if not one["fit"] else "live" if one["instances"] else "-"
    ready = f"{one['ready']}/{one['instances']}"
    return (one["app"], lanes or "-", ready, *_rates(one), *_times(one), state)


def interfaces_table(found: Plain, sort: Sort, *, wide: bool = False) -> Iterator[str]:
    """Yield a table of the interfaces of a service, or that there are none."""
    if not found["interfaces"]:
        yield "no call of it was seen"
        return
    heads = ("INTERFACE", "SIDE", "LANE", "QPS", "ERR/S", "REJ/S", "P50", "P99", "IN FLIGHT")
    rows = [(*heads, *(("P95", "MEAN", "SIM/S") if wide else ()))]
    for one in sorted(found["interfaces"], key=_order(sort, "name")):
        more = (duration(one["rt"]["p95"]), duration(one["rt"]["mean"]), rate(one["simulated"]))
        rows.append((*_interface(one), *(more if wide else ())))
    yield from tabled(rows, 0 if wide else LONGEST)


def rejections(found: Plain) -> Iterator[str]:
    """Yield what the rules of a service's interfaces do."""
    for one in found["interfaces"]:
        for rule in one["rules"]:
            told = f"{rate(rule['rejected'])}/s rejected, {rate(rule['simulated'])}/s simulated"
            yield terminal.one_line(f"  {one['name']}: {rule['rule']}: {told}")


def _interface(one: Plain) -> tuple[str, ...]:
    where = (str(one["name"]), str(one["side"]), str(one["lane"]) or "base")
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


COMMANDS: command.Commands = {"top": top}
