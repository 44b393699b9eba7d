"""Clients of a session for tests: they say what they ask for, and see what they are sent."""

from __future__ import annotations

from fairlead.protocols.xds import pb
from fairlead.protocols.xds.resource import Collection, Resource, View
from fairlead.protocols.xds.session import DeltaSession, WholeSession

discovery = pb.package("envoy.service.discovery.v3")


def resource(type_url, name, content="1", **more):
    return Resource(name, type_url, f"{name}:{content}".encode(), **more)


def view(*resources, before=None):
    types: dict[str, list[Resource]] = {}
    for one in resources:
        types.setdefault(one.type_url, []).append(one)
    old = before.types if before is not None else {}
    return View({t: Collection.of(found, old.get(t)) for t, found in types.items()})


class Whole:
    """Speaks state of the world; answers nothing by itself."""

    def __init__(self, offered=None):
        self.session, self.last = WholeSession(), {}
        if offered is not None:
            self.session.offer(offered)

    def ask(self, type_url, *names, nonce=None, error=None, **more):
        nonce = self.last[type_url].nonce if nonce is None and type_url in self.last else nonce
        request = discovery.DiscoveryRequest(
            type_url=type_url, resource_names=names, response_nonce=nonce or "", **more
        )
        if error is not None:
            request.error_detail.message = error
        return self.session.hear(request.SerializeToString())

    def get(self):
        data = self.session.next()
        if data is None:
            return None
        response = discovery.DiscoveryResponse.FromString(data)
        self.last[response.type_url] = response
        return response.type_url, sorted(one.value.decode() for one in response.resources)


class Delta:
    """The same for differences."""

    def __init__(self, offered=None):
        self.session, self.last = DeltaSession(), {}
        if offered is not None:
            self.session.offer(offered)

    def ask(self, type_url, *names, drop=(), held=None, error=None):
        request = discovery.DeltaDiscoveryRequest(
            type_url=type_url,
            resource_names_subscribe=names,
            resource_names_unsubscribe=drop,
            initial_resource_versions=held or {},
        )
        if error is not None:
            request.error_detail.message = error
            request.response_nonce = self.last[type_url].nonce
        return self.session.hear(request.SerializeToString())

    def ack(self, type_url):
        request = discovery.DeltaDiscoveryRequest(
            type_url=type_url, response_nonce=self.last[type_url].nonce
        )
        self.session.hear(request.SerializeToString())

    def get(self):
        data = self.session.next()
        if data is None:
            return None
        response = discovery.DeltaDiscoveryResponse.FromString(data)
        self.last[response.type_url] = response
        found = sorted(one.resource.value.decode() for one in response.resources)
        return response.type_url, found, sorted(response.removed_resources)
