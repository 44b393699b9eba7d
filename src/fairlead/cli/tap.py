"""``fairlead tap``: what agents see, as they see it.

A line is a request, an Event about an object, or a change of one. Of requests some are shown, and
of each its route, never its path: agents tell nobody what headers, queries and bodies say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

import typer

from fairlead.cli import command, looking, terminal
from fairlead.cli.apps import Plain, listed, unknown
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Namespace, Server
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.live import AWAY, Event, duration, follow
from fairlead.cli.printing import Form, Output, as_json, document
from fairlead.policy.workload import DEFAULT_NAMESPACE

REQUEST, NEWS, CHANGE = "request", "event", "change"


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead tap``."""
    return command.run("tap", arguments, COMMANDS)


@command.examples(
    "fairlead tap cart --lane gray",
    "fairlead tap -o json --limit 100",
)
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
    output: Output = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show what agents see, as they see it: requests, rejections, Events and changes."""
    query = {"namespace": "*" if all_namespaces else namespace or DEFAULT_NAMESPACE, "tap": "1"}
    if app:
        query["app"] = app
    control = ControlPlane(server)
    found = selected(follow(control, query), lane, interface)
    shown = 0
    if app:
        _look_for(control, app, query["namespace"])
    if terminal.is_terminal():
        hint = f"listening: what happens from now on is shown; {looking.HOW_TO_END}"
        print(terminal.painted(hint, terminal.DIM, sys.stderr), file=sys.stderr)
    with suppress(KeyboardInterrupt):
        for event in found:
            if event.name == AWAY:
                looking.complain(str(event.data["message"]))
                continue
            print(written(event, output), flush=True)
            shown += 1
            if shown == limit:
                return


def _look_for(control: ControlPlane, app: str, namespace: str) -> None:
    """Say that an app is not there, which may come: silence would look like no traffic."""
    known = [str(one["app"]) for one in listed(control, namespace)]
    if app not in known:
        print(f"{unknown(app, namespace, known)}; it is waited for", file=sys.stderr)


def written(event: Event, form: Form | None) -> str:
    """Return an event as it is printed: JSON in one line, YAML as one document."""
    if form in (Form.JSON, Form.YAML):
        plain = {"type": event.name, **event.data}
        return as_json(plain) if form is Form.JSON else f"---\n{document(plain, form)}"
    if form is Form.NAME:
        return terminal.one_line(_name(event))
    return text(event, wide=form is Form.WIDE)


def _name(event: Event) -> str:
    one = event.data
    if event.name == REQUEST:
        return f"app/{one.get('app', '')}"
    about = one.get("involvedObject") or one
    if not about.get("kind"):
        return f"app/{one.get('app', '')}"
    return f"{str(about['kind']).lower()}/{about.get('name', '')}"


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


def text(event: Event, *, wide: bool = False) -> str:
    """Return a line about an event."""
    lines = {REQUEST: _request, NEWS: _news, CHANGE: _change}
    write = lines.get(event.name)
    if write is None:
        return f"-- {terminal.one_line(str(event.data['message']))}"
    words = [
        (terminal.one_line(word), style) for word, style in write(event.data, wide=wide) if word
    ]
    return "  ".join(terminal.painted(word, style) if style else word for word, style in words)


Words = Iterator[tuple[str, str]]
"""Words, each with its colour, ``""`` for none."""


def _request(one: Plain, *, wide: bool) -> Words:
    yield _moment(one.get("at"), wide=wide), terminal.DIM
    yield f"{one.get('app', '')} {one.get('lane') or 'base'}", ""
    yield str(one.get("interface") or one.get("method") or ""), ""
    outcome = "" if one.get("status") is None else str(one["status"])
    style = _STYLES.get(outcome[:1], "")
    if one.get("rule"):
        outcome += f" {'would be ' if one.get('simulated') else ''}rejected by {one['rule']}"
        style = terminal.YELLOW
    yield outcome, style
    yield duration(one.get("seconds")), ""
    yield f"from {one['caller']}" if one.get("caller") else "", ""
    yield f"at {one['instance']}" if wide and one.get("instance") else "", ""
    yield f"because of {one['reason']}" if wide and one.get("reason") else "", ""
    yield f"trace {one['trace']}" if one.get("trace") else "", terminal.DIM


_STYLES = {"2": terminal.GREEN, "4": terminal.YELLOW, "5": terminal.RED}


def _moment(at: Any, *, wide: bool) -> str:
    """Return when it was: on a terminal the time of the day is enough, in UTC."""
    moment = str(at or "")
    if wide or not terminal.is_terminal():
        return moment
    return moment.partition("T")[2].partition("+")[0].removesuffix("Z") or moment


def _news(one: Plain, *, wide: bool) -> Words:
    about = one.get("involvedObject") or {}
    times = f" ({one['count']} times)" if int(one.get("count") or 1) > 1 else ""
    warning = one.get("type") == "Warning"
    yield _moment(one.get("lastTimestamp") or one.get("at"), wide=wide), terminal.DIM
    yield str(one.get("type", "")), terminal.RED if warning else terminal.GREEN
    yield str(one.get("reason", "")), terminal.BOLD
    yield "/".join(str(about[name]) for name in ("kind", "name") if about.get(name)), ""
    yield " ".join(str(one[name]) for name in ("app", "interface") if one.get(name)), ""
    yield f"{one.get('message', '')}{times}", ""


def _change(one: Plain, *, wide: bool) -> Words:
    yield _moment(one.get("at"), wide=wide), terminal.DIM
    yield str(one.get("type", "")).upper(), terminal.CYAN
    yield f"{one.get('kind', '')}/{one.get('name', '')}", ""
    yield f"by {one['who']}" if one.get("who") else "", ""


COMMANDS: command.Commands = {"tap": tap}
