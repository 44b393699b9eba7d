"""Python's gRPC as a client of ours: what it is pushed decides where its calls go."""

from __future__ import annotations

import time

from fairlead.policy.mesh import Endpoint, Listener, Locality, Mesh, MeshCluster
from fairlead.policy.routing.action import Forward, Weighted
from fairlead.policy.routing.match import EXACT, HeaderMatch, RouteMatch, TextMatch
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from tests.protocols.xds.caller import answering, calling


def cluster(name, *addresses):
    places = [Locality(weight=1, endpoints=tuple(Endpoint(address=one) for one in addresses))]
    return MeshCluster(name=name, localities=tuple(places), http2=True)


def mesh(routes, *clusters):
    host = VirtualHost(name="app", domains=("*",), routes=routes)
    return Mesh(
        tables=(RouteTable(name="app", hosts=(host,)),),
        clusters=clusters,
        listeners=(Listener(name="app", table="app"),),
    )


def to(*shares):
    return Forward(clusters=tuple(Weighted(cluster=name, weight=part) for name, part in shares))


def test_weights_headers_and_new_instances(plane):
    """And none of it asks the server for anything per call."""
    gray = HeaderMatch(name="baggage", text=TextMatch(kind=EXACT, value="gray"))
    routes = (
        Route(match=RouteMatch(headers=(gray,)), action=to(("gray", 1))),
        Route(action=to(("base", 90), ("gray", 10))),
    )
    with answering("b1", "b2", "g") as at, calling(plane.port) as client:
        plane.give(mesh(routes, cluster("base", at["b1"]), cluster("gray", at["g"])))
        assert client.call("xds:///app").keys() <= {"b1", "g"}
        asked = plane.streams.requests

        mixed, coloured = client.call("xds:///app", 1000), client.call("xds:///app", 20, "gray")

        assert plane.streams.requests - asked < 5, "one of each type may have been under way"
        assert coloured == {"g": 20}
        assert mixed.keys() == {"b1", "g"}
        assert 50 < mixed["g"] < 160, "five standard deviations around 100"
        plane.give(mesh(routes, cluster("base", at["b1"], at["b2"]), cluster("gray", at["g"])))
        deadline = time.monotonic() + 60
        while "b2" not in client.call("xds:///app", 20):
            assert time.monotonic() < deadline, "the new instance is never called"
        assert plane.refused == []


def test_what_a_client_cannot_use_is_refused_with_its_reason_and_the_last_stays(plane):
    routes = (Route(action=to(("base", 1))),)
    with answering("b1") as at, calling(plane.port) as client:
        plane.give(mesh(routes, cluster("base", at["b1"])))
        assert client.call("xds:///app") == {"b1": 1}
        broken = (Route(action=to(("base", 0), ("other", 0))),)

        plane.give(mesh(broken, cluster("base", at["b1"])))

        deadline = time.monotonic() + 60
        while not plane.refused:
            assert time.monotonic() < deadline, "nothing is refused"
            time.sleep(0.01)
        assert "RouteConfiguration" in plane.refused[0].type_url
        assert plane.refused[0].reason
        assert client.call("xds:///app") == {"b1": 1}
