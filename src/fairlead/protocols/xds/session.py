"""The rules of a stream of xDS, without its socket: requests in, responses out when it is ready.

One response of each type is under way at a time. What changes meanwhile is not queued: when the
client has answered, or its connection can take more, it gets what it lacks of the newest view.
Envoy answers a response of clusters when they are warm, so what names them waits for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from google.protobuf.message import DecodeError

from fairlead.protocols.xds import asked, pb
from fairlead.protocols.xds.node import Node
from fairlead.protocols.xds.resource import (
    CLUSTER,
    DELTA_FORM,
    ENDPOINTS,
    EXTENSION,
    LISTENER,
    NOTHING,
    ORDER,
    ROUTES,
    WHOLE,
    WHOLE_FORM,
    WILDCARD,
    Response,
    Share,
    View,
    sealed,
    tagged,
)
from fairlead.protocols.xds.subscription import (
    ALL,
    Refused,
    Rejection,
    Subscription,
    checked,
    entered,
    shared,
)

MOST_TYPES = 64

AFTER = dict.fromkeys((LISTENER, ROUTES, EXTENSION), (CLUSTER, ENDPOINTS))
"""Types that are sent when those they may name have arrived."""


class Session:
    """One stream. Subclasses know one of the two forms of it."""

    form: str

    def __init__(self, only: str = "") -> None:
        """Speak of one type `only`, or of all."""
        self.node: Node | None = None
        self.view: View | None = None
        self.subscriptions: dict[str, Subscription] = {}
        self._only = only

    def offer(self, view: View) -> None:
        """Make `view` what the client is to have."""
        self.view = view

    def hear(self, data: bytes) -> Rejection | None:
        """Take in a request; return what it refuses. Raises Refused."""
        try:
            request = self._parsed(data)
            if self.node is None:
                self.node = Node.of(self._node(request))
            error = self._error(request)
        except DecodeError as why:
            raise Refused(f"not a request of the {self.form} form") from why
        type_url = self._only or request.type_url
        if self._only and request.type_url not in ("", self._only):
            raise Refused(f"{request.type_url} is not what this service is about")
        subscription = self.subscriptions.get(type_url)
        first = subscription is None
        if subscription is None:
            if not type_url or len(self.subscriptions) >= MOST_TYPES:
                raise Refused("no type_url" if not type_url else "too many types")
            subscription = self.subscriptions[type_url] = Subscription(type_url)
        rejection = self._take(subscription, request, error, first=first)
        if type_url == LISTENER:
            self.node = self.node.asking(subscription.names)
        return rejection

    def next(self) -> bytes | None:
        """Return the next response, None while there is nothing to say."""
        if self.view is None or self.quiet():
            return None
        ordered = self._ordered()
        for one in ordered:
            if one.waiting or one.idle(self.view.of(one.type_url)):
                continue
            if self._settled(AFTER.get(one.type_url, ())) and (found := self._put(one)) is not None:
                return found
        # A client that refused new routes still uses the old ones, and their clusters.
        if not self._settled(self.subscriptions) or self.rejections():
            return None
        for one in reversed(ordered):
            if one.gone and (found := self._drop(one)) is not None:
                return found
        return None

    def quiet(self) -> bool:
        """Say whether there is nothing to say: a glance; where it is False, `next` knows."""
        types = self.view.types if self.view is not None else {}
        for type_url, one in self.subscriptions.items():
            if one.gone or not (one.waiting or one.idle(types.get(type_url, NOTHING))):
                return False
        return True

    def rejections(self) -> list[Rejection]:
        """Return what the client refuses now."""
        return [one.rejection for one in self.subscriptions.values() if one.rejection is not None]

    def held(self, type_url: str) -> Iterator[str]:
        """Yield the names of a type that the client asks for and has as they are now."""
        one = self.subscriptions.get(type_url)
        there = (self.view or View()).of(type_url).resources
        for name in one.names if one else ():
            if (found := one.has(name) if one else None) is not None and there.get(name) is found:
                yield name

    def _parsed(self, data: bytes) -> Any:
        """Return a request. Raises DecodeError."""
        raise NotImplementedError

    def _node(self, request: Any) -> Any:
        return request.node

    def _error(self, request: Any) -> str | None:
        """Return why a response is not taken, None where it is. Raises DecodeError."""
        raise NotImplementedError

    def _take(
        self, one: Subscription, request: Any, error: str | None, *, first: bool
    ) -> Rejection | None:
        raise NotImplementedError

    def _put(self, one: Subscription) -> bytes | None:
        """Return a response with what a client lacks."""
        raise NotImplementedError

    def _drop(self, one: Subscription) -> bytes | None:
        """Return a response that takes away what is gone."""
        raise NotImplementedError

    def _ordered(self) -> list[Subscription]:
        known = self.subscriptions
        rest = (one for name, one in known.items() if name not in ORDER)
        return [*(known[name] for name in ORDER if name in known), *rest]

    def _settled(self, types: Iterable[str]) -> bool:
        view = self.view or View()
        subscriptions = (self.subscriptions.get(name) for name in types)
        return not any(
            one.waiting or one.pending(view.of(one.type_url)) for one in subscriptions if one
        )

    def _lacking(self, one: Subscription) -> Share:
        """Return what a client lacks; a cluster that it gets makes its endpoints due again.

        Envoy warms a changed cluster until its endpoints have arrived anew.
        """
        found = one.look((self.view or View()).of(one.type_url))
        endpoints = self.subscriptions.get(ENDPOINTS)
        if one.type_url == CLUSTER and endpoints is not None:
            endpoints.due |= found.assignments & endpoints.names
        return found

    def _sent(self, one: Subscription, response: Response) -> bytes:
        one.nonce, one.sent = response.nonce, one.seen.version
        one.waiting, one.answer, one.due = True, False, set()
        return response.data

    def _shared(self, one: Subscription, share: Share) -> bytes:
        return self._sent(one, share.response(self.form, one.seen.version, one.type_url))

    def _own(self, one: Subscription, body: bytes) -> bytes:
        return self._sent(one, sealed(body, one.seen.version, one.type_url))


class WholeSession(Session):
    """State of the world: a request names all that is asked for."""

    form = WHOLE_FORM

    def _parsed(self, data: bytes) -> Any:
        return pb.message("envoy.service.discovery.v3.DiscoveryRequest").FromString(data)

    def _error(self, request: Any) -> str | None:
        return request.error_detail.message if request.HasField("error_detail") else None

    def _take(
        self, one: Subscription, request: Any, error: str | None, *, first: bool
    ) -> Rejection | None:
        nonce = request.response_nonce if one.nonce else ""
        if nonce and not one.hear(nonce, error):
            return None
        self._ask(one, checked(request.resource_names), first=first)
        return one.rejection if error is not None else None

    def _ask(self, one: Subscription, names: set[str], *, first: bool) -> None:
        everything = ALL in names or (not names and not one.named and one.type_url in WILDCARD)
        one.named |= bool(names)
        names.discard(ALL)
        added = names - one.names
        if added or first or (everything and not one.everything):
            one.due |= added
            one.answer = one.type_url in WHOLE
        one.names, one.everything = shared(frozenset(names)), everything
        one.due &= names

    def _put(self, one: Subscription) -> bytes | None:
        found = self._lacking(one)
        one.due = set()
        if one.type_url not in WHOLE:
            one.gone.clear()
            return self._shared(one, found) if found.put else None
        if not found.put and not one.answer:
            return None
        return self._all(one)

    def _drop(self, one: Subscription) -> bytes | None:
        one.gone.clear()
        return self._all(one)

    def _all(self, one: Subscription) -> bytes:
        staying = one.seen.since(NOTHING).share(one.names, everything=one.everything)
        going = (r.whole for r in one.gone.values() if r is not None)
        return self._own(one, b"".join((staying.whole, *going)))


class DeltaSession(Session):
    """Differences: a request adds and takes away names, a response resources."""

    form = DELTA_FORM

    def _parsed(self, data: bytes) -> Any:
        return asked.Asked.FromString(data)

    def _node(self, request: Any) -> Any:
        return asked.node(request)

    def _error(self, request: Any) -> str | None:
        return asked.refusal(request)

    def _take(
        self, one: Subscription, request: Any, error: str | None, *, first: bool
    ) -> Rejection | None:
        rejected = None
        if request.response_nonce and one.hear(request.response_nonce, error):
            rejected = one.rejection
        added = checked(request.resource_names_subscribe, len(one.names))
        if first:
            one.held = entered(request.initial_resource_versions)
            one.everything = not added and one.type_url in WILDCARD
        self._ask(one, added, set(request.resource_names_unsubscribe))
        if first and one.everything:
            one.answer = one.held is None
        return rejected

    def _ask(self, one: Subscription, added: set[str], removed: set[str]) -> None:
        if ALL in removed:
            one.everything = False
        if ALL in added and not one.everything:
            one.everything, one.due = True, one.due | self._general(one)
        added, removed = added - {ALL}, removed - {ALL}
        if not added and not removed:
            return
        one.names = shared((one.names | added) - removed)
        one.due = (one.due | added) - removed
        for name in removed:
            one.gone.pop(name, None)

    def _general(self, one: Subscription) -> set[str]:
        """Return the names that ``*`` stands for, where what there is has been looked at."""
        return {name for name, r in one.seen.resources.items() if not r.on_demand}

    def _put(self, one: Subscription) -> bytes | None:
        asked = set(one.due)
        found = self._lacking(one)
        missing = (asked & one.due).difference(one.seen.resources)
        if found.put and not missing:
            return self._shared(one, found)
        if not found.put and not missing and not one.answer:
            one.due.clear()
            return None
        return self._own(one, b"".join((*(r.delta for r in found.put.values()), _removed(missing))))

    def _drop(self, one: Subscription) -> bytes | None:
        names, one.gone = sorted(one.gone), {}
        return self._own(one, _removed(names))


def _removed(names: Iterable[str]) -> bytes:
    return b"".join(tagged(6, name.encode()) for name in names)
