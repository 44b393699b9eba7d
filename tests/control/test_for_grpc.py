"""What clients of gRPC are given in place of what they refuse, or leave undone."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.control.for_grpc import SPARE
from fairlead.control.mesh import OUTBOUND
from fairlead.policy.mesh import Mesh, MeshCluster
from fairlead.policy.routing.action import Forward
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.policy.routing.table import Route
from fairlead.protocols.xds.node import Node
from tests.control.test_mesh_istio import SUBSETS, asked, at, given, service, to

HOST = "orders.shop.svc.cluster.local"
CONTENT = ("content-type", "application/grpc")


def told(http: str, more: str = SUBSETS) -> Mesh:
    """Return what a client of gRPC is given of the routes of orders."""
    return given(service(http) + more, kind="")


def routes(found: Mesh) -> list[Route]:
    """Return the routes of orders, without those of lanes, and the one that no call takes."""
    (table,) = (one for one in found.tables if one.name == HOST)
    return [one for one in table.hosts[0].routes if " lane " not in one.name and one.name != SPARE]


def reached(found: Mesh, *headers: tuple[str, str]) -> str:
    """Return where a call goes, as a client decides that has no headers of HTTP/2."""
    (table,) = (one for one in found.tables if one.name == HOST)
    request = Request(authority=HOST, path="/a.B/C", method="", headers=dict([*headers, CONTENT]))
    return (Router(table).route(request).cluster.split("|") + [""] * 2)[2]


def matching(match: str) -> Mesh:
    """Return what is given where calls that match go to v2."""
    return told(f"  - match: [{{{match}}}]\n{to('v2')}  -{to('v1')[3:]}")


@pytest.mark.parametrize(
    ("match", "subset"),
    [
        ("method: {exact: POST}", "v2"),
        ("method: {regex: 'P.*'}", "v2"),
        ("method: {exact: GET}", "v1"),
        ("scheme: {exact: http}", "v2"),
        ("scheme: {exact: https}", "v1"),
        ("authority: {prefix: orders}", "v2"),
        ("authority: {exact: stock}", "v1"),
    ],
)
def test_what_is_known_of_every_call_is_decided_for_them(match, subset):
    """They have no headers for it: a test of one would never hold, without a word."""
    assert reached(matching(match)) == subset


def test_what_one_name_alone_decides_is_left_as_it_is():
    """Of the names of a host, one may pass a test that others fail."""
    assert len(routes(matching("authority: {exact: orders}"))) == 2


@pytest.mark.parametrize(
    ("headers", "subset"),
    [((), "v2"), ((("x", "b"),), "v2"), ((("x", "a"),), "v1"), ((("y", "a"),), "v1")],
)
def test_a_header_that_is_missing_is_empty_for_them_too(headers, subset):
    """To them, no test of a header that is missing holds."""
    found = matching("withoutHeaders: {x: {exact: a}, y: {exact: a}}")

    assert reached(found, *headers) == subset
    assert not any(one.missing_is_empty for each in routes(found) for one in each.match.headers)


def test_a_route_is_not_made_into_hundreds():
    many = ", ".join(f"x{n}: {{exact: a}}" for n in range(9))

    assert len(routes(matching(f"withoutHeaders: {{{many}}}"))) == 2


def policy(balance: str) -> str:
    """Return a DestinationRule."""
    return SUBSETS.replace("{consistentHash: {httpHeaderName: X-User}}", balance)


@pytest.mark.parametrize(
    ("balance", "known"),
    [
        ("{simple: LEAST_REQUEST}", "ROUND_ROBIN"),
        ("{simple: RANDOM}", "ROUND_ROBIN"),
        ("{simple: ROUND_ROBIN}", "ROUND_ROBIN"),
        ("{consistentHash: {httpHeaderName: X-User}}", "RING_HASH"),
        ("{consistentHash: {httpHeaderName: X-User, maglev: {}}}", "RING_HASH"),
    ],
)
def test_instances_are_chosen_in_a_way_that_they_know(balance, known):
    """They refuse a cluster with another one, and with it every call of the app."""
    found = told(f"  -{to('v1')[3:]}", policy(balance))

    assert cluster(found, "v1").balance.algorithm == known


def cluster(found: Mesh, subset: str) -> MeshCluster:
    """Return a cluster of orders."""
    (one,) = (one for one in found.clusters if one.name == at("orders", subset))
    return one


def test_a_cluster_that_nobody_has_is_one_without_instances():
    """Calls of all routes would wait for it, 15 s after a start."""
    found = told(f"  -{to('v9')[3:]}")

    assert cluster(found, "v9").localities == ()
    assert at("orders", "v9") not in {
        one.name for one in given(service(f"  -{to('v9')[3:]}")).clusters
    }


def test_times_are_read_and_pauses_are_not_too_short():
    (first, *_) = routes(
        told(
            "  - timeout: 3s\n    retries: {attempts: 2, retryOn: unavailable, backoff: 1ms}\n"
            f"{to('v1')}"
        )
    )

    assert (first.timeout, first.grpc_timeout) == (3.0, 3.0)
    assert first.retry is not None
    assert first.retry.backoff == 0.005


@pytest.mark.parametrize(
    ("agent", "meant"),
    [("gRPC Go", True), ("gRPC C-core linux Python", True), ("envoy", False), ("", False)],
)
def test_a_library_of_grpc_is_known_by_what_it_calls_itself(agent: str, meant: Any):
    """Their bootstraps have ids like those of sidecars."""
    assert Node(id="sidecar~127.0.0.1~a.shop~shop.svc.cluster.local", agent=agent).grpc is meant


def test_envoy_is_given_what_is_written():
    found = given(service(f"  - match: [{{method: {{exact: GET}}}}]\n{to('v2')}") + SUBSETS)

    assert asked(found, method="GET").cluster == at("orders", "v2")
    assert OUTBOUND in {one.name for one in found.tables}


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ("directResponse: {status: 403}", 403),
        ("redirect: {uri: /new, redirectCode: 307}", 307),
    ],
)
def test_a_route_that_sends_nothing_is_a_fault_on_purpose(rule, status):
    """Of one, gRPC of Java refuses the table, and a process of Node ends."""
    found = told(f"  - {rule}")
    (only,) = routes(found)

    assert isinstance(only.action, Forward)
    assert only.injection is not None
    assert (only.injection.status, only.injection.abort_percent) == (status, 100.0)
    assert only.action.clusters[0].cluster in {one.name for one in found.clusters}


def test_a_route_that_asks_for_a_parameter_is_left_out():
    """No call has any; gRPC of Node overlooks the test, and would take the route."""
    assert len(routes(matching("queryParams: {q: {exact: a}}"))) == 1


def test_that_a_header_is_missing_is_said_in_a_way_that_all_read():
    (first, *_) = routes(matching("withoutHeaders: {x: {}}"))
    (header,) = first.match.headers

    assert (header.present, header.invert) == (True, True)


def spare(http: str) -> list[str]:
    """Return the clusters that no call takes, of the routes of orders."""
    (table,) = (one for one in told(http).tables if one.name == HOST)
    found = (one.action for one in table.hosts[0].routes if one.name == SPARE)
    return [one.cluster for each in found if isinstance(each, Forward) for one in each.clusters]


def test_subsets_that_a_rule_may_choose_next_are_there_beforehand():
    """What is new to a client is called before it is ready for it: in Go such calls fail."""
    assert spare(f"  -{to('v1')[3:]}") == [at("orders", one) for one in ("v2", "v2~blue", "v3")]
    assert spare("  - route: [{destination: {host: orders}}]") == []
    assert reached(told(f"  - match: [{{uri: {{prefix: /b}}}}]\n{to('v1')}"), ("x", "y")) == ""
