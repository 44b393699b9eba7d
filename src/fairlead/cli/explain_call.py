"""``fairlead explain call``: which route a call of an app takes, whom it reaches, and as what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.asking import headers_given, labels_given
from fairlead.cli.command import DEFAULT_SERVER, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.explain_flow import PATH
from fairlead.cli.printing import WholeOutput, document
from fairlead.policy.governance import ON
from fairlead.policy.workload import DEFAULT_NAMESPACE

_TARGET = typer.Argument(metavar="URL", help="What is called, as http://orders/cart?a=b.")


@command.examples(
    "fairlead explain call http://orders/cart --app web -H 'x-user: 7'",
)
def call(  # noqa: PLR0913 - one parameter for each option
    target: Annotated[str, _TARGET],
    *,
    app: Annotated[str, typer.Option("--app", help="App that calls.")],
    namespace: Namespace = None,
    method: Annotated[str, typer.Option("--method", "-X", help="Method.")] = "GET",
    header: Annotated[
        list[str] | None,
        typer.Option("--header", "-H", help="'name: value'; may repeat.", show_default=False),
    ] = None,
    lane: Annotated[str, typer.Option("--lane", help="Lane of the call.")] = "",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", "-l", help="'key=value' of the caller; may repeat."),
    ] = None,
    output: WholeOutput = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Say which route a call of an app takes, whom it reaches, and as what."""
    query = {
        "app": app,
        "namespace": namespace or DEFAULT_NAMESPACE,
        "labels": dict(labels_given(label or ())),
        "lane": lane,
        "call": target,
        "method": method,
        "headers": list(headers_given(header or ())),
    }
    answer = ControlPlane(server).call("POST", PATH, query)
    print(document(answer, output) if output else terminal.safe("\n".join(worded(answer))))


def worded(answer: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of an answer of `compiler.explain_call`."""
    callee, lane = answer["callee"], answer["lane"] or "base"
    if callee is None:
        yield f"call:       {answer['host']} is no app that is known: it is called as it is"
        yield "            (apps are known by APP and APP.NAMESPACE, at port 80 or none)"
        return
    yield f"call:       of {callee}, by {answer['app']}, on lane {lane}"
    if answer["governance"] != ON:
        yield f"but:        governance of the namespace is {answer['governance']}: it is only sent"
    if answer["routes"]:
        yield "routes, the first that matches:"
        yield from _routes(answer["routes"])
        yield from _taken(answer["taken"])
    else:
        yield "routes:     none: it is sent as it is"
    for one in answer.get("clusters", ()):
        yield from _cluster(one)


def _routes(routes: list[dict[str, Any]]) -> Iterator[str]:
    for number, one in enumerate(routes, 1):
        if one["result"] == "not reached":
            yield f"  and {len(routes) - number + 1} more that it does not reach"
            return
        asked = f", if {one['asked']}" if one["asked"] else ""
        missed = f": not {one['missed']}" if "missed" in one else ""
        yield f"  {number} {one['result']}{missed}: {one['rule']}{asked}"


def _taken(taken: dict[str, Any]) -> Iterator[str]:
    yield f"so:         {taken['says']}"
    if taken.get("location"):
        yield f"location:   {taken['location']}"
    sent = taken.get("sent")
    if sent is None:
        return
    yield f"arrives as: {sent['method']} {sent['path']}, host {sent['host']}"
    yield from (f"            {name}: {value}" for name, value in sent["headers"])
    yield from (f"            without {name}" for name in sent["removed"])


def _cluster(one: dict[str, Any]) -> Iterator[str]:
    share = "a copy" if one.get("mirror") else f"{one['share']:.3g}%"
    where = ", ".join(one["instances"]) or "nobody: no instance"
    name = f" ({one['name']})" if one["name"] else ""
    yield f"  {share:<7} to {where}{name}"
    if one["behind"]:
        yield f"          if those refuse a connection: base {', '.join(one['behind'])}"
    yield from (f"          not {address}: {why}" for address, why in one["left_out"])
    if "fallback" in one:
        yield "          and so, in its place:"
        yield from (f"  {line}" for line in _cluster(one["fallback"]))
