"""``GET /fairlead/v1/history``: what people made of an object, newest first.

Who may read an object may read what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fairlead.control.access.caller import caller_of
from fairlead.control.api.served import Served
from fairlead.control.api.status import bad_request, json_response, not_found
from fairlead.control.store import Object, Revision, Store, Stored
from fairlead.kinds.catalog import kind_named
from fairlead.kinds.metadata import without_server_fields
from fairlead.policy.workload import DEFAULT_NAMESPACE
from fairlead.protocols.watch.codec import ROOT


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryApi:
    """The endpoint, about the kinds that people write."""

    store: Store
    served: tuple[Served, ...]

    def routes(self) -> Iterator[BaseRoute]:
        """Yield the route."""
        yield Route(f"{ROOT}/history", self.list)

    async def list(self, request: Request) -> Response:
        """Return every revision that is kept of one object; the first is how it is now."""
        query = request.query_params
        served, name = self._served(query.get("kind", "")), query.get("name", "")
        if not name:
            raise bad_request("name is missing: history is about one object")
        namespace = query.get("namespace") or DEFAULT_NAMESPACE
        if not served.kind.namespaced:
            namespace = name
        caller_of(request).require("get", served.resource, namespace)
        key = served.key(namespace if served.kind.namespaced else "", name)
        revisions, current = await self.store.revisions(key), self.store.get(key)
        items = [_shown(one) for one in revisions]
        if not items and current is not None:
            items = [_unrecorded(current)]
        if not items:
            raise not_found(served.subject(name[:253]))
        return json_response({"items": items})

    def _served(self, word: str) -> Served:
        kinds = {served.kind: served for served in self.served}
        kind = kind_named(word, kinds)
        if kind is None:
            known = ", ".join(sorted(one.plural for one in kinds))
            raise bad_request(f"kind {word[:80]!r} has no history; these have: {known}")
        return kinds[kind]


def authored(served: Iterable[Served]) -> tuple[Served, ...]:
    """Return those that clients may write."""
    return tuple(one for one in served if one.inspect is not None)


def _shown(one: Revision) -> Object:
    return {
        "revision": one.revision,
        "at": one.at or None,
        "who": one.who,
        "type": one.type,
        "object": _authored(one.object),
    }


def _unrecorded(stored: Stored) -> Object:
    """Show an object that was there before its revisions were kept."""
    shown = {"revision": stored.revision, "at": None, "who": "", "type": "ADDED"}
    return {**shown, "object": _authored(stored.object)}


def _authored(plain: Object) -> Object:
    """Return the object as its author would write it again."""
    own = {name: value for name, value in plain.items() if name != "status"}
    return {**own, "metadata": without_server_fields(plain["metadata"])}
