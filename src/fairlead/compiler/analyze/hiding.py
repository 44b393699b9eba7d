"""Sidecars that hide what apps are seen to call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from fairlead.compiler.compile import World
from fairlead.compiler.istio.hosts import DOMAIN
from fairlead.compiler.istio.registry import knows
from fairlead.compiler.part import Part

App = tuple[str, str]
NAMED = 5
"""Hosts that a message names."""


def hidden(world: World, part: Part, calls: Iterable[tuple[App, App]]) -> Iterator[str]:
    """Yield, of each app that `part` is for, what it is seen to call and does not know."""
    lacking: defaultdict[str, set[str]] = defaultdict(set)
    for (namespace, app), (where, callee) in calls:
        if part.egress is None or not _is_for(world, part, (namespace, app)):
            continue
        one = world.registry.seen_from(namespace).get(callee)
        host = callee if one else f"{callee}.{where}.{DOMAIN}"
        if not knows(part.egress, namespace, host, one.service.namespace if one else where):
            lacking[app].add(host)
    for app, hosts in sorted(lacking.items()):
        named = sorted(hosts)
        more = f" and {len(named) - NAMED} more" if len(named) > NAMED else ""
        yield f"{app} calls {', '.join(named[:NAMED])}{more}, which it does not name"


def _is_for(world: World, part: Part, app: App) -> bool:
    carried = [one.membership.labels for one in world.instances(*app)] or [()]
    labels = ((*one, ("app", app[1])) for one in carried)
    return any(world.registry.egress(app[0], one) == part.egress for one in labels)
