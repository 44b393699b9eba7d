"""Which names stand where on a command line, and how the control plane is asked for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fairlead.cli import inventory
from fairlead.cli.control_plane import ControlPlane
from fairlead.cli.objects import EVERYTHING, SHOWN, exactly
from fairlead.cli.revisions import revisions_of
from fairlead.control.namespace_kind import NAMESPACE
from fairlead.kinds import Kind, kind_named
from fairlead.kinds.traffic_lane import KIND as LANE
from fairlead.kinds.traffic_lane import lane_of
from fairlead.policy.workload import DEFAULT_NAMESPACE

MOST = 500
"""Names that are offered."""

Offer = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Context:
    """What has been said before the word that is typed."""

    words: list[str]
    typed: str
    namespace: str = ""
    everywhere: bool = False


Ask = Callable[[ControlPlane, Context], Iterable[Offer]]

OBJECTS, LANES, APPS, TOKENS, SHELLS = "objects", "lanes", "apps", "tokens", "shells"
KINDS, OWN_LANES = "kinds", "lanes that a TrafficLane makes"
FILES = frozenset(
    {"--filename", "--token-file", "--ca-file", "--data-dir", "--write", "--tls-cert", "--tls-key"}
)
"""Options whose value is a file."""

WORDS: Mapping[str, tuple[str, ...]] = {
    "--for": ("condition=Live", "condition=Enforced", "delete", "create", "jsonpath="),
    "--timeout": ("30s", "1m", "5m"),
    "--governance": ("on", "observe", "off"),
    "--role": ("view", "edit", "admin"),
}

ARGUMENTS: Mapping[str, str] = {
    **dict.fromkeys(("get", "describe", "edit", "delete", "history", "rollback", "wait"), OBJECTS),
    **dict.fromkeys(("apply", "diff", "analyze", "sql check", "sentinel import"), ":files"),
    "lane coverage": LANES,
    "lane delete": OWN_LANES,
    **dict.fromkeys(("top", "tap"), APPS),
    "explain kind": KINDS,
    "token revoke": TOKENS,
    "completion": SHELLS,
}
"""What the words of a verb are that are no options."""


def kinds(verb: str) -> Iterator[Offer]:
    """Yield what a verb calls kinds."""
    for kind in SHOWN:
        yield _plural(kind), kind.kind
        yield from ((short, kind.kind) for short in kind.short_names)
    if verb in ("get", "describe"):
        yield from ((word, "what agents tell of") for word in (inventory.APPS, inventory.CONTRACTS))
        yield EVERYTHING[0], "every kind"


def more_kinds(typed: str) -> Iterator[Offer]:
    """Yield what may follow in a list of kinds with commas."""
    before, _, _ = typed.rpartition(",")
    chosen = {kind_named(word, SHOWN) for word in before.split(",")}
    yield from ((f"{before},{_plural(kind)}", kind.kind) for kind in SHOWN if kind not in chosen)


def kinds_of_names() -> Iterator[Offer]:
    """Yield the beginnings of KIND/NAME."""
    yield from ((f"{_spelt(kind, kind.singular)}/", kind.kind) for kind in SHOWN)


def _plural(kind: Kind[Any]) -> str:
    return _spelt(kind, kind.plural)


def _spelt(kind: Kind[Any], name: str) -> str:
    return f"{name}.{kind.group}" if kind.shared else name


def spelt_options(text: str) -> list[str]:
    """Return the options that the help of an argparse parser spells."""
    return sorted(set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", text)))


def _objects(control: ControlPlane, context: Context) -> Iterator[Offer]:
    word, slash, _ = context.typed.partition("/")
    asked = word if slash else context.words[0]
    if inventory.knows(asked):
        yield from ((f"{word}/{app}" if slash else app, "") for app, _ in _apps(control, context))
        return
    kind = kind_named(asked.partition(",")[0], SHOWN)
    if kind is None:
        return
    where = None if context.everywhere else context.namespace or DEFAULT_NAMESPACE
    items = control.call("GET", control.path(kind, where), query={"limit": str(MOST)})["items"]
    for item in items:
        name = item["metadata"]["name"]
        if name not in context.words:
            yield f"{word}/{name}" if slash else name, ""


def _namespaces(control: ControlPlane, context: Context) -> Iterator[Offer]:
    del context
    for item in control.call("GET", control.path(NAMESPACE, None))["items"]:
        yield item["metadata"]["name"], ""


def _apps(control: ControlPlane, context: Context) -> Iterator[Offer]:
    query = {"namespace": context.namespace or DEFAULT_NAMESPACE}
    items = control.call("GET", "/fairlead/v1/services", query=query)["items"]
    yield from ((str(one["app"]), "") for one in items)


def _lanes(control: ControlPlane, context: Context) -> Iterator[Offer]:
    query = {"namespace": context.namespace or DEFAULT_NAMESPACE}
    items = control.call("GET", "/fairlead/v1/lanes", query=query)["items"]
    yield from ((str(one["lane"]), "") for one in items)


def _own_lanes(control: ControlPlane, context: Context) -> Iterator[Offer]:
    path = control.path(LANE, context.namespace or DEFAULT_NAMESPACE)
    items = control.call("GET", path)["items"]
    yield from ((lane, "") for lane in sorted({lane_of(item) for item in items}) if lane)


def _tokens(control: ControlPlane, context: Context) -> Iterator[Offer]:
    del context
    for token in control.call("GET", "/fairlead/v1/tokens")["tokens"]:
        yield token["name"], ""


def _shells(control: ControlPlane, context: Context) -> Iterator[Offer]:
    del control, context
    yield from (("bash", ""), ("zsh", ""), ("fish", ""))


def _revisions(control: ControlPlane, context: Context) -> Iterator[Offer]:
    one, *_ = exactly(context.words, context.namespace or None)
    for item in revisions_of(control, one):
        yield str(item["revision"]), f"{item['type']} {item['who']} {item['at'] or ''}"


LIVE: Mapping[str, Ask] = {
    OBJECTS: _objects,
    LANES: _lanes,
    OWN_LANES: _own_lanes,
    APPS: _apps,
    TOKENS: _tokens,
    SHELLS: _shells,
}
VALUES: Mapping[str, Ask] = {
    "--namespace": _namespaces,
    "--app": _apps,
    "--lane": _lanes,
    "--to": _revisions,
    "--revision": _revisions,
}
"""Options whose values the control plane knows."""
