"""What a route changes of a call, and of its answer, as whoever sends it is to write it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from fairlead.flow.view import View
from fairlead.policy.resource import CALLER
from fairlead.policy.routing.action import NO_CHANGES, Forward, HeaderChanges, Weighted
from fairlead.policy.routing.formats import Headers
from fairlead.policy.routing.rewriting import changed, routed
from fairlead.policy.routing.table import Route

AUTHORITY, PATH = ":authority", ":path"
KEPT = frozenset(
    ("baggage", CALLER, "connection", "content-length", "transfer-encoding", "upgrade")
)
"""Headers that no route changes: a lane's label, who calls, and what a connection depends on."""
_WRITTEN = ("x-envoy-original-path", "x-forwarded-host")
"""What rewriting notes of what was before (Envoy)."""
_ASKED = re.compile(r"%REQ\(([^)]*)\)")

Header = Callable[[str], str | None]
"""Returns the value of a header by its name in lower case."""


class Difference(NamedTuple):
    """Headers that go, in lower case, and those that come in their place."""

    removed: tuple[str, ...] = ()
    added: tuple[tuple[str, str], ...] = ()


class Change(NamedTuple):
    """What is changed of one call."""

    path: str | None
    """With the query; None for the application's own."""
    authority: str | None
    headers: Difference
    answer: Callable[[Header], Difference] | None
    """Returns what is changed of an answer; None for nothing."""


Changing = Callable[[View], Change]


def changing(route: Route, weighted: Weighted | None) -> Changing | None:
    """Return what finds the changes of a call; None where there are none."""
    levels = [one for one in (weighted and weighted.changes, route.changes) if one]
    levels = [one for one in levels if one != NO_CHANGES]
    action = route.action
    rewrites = isinstance(action, Forward) and bool(action.path or action.host)
    if not (levels or rewrites or (weighted is not None and weighted.host)):
        return None
    names = tuple(dict.fromkeys((*_requested(levels), *(_WRITTEN if rewrites else ()))))
    known = tuple(dict.fromkeys((*names, *_read(levels), *_host_header(route))))
    back = tuple(dict.fromkeys(_responded(levels)))

    def change(view: View) -> Change:
        before = _headers(view, known)
        after = list(before)
        for one in levels:
            after = changed(after, one.request_removed, one.request_set, view, [])
        if isinstance(action, Forward):
            host = weighted.host if weighted is not None else ""
            after = routed(after, action, route.match.path, host)
        path, authority = _one(after, PATH), _one(after, AUTHORITY)
        return Change(
            path=None if path == view.path else path,
            authority=None if authority == view.authority else authority,
            headers=_difference(names, before, after),
            answer=_answering(levels, back, view) if back else None,
        )

    return change


def _answering(
    levels: Iterable[HeaderChanges], names: tuple[str, ...], view: View
) -> Callable[[Header], Difference]:
    def answer(header: Header) -> Difference:
        before = [(name, value) for name in names if (value := header(name)) is not None]
        after = list(before)
        for one in levels:
            after = changed(after, one.response_removed, one.response_set, view, [])
        return _difference(names, before, after)

    return answer


def _headers(view: View, names: tuple[str, ...]) -> Headers:
    found = [
        (AUTHORITY, view.authority),
        (PATH, view.path),
        (":method", view.method),
        (":scheme", view.scheme),
    ]
    found += [(name, value) for name in names if (value := view.header(name)) is not None]
    return found


def _difference(names: tuple[str, ...], before: Headers, after: Headers) -> Difference:
    changed_names = [name for name in names if _all(before, name) != _all(after, name)]
    kept = frozenset(changed_names)
    return Difference(tuple(changed_names), tuple(pair for pair in after if pair[0] in kept))


def _all(headers: Headers, name: str) -> list[str]:
    return [value for key, value in headers if key == name]


def _one(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key == name), None)


def _requested(levels: Iterable[HeaderChanges]) -> Iterator[str]:
    for one in levels:
        found = (*one.request_removed, *(value.name for value in one.request_set))
        yield from (name.lower() for name in found if name.lower() not in KEPT)


def _responded(levels: Iterable[HeaderChanges]) -> Iterator[str]:
    for one in levels:
        yield from (name.lower() for name in one.response_removed)
        yield from (value.name.lower() for value in one.response_set)


def _read(levels: Iterable[HeaderChanges]) -> Iterator[str]:
    """Yield the headers that values ask for: ``%REQ(x-user?x-id)%``."""
    for one in levels:
        for value in (*one.request_set, *one.response_set):
            for found in _ASKED.finditer(value.value):
                names = (name.lower() for name in found[1].split("?"))
                yield from (name for name in names if not name.startswith(":"))


def _host_header(route: Route) -> tuple[str, ...]:
    host = route.action.host if isinstance(route.action, Forward) else None
    return (host.header.lower(),) if host is not None and host.header else ()
