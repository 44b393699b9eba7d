"""Everything that somebody may do in one namespace, as rules: ``kubectl auth can-i --list``.

Whoever decides is asked about everything there is, so that nothing is told that is not so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from fairlead.control.access.attributes import OWN_ROUTES, REQUESTS
from fairlead.control.access.roles import (
    DISCOVERY,
    EVENTS,
    INSTANCES,
    NAMESPACES,
    PUBLIC,
    REVIEWS,
    Attributes,
)
from fairlead.control.store import Object
from fairlead.kinds import KINDS

May: TypeAlias = Callable[[Attributes], bool]

READS = ("get", "list", "watch")
ONE = ("create", "update", "patch", "delete")
ALL = ("*",)

_NO_PLACE = {NAMESPACES: ("list", "watch", "create"), REQUESTS: ("list",)}
"""What is asked of all namespaces together, whichever one is asked about."""


def _own() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for verb, resource in OWN_ROUTES.values():
        found[resource] = (*found.get(resource, ()), verb)
    return {resource: tuple(dict.fromkeys(verbs)) for resource, verbs in found.items()}


VERBS: Mapping[str, tuple[str, ...]] = {
    **{kind.resource: (*READS, *ONE, "deletecollection") for kind in KINDS},
    INSTANCES: READS,
    EVENTS: READS,
    NAMESPACES: (*READS, *ONE),
    **_own(),
    **dict.fromkeys(REVIEWS, ("create",)),
}
"""What can be done to each resource there is, by its full name."""


def resource_rules(may: May, namespace: str) -> list[Object]:
    """Return what may be done to resources; those of a group that allow the same are together."""
    together: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for full, verbs in VERBS.items():
        plural, _, group = full.partition(".")
        held = tuple(verb for verb in verbs if may(_asked(verb, full, namespace)))
        if held:
            together.setdefault((group, held), []).append(plural)
    return [
        {"verbs": list(verbs), "apiGroups": [group], "resources": plurals}
        for (group, verbs), plurals in together.items()
    ]


def path_rules(may: May) -> list[Object]:
    """Return what may be done to paths that are no resources."""
    if may(Attributes(verb="*", path="/*")):
        return [{"verbs": list(ALL), "nonResourceURLs": list(ALL)}]
    paths = [path for path in _paths() if may(Attributes(verb="get", path=path))]
    return [{"verbs": ["get"], "nonResourceURLs": paths}] if paths else []


def everything() -> tuple[list[Object], list[Object]]:
    """Return both where nothing is refused to anybody."""
    resources = {"verbs": list(ALL), "apiGroups": list(ALL), "resources": list(ALL)}
    return [resources], [{"verbs": list(ALL), "nonResourceURLs": list(ALL)}]


def _asked(verb: str, full: str, namespace: str) -> Attributes:
    plural, _, group = full.partition(".")
    where = "" if verb in _NO_PLACE.get(full, ()) else namespace
    return Attributes(verb=verb, path="", group=group, resource=plural, namespace=where)


def _paths() -> Iterator[str]:
    for path in sorted(PUBLIC | DISCOVERY):
        yield path
        if path in DISCOVERY:
            yield f"{path}/*"
