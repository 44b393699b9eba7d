"""What data planes are given of places: priorities and weights for whoever calls."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.compiler import Instance, World
from fairlead.control.mesh import SIDECAR, Scope, mesh
from fairlead.control.xds import _scope
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from fairlead.policy.locality import Caller, Place
from fairlead.policy.mesh import MeshCluster
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.node import Node

HERE = Caller(Place("eu", "a"))
ZONES = ("eu/a", "eu/a/r1", "eu/b", "us/x", "us/y", "")
ORDERS = "outbound|80||orders.shop.svc.cluster.local"


def rule(setting: str, outlier: str = "outlierDetection: {}") -> str:
    return (
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: orders}\n"
        f"spec:\n  host: orders\n  trafficPolicy:\n    {outlier}\n"
        f"    loadBalancer:\n      localityLbSetting: {setting}\n"
        "  subsets: [{name: v1, labels: {version: v1}}]\n"
    )


def world(text: str, zones: tuple[str, ...] = ZONES, lanes: tuple[str, ...] = ()) -> World:
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    found = [
        Instance(
            namespace="shop",
            app="orders",
            lane=lanes[at] if lanes else None,
            labels=(("version", f"v{at}"),),
            zone=zone,
            address=f"10.0.0.1:{7000 + at}",
        )
        for at, zone in enumerate(zones)
    ]
    return World.of(objects, found, 1)


def clusters(there: World, caller: Caller = HERE) -> dict[str, MeshCluster]:
    found = mesh(there, Scope(namespace="shop", kind=SIDECAR, caller=caller))
    Encoder().view(found, None)  # messages can be made of it
    return {one.name: one for one in found.clusters}


def placed(one: MeshCluster) -> list[tuple[str, int, int]]:
    """Return zones with their priorities and weights."""
    return [
        (str(Place(each.region, each.zone, each.sub_zone)), each.priority, each.weight)
        for each in one.localities
    ]


def given(text: str, caller: Caller = HERE, **more: Any) -> list[tuple[str, int, int]]:
    return placed(clusters(world(text, **more), caller)[ORDERS])


def test_the_nearest_come_first():
    """Istio's tiers, without gaps."""
    assert given(rule("{}")) == [
        ("eu/a", 0, 1),
        ("eu/a/r1", 1, 1),
        ("eu/b", 2, 1),
        ("", 3, 1),
        ("us/x", 3, 1),
        ("us/y", 3, 1),
    ]


@pytest.mark.parametrize(
    "text",
    [
        rule("{enabled: false}"),
        rule("{}", "connectionPool: {}"),
        rule("{}").replace("host: orders", "host: other"),
    ],
)
def test_places_say_nothing(text):
    """Switched off, without outlier detection, or without a rule."""
    assert {priority for _, priority, _ in given(text)} == {0}


def test_a_region_is_failed_over_to_first():
    """The others are the last resort."""
    found = given(rule("{failover: [{from: eu, to: us}]}"), zones=("eu/a", "ap/x", "us/x"))
    assert found == [("eu/a", 0, 1), ("us/x", 1, 1), ("ap/x", 2, 1)]


def test_labels_come_in_order():
    """One place may stand in several priorities."""
    text = rule("{failoverPriority: [version]}")
    by = Caller(Place("eu", "a"), (("version", "v1"),))
    found = given(text, by, zones=("eu/a", "eu/a", "us/x"))
    assert found == [("eu/a", 0, 1), ("eu/a", 1, 1), ("us/x", 1, 1)]


def test_shares_are_weights_and_others_are_left_out():
    """And Envoy is told that weights count."""
    text = rule("{distribute: [{from: eu/a, to: {eu/a: 80, us: 20}}]}", "connectionPool: {}")
    found = clusters(world(text))[ORDERS]
    assert placed(found) == [("eu/a", 0, 40), ("eu/a/r1", 0, 40), ("us/x", 0, 10), ("us/y", 0, 10)]
    assert found.by_locality
    other = clusters(world(text), Caller(Place("us", "x")))[ORDERS]
    assert (len(other.localities), other.by_locality) == (6, False)


def test_a_lane_comes_before_a_place():
    """Its instance is called wherever it is; base's are not."""
    text = rule("{distribute: [{from: eu/a, to: {eu/a: 100}}]}")
    found = clusters(world(text, zones=("us/x", "us/y"), lanes=("gray", "")))
    assert placed(found[ORDERS]) == []
    assert placed(found["outbound|80|~gray|orders.shop.svc.cluster.local"]) == [("us/x", 0, 1)]


def test_a_subset_is_sorted_too():
    """It has the policy of the host."""
    found = clusters(world(rule("{}")))["outbound|80|v1|orders.shop.svc.cluster.local"]
    assert placed(found) == [("eu/a/r1", 0, 1)]


def test_nodes_are_told_apart_by_place_only_where_rules_ask():
    """Each scope costs a view."""
    labels = (("rack", "7"), ("topology.kubernetes.io/region", "eu"), ("version", "v1"))
    node = Node(namespace="shop", app="a", zone="a", labels=labels)
    assert _scope(node, World.of([], [], 1)).caller == Caller()
    assert _scope(node, world(rule("{}", "connectionPool: {}"))).caller == Caller()
    assert _scope(node, world(rule("{}"))).caller == Caller(Place("eu", "a"))
    text = rule("{failoverPriority: [rack, version=v1, topology.kubernetes.io/zone]}")
    known = (("rack", "7"), ("topology.kubernetes.io/zone", "a"))
    assert _scope(node, world(text)).caller == Caller(Place("eu", "a"), known)
