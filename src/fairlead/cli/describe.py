"""``fairlead describe``: an object as people read it, with conditions, events and last change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from fairlead.cli import command, describe_app, inventory, terminal
from fairlead.cli.command import DEFAULT_SERVER, AllNamespaces, Files, Namespace, Selector, Server
from fairlead.cli.control_plane import ControlPlane, Refused
from fairlead.cli.failure import USAGE, Failed
from fairlead.cli.objects import WRITTEN, Named, Plain, SomeWords, fetched
from fairlead.cli.printing import nothing
from fairlead.cli.revisions import by, revisions_of
from fairlead.cli.sources import chosen
from fairlead.cli.table import tabled
from fairlead.control.event_kind import EVENT
from fairlead.control.instance_kind import INSTANCE
from fairlead.kinds.document.writer import write_yaml
from fairlead.kinds.kind import age
from fairlead.policy.workload import DEFAULT_NAMESPACE

MOST_EVENTS = 20
_OWN = ("apiVersion", "kind", "metadata", "spec", "status")


def main(arguments: Sequence[str]) -> int:
    """Run ``fairlead describe``."""
    return command.run("describe", arguments, COMMANDS)


@command.examples(
    "fairlead describe tlane gray",
    "fairlead describe app cart",
    "fairlead describe contract cart",
)
def describe(
    *,
    words: SomeWords = None,
    filename: Files = None,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    selector: Selector = None,
    server: Server = DEFAULT_SERVER,
) -> None:
    """Show objects with their conditions, events and last change; an app, or what it promises."""
    control, names = ControlPlane(server), list(words or ())
    if names and inventory.knows(names[0]):
        for line in describe_app.described(control, names, namespace or DEFAULT_NAMESPACE):
            print(line)
        return
    asked = chosen(names, filename or (), namespace)
    if any(one.names for one in asked) and (all_namespaces or selector):
        raise Failed("NAME goes without -A and -l: it is one object", USAGE)
    where = None if all_namespaces else namespace or DEFAULT_NAMESPACE
    query = {"labelSelector": selector} if selector else {}
    found: list[tuple[Named, Plain]] = []
    for kind, objects in asked:
        if objects:
            found += [(one, fetched(control, one)) for one in objects]
        else:
            items = control.call("GET", control.path(kind, where), query=query)["items"]
            found += [(_named(kind, item), item) for item in items]
    if not found:
        nothing(where)
    for place, (one, plain) in enumerate(found):
        print("\n\n" * bool(place) + terminal.safe("\n".join(described(one, plain))), flush=True)
        print("\n".join(_around(control, one, plain)))


def _named(kind: Any, item: Plain) -> Named:
    return Named(kind, item["metadata"].get("namespace", ""), item["metadata"]["name"])


def described(one: Named, plain: Plain) -> Iterator[str]:
    """Yield the lines about the object itself."""
    metadata = plain["metadata"]
    yield f"Name:         {one.name}"
    if one.namespace:
        yield f"Namespace:    {one.namespace}"
    yield from _pairs("Labels:", metadata.get("labels"))
    yield from _pairs("Annotations:", metadata.get("annotations"))
    yield f"API Version:  {plain['apiVersion']}"
    yield f"Kind:         {plain['kind']}"
    if metadata.get("creationTimestamp"):
        ago = age(plain, datetime.now(UTC))
        made = f"{metadata['creationTimestamp']} ({ago} ago)"
        yield f"Created:      {made}, generation {metadata.get('generation', 1)}"
    if one.kind is INSTANCE:
        yield from map(terminal.one_line, describe_app.registered(plain))
        return
    for name in ("spec", *(name for name in plain if name not in _OWN), "status"):
        value = plain.get(name)
        if isinstance(value, dict):
            value = {key: inner for key, inner in value.items() if key != "conditions"}
        if isinstance(value, str | int) and value != "":
            yield f"{name[0].upper() + name[1:] + ':':<14}{terminal.one_line(str(value))}"
        elif value not in (None, {}, [], ""):
            yield f"{name[0].upper()}{name[1:]}:"
            yield from (f"  {line}" for line in write_yaml(value).splitlines())


def _pairs(title: str, pairs: Plain | None) -> Iterator[str]:
    lines = [f"{name}={value}" for name, value in sorted((pairs or {}).items())] or ["<none>"]
    for place, line in enumerate(lines):
        yield f"{'' if place else title:<14}{terminal.one_line(line)}"


def _around(control: ControlPlane, one: Named, plain: Plain) -> Iterator[str]:
    """Yield what others say of the object: its conditions, its events, its last change."""
    conditions = plain.get("status", {}).get("conditions", [])
    if conditions:
        yield terminal.head("Conditions:")
        heads = ("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE")
        yield from _table([heads, *map(_condition, conditions)])
    if one.kind is EVENT:
        return
    if one.kind is INSTANCE:
        yield from describe_app.instance(control, plain)
    events = _events(control, plain)
    if events:
        yield terminal.head("Events:")
        heads = ("LAST SEEN", "TYPE", "REASON", "COUNT", "MESSAGE")
        yield from _table([heads, *map(_event, events[-MOST_EVENTS:])])
    else:
        yield "Events:       <none>"
    yield from _last_change(control, one)


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield from (f"  {line}" for line in tabled(rows))


def _condition(one: Plain) -> tuple[str, ...]:
    names = ("type", "status", "reason", "lastTransitionTime")
    return (*(str(one.get(name, "")) for name in names[:3]), _ago(one.get(names[3])), _text(one))


def _event(one: Plain) -> tuple[str, ...]:
    seen, count = _ago(one.get("lastTimestamp")), str(one.get("count", 1))
    return seen, str(one["type"]), str(one["reason"]), count, _text(one)


def _text(one: Plain) -> str:
    return terminal.safe(str(one.get("message", "")).replace("\n", " "))


def _ago(moment: Any) -> str:
    return age({"metadata": {"creationTimestamp": str(moment or "")}}, datetime.now(UTC))


def _events(control: ControlPlane, plain: Plain) -> list[Plain]:
    metadata = plain["metadata"]
    select = f"involvedObject.uid={metadata.get('uid', '')}"
    where = metadata.get("namespace") or None
    try:
        found = control.call("GET", control.path(EVENT, where), query={"fieldSelector": select})
    except Refused:
        return []
    return sorted(found["items"], key=lambda one: str(one.get("lastTimestamp", "")))


def _last_change(control: ControlPlane, one: Named) -> Iterator[str]:
    if one.kind not in WRITTEN:
        return
    try:
        items = revisions_of(control, one)
    except Failed:
        return
    count = f"{len(items)} revision{'s' if len(items) > 1 else ''} kept"
    yield f"Last Change:  {by(items[0])}; {count}: fairlead history"


COMMANDS: command.Commands = {"describe": describe}
