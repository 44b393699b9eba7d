"""What is served: resources by type and name, as the bytes that go out, and how two views differ.

A view never changes; a change of the world is another view. Collections that stayed the same are
the same object, so that a stream finds out at once that it has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from itertools import count
from types import MappingProxyType
from typing import NamedTuple
from weakref import WeakKeyDictionary

from fairlead.protocols.xds.pb import TYPE

LISTENER = TYPE + "envoy.config.listener.v3.Listener"
ROUTES = TYPE + "envoy.config.route.v3.RouteConfiguration"
CLUSTER = TYPE + "envoy.config.cluster.v3.Cluster"
ENDPOINTS = TYPE + "envoy.config.endpoint.v3.ClusterLoadAssignment"
EXTENSION = TYPE + "envoy.config.core.v3.TypedExtensionConfig"
NAMES = TYPE + "istio.networking.nds.v1.NameTable"

ORDER = (CLUSTER, ENDPOINTS, LISTENER, ROUTES, EXTENSION)
"""Make before break: what is named is sent before what names it; what goes, goes the other way."""

WHOLE = frozenset({CLUSTER, LISTENER, NAMES})
"""Types of which a state-of-the-world response holds everything: what is absent is deleted."""

WILDCARD = WHOLE
"""Types of which a first request without names means all there are."""


def tagged(number: int, content: bytes) -> bytes:
    """Return field `number`, below 16, of a message: bytes, text, or another message."""
    size, length = len(content), bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return bytes((number << 3 | 2,)) + bytes(length) + content


@dataclass(frozen=True, eq=False)
class Resource:
    """A resource as it is sent."""

    name: str
    type_url: str
    content: bytes
    """The message."""
    assignment: str = ""
    """Of a cluster: the name its endpoints are asked for by."""
    on_demand: bool = False
    """Whether only those get it who ask for it by its name."""

    @cached_property
    def version(self) -> str:
        """Return the hash of the content."""
        return sha256(self.content).hexdigest()[:16]

    @cached_property
    def whole(self) -> bytes:
        """Return it as a field of a DiscoveryResponse."""
        return tagged(2, self._any)

    @cached_property
    def delta(self) -> bytes:
        """Return it as a field of a DeltaDiscoveryResponse."""
        version, name = tagged(1, self.version.encode()), tagged(3, self.name.encode())
        return tagged(2, version + tagged(2, self._any) + name)

    @cached_property
    def _any(self) -> bytes:
        return tagged(1, self.type_url.encode()) + tagged(2, self.content)


class Response(NamedTuple):
    """Of either form: their fields have the same numbers."""

    nonce: str
    data: bytes


_numbers = count(1)


def sealed(body: bytes, version: str, type_url: str) -> Response:
    """Return a response, with a nonce that no other has."""
    nonce = str(next(_numbers))
    tail = tagged(4, type_url.encode()) + tagged(5, nonce.encode())
    return Response(nonce, b"".join((tagged(1, version.encode()), body, tail)))


WHOLE_FORM, DELTA_FORM = "whole", "delta"
"""State of the world, and differences: names of a resource's fields."""


@dataclass(frozen=True, eq=False)
class Share:
    """What one client is to have of a difference, by name: one object for all who ask alike."""

    put: Mapping[str, Resource] = field(default_factory=dict)
    gone: Mapping[str, Resource] = field(default_factory=dict)
    _responses: dict[str, Response] = field(default_factory=dict)

    def response(self, form: str, version: str, type_url: str) -> Response:
        """Return the response with what is put: the same, and its nonce, for everybody.

        A stream gets it once: what comes next is how a newer view differs.
        """
        found = self._responses.get(form)
        if found is None:
            body = b"".join(getattr(one, form) for one in self.put.values())
            found = self._responses[form] = sealed(body, version, type_url)
        return found

    @cached_property
    def whole(self) -> bytes:
        """Return what is put as fields of a DiscoveryResponse."""
        return b"".join(one.whole for one in self.put.values())

    @cached_property
    def assignments(self) -> frozenset[str]:
        """Return the names by which endpoints of the clusters in it are asked for."""
        return frozenset(one.assignment for one in self.put.values())


NOBODYS = Share()


@dataclass(frozen=True, eq=False)
class Difference:
    """What is new or another one, and what is no more."""

    put: tuple[Resource, ...] = ()
    gone: tuple[Resource, ...] = ()
    _shares: dict[tuple[frozenset[str], bool], Share] = field(default_factory=dict)

    def share(self, names: frozenset[str], *, everything: bool) -> Share:
        """Return what of it is asked for: worked out once for all who ask for the same."""
        found = self._shares.get((names, everything))
        if found is None:
            if len(self._shares) >= 64:
                self._shares.clear()
            put, gone = (
                {
                    one.name: one
                    for one in some
                    if one.name in names or (everything and not one.on_demand)
                }
                for some in (self.put, self.gone)
            )
            found = self._shares[names, everything] = Share(put, gone)
        return found


@dataclass(frozen=True, eq=False)
class Collection:
    """All resources of one type."""

    resources: Mapping[str, Resource] = field(default_factory=dict)

    @classmethod
    def of(cls, resources: Iterable[Resource], before: Collection | None = None) -> Collection:
        """Return a collection: `before`, and its resources, where they are still the same."""
        old = before.resources if before is not None else {}
        found: dict[str, Resource] = {}
        for new in resources:
            one, known = new, old.get(new.name)
            same = known is not None and known.on_demand == one.on_demand
            if known is not None and same and known.content == one.content:
                one = known
            found[one.name] = one
        unchanged = len(found) == len(old) and all(old.get(n) is one for n, one in found.items())
        return before if before is not None and unchanged else cls(found)

    @cached_property
    def version(self) -> str:
        """Return the hash of all of it."""
        parts = sorted(f"{one.name}={one.version}" for one in self.resources.values())
        return sha256("\n".join(parts).encode()).hexdigest()[:16]

    @cached_property
    def entries(self) -> Mapping[bytes, str]:
        """Return the names, by the bytes in which a client says that it has one as it is here."""
        return {
            tagged(1, name.encode()) + tagged(2, one.version.encode()): name
            for name, one in self.resources.items()
        }

    @cached_property
    def _differences(self) -> WeakKeyDictionary[Collection, Difference]:
        # Strong, each collection would keep the one before it, for good.
        return WeakKeyDictionary()

    def since(self, old: Collection) -> Difference:
        """Return how it differs from `old`: worked out once for all streams."""
        found = self._differences.get(old)
        if found is None:
            if len(self._differences) >= 8:  # streams that lag by more are few
                self._differences.clear()
            found = self._differences[old] = self._since(old)
        return found

    def _since(self, old: Collection) -> Difference:
        put = [
            one
            for name, one in self.resources.items()
            if (known := old.resources.get(name)) is None
            or known.version != one.version
            or (known.on_demand and not one.on_demand)
        ]
        gone = [one for name, one in old.resources.items() if name not in self.resources]
        return Difference(tuple(put), tuple(gone))


NOTHING = Collection(MappingProxyType({}))


@dataclass(frozen=True, eq=False)
class View:
    """What one node may see, by type."""

    types: Mapping[str, Collection] = field(default_factory=dict)

    def of(self, type_url: str) -> Collection:
        """Return the resources of a type."""
        return self.types.get(type_url, NOTHING)
