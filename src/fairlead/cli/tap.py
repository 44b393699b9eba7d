"""``fairlead tap``: what agents see, as they see it.

A line is a request, an Event about an object, or a change of one. Of requests some are shown, and
of each its route, never its path: agents tell nobody what headers, queries and bodies say.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from fairlead.cli import command, terminal
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Form, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.live import AWAY, Event, duration, follow
from fairlead.policy.workload import DEFAULT_NAMESPACE

REQUEST, NEWS, CHANGE = "request", "event", "change"
Plain = Mapping[str, Any]


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead tap``."""
    return command.run("tap", arguments, COMMANDS)


def tap(  # noqa: PLR0913 - one parameter for each option
    app: Annotated[
        str | None, typer.Argument(metavar="[APP]", help="One app; all of them if left out.")
    ] = None,
    *,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    lane: Annotated[
        str | None, typer.Option("--lane", help="Requests of a lane.", show_default=False)
    ] = None,
    interface: Annotated[
        str | None,
        typer.Option("--interface", help="What is about an interface.", show_default=False),
    ] = None,
    limit: Annotated[int, typer.Option("--limit", help="End after so many; 0 goes on.")] = 0,
    output: Annotated[Form, typer.Option("--output", "-o", help="Form.")] = Form.TEXT,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show what agents see, as they see it: requests, rejections, Events and changes."""
    query = {"namespace": "*" if all_namespaces else namespace or DEFAULT_NAMESPACE, "tap": "1"}
    if app:
        query["app"] = app
    found = selected(follow(ControlPlane(server), query), lane, interface)
    shown = 0
    with suppress(KeyboardInterrupt):
        for event in found:
            if event.name == AWAY:
                print(text(event), file=sys.stderr, flush=True)
                continue
            plain = {"type": event.name, **event.data}
            print(json.dumps(plain) if output is Form.JSON else text(event), flush=True)
            shown += 1
            if shown == limit:
                return


def selected(events: Iterator[Event], lane: str | None, interface: str | None) -> Iterator[Event]:
    """Yield what is about a lane and an interface, and when nobody tells anything."""
    for event in events:
        if event.name not in (REQUEST, NEWS, CHANGE, AWAY):
            continue
        wanted = (("lane", lane), ("interface", interface))
        if event.name == AWAY or all(
            value is None or str(event.data.get(name, "")) == ("" if value == "base" else value)
            for name, value in wanted
        ):
            yield event


def text(event: Event) -> str:
    """Return a line about an event."""
    lines = {REQUEST: _request, NEWS: _news, CHANGE: _change}
    write = lines.get(event.name)
    line = f"-- {event.data['message']}" if write is None else write(event.data)
    return terminal.safe(line.replace("\n", " "))


def _request(one: Plain) -> str:
    where = f"{one.get('app', '')} {one.get('lane') or 'base'}"
    outcome = "" if one.get("status") is None else str(one["status"])
    if one.get("rule"):
        outcome += f" {'would be ' if one.get('simulated') else ''}rejected by {one['rule']}"
    by = f"from {one['caller']}" if one.get("caller") else ""
    interface = one.get("interface") or one.get("method") or ""
    trace = f"trace {one['trace']}" if one.get("trace") else ""
    words = (str(one.get("at", "")), where, str(interface), outcome, duration(one.get("seconds")))
    return "  ".join(word for word in (*words, by, trace) if word)


def _news(one: Plain) -> str:
    about = one.get("involvedObject") or {}
    subject = "/".join(str(about[name]) for name in ("kind", "name") if about.get(name))
    times = f" ({one['count']} times)" if int(one.get("count") or 1) > 1 else ""
    where = " ".join(str(one[name]) for name in ("app", "interface") if one.get(name))
    at = str(one.get("lastTimestamp") or one.get("at") or "")
    words = (at, str(one.get("type", "")), str(one.get("reason", "")), subject, where)
    return "  ".join(word for word in (*words, f"{one.get('message', '')}{times}") if word)


def _change(one: Plain) -> str:
    by = f"by {one['who']}" if one.get("who") else ""
    what = f"{one.get('kind', '')}/{one.get('name', '')}"
    words = (str(one.get("at") or ""), str(one.get("type", "")).upper(), what, by)
    return "  ".join(word for word in words if word)


COMMANDS: command.Commands = {"tap": tap}
