"""What is seen of who calls whom decides what a data plane is given at once."""

from __future__ import annotations

from fairlead.control.called import MOST, Called
from fairlead.control.mesh import SIDECAR, Scope, mesh, own
from fairlead.control.sidecars import Sidecar
from fairlead.control.telemetry.edges import Edge
from fairlead.control.telemetry.packed import NOTHING
from fairlead.policy.mesh import Mesh, MeshCluster
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.resource import CLUSTER, View
from tests.control.test_mesh_hosts import world

CART = ("shop", "cart")
ORDERS = "orders.shop.svc.cluster.local"


def edge(to: tuple[str, str]) -> Edge:
    """Return calls of cart."""
    return Edge(caller=CART, callee=to, label="", lane="", sums=NOTHING, seconds=60)


def test_what_agents_report_and_what_envoys_ask_for_is_seen():
    """And of no app but those that data planes are beside."""
    called = Called(lambda namespaces: [edge(("shop", "orders"))] if "shop" in namespaces else [])

    assert called.of(CART) == frozenset()
    assert called.look([(CART, ["outbound|80|v1|stock.shop.svc.cluster.local", "odd"])])
    assert called.of(CART) >= {ORDERS, "stock.shop.svc.cluster.local"}
    assert not called.look([(CART, [])]), "nothing is new"
    assert called.of(CART) >= {"stock.shop.svc.cluster.local"}, "what was seen stays"
    assert called.look([(("other", "front"), ["outbound|80||a.example"])])
    assert called.of(("other", "front")) == {"a.example"}


def test_no_app_fills_memory_by_asking():
    """Names come from the network."""
    called = Called(lambda namespaces: [])
    called.look([(CART, [f"outbound|80||{n}" for n in range(3 * MOST)])])

    assert len(called.of(CART)) == MOST
    assert not called.look([(CART, ["outbound|80||another"])])


def test_who_is_not_known_to_be_called_is_given_to_who_asks():
    """The filter that asks is there where something may be lacking."""
    whole = Encoder().view(mesh(world(""), Scope(namespace="shop", kind=SIDECAR)))
    given = Encoder().pruned(whole, {ORDERS}).of(CLUSTER).resources.values()
    beside = Scope(namespace="shop", called=frozenset(), sidecar=Sidecar(app="cart"))

    assert [one.name for one in given if not one.on_demand] == [f"outbound|80||{ORDERS}"]
    assert len(given) == 3
    names = [one.name for one in own(world(""), beside).listeners[0].filters]
    assert names[0] == "envoy.filters.http.on_demand"


def test_who_is_seen_to_be_called_is_sent_to_those_who_lacked_it():
    """It says the same, and is new to them all the same."""
    encoder = Encoder()

    def view(*, on_demand: bool) -> View:
        whole = encoder.view(Mesh(clusters=(MeshCluster(name="a"),)))
        return encoder.pruned(whole, () if on_demand else {"a"})

    before, after = view(on_demand=True).of(CLUSTER), view(on_demand=False).of(CLUSTER)

    assert [one.name for one in after.since(before).put] == ["a"]
    assert after.since(before).share(frozenset(), everything=True).put.keys() == {"a"}
    assert view(on_demand=True).of(CLUSTER).since(after).put == ()
