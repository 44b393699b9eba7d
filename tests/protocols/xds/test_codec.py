"""Policy becomes Envoy's messages, field by field, and the same bytes each time."""

from __future__ import annotations

import re

import pytest

from fairlead.policy.balance import RING_HASH, Balance, Outlier
from fairlead.policy.mesh import (
    DNS,
    Endpoint,
    Extension,
    Filter,
    Listener,
    Locality,
    Mesh,
    MeshCluster,
    Pool,
    Tls,
)
from fairlead.policy.resilience import Injection, Retry
from fairlead.policy.routing import action as a
from fairlead.policy.routing import match as m
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.actions import act
from fairlead.protocols.xds.clusters import assignment, cluster
from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.listeners import listener
from fairlead.protocols.xds.matches import cookie_regex, matching, route
from fairlead.protocols.xds.resource import CLUSTER, ENDPOINTS, EXTENSION, NAMES
from fairlead.protocols.xds.tables import table

X = m.TextMatch(kind=m.PREFIX, value="x", ignore_case=True)


def test_every_test_of_a_request():
    found = matching(
        m.RouteMatch(
            path=m.PathMatch(kind=m.SEPARATED_PREFIX, value="/a/", ignore_case=True),
            headers=(
                m.HeaderMatch(name="h", text=X, invert=True),
                m.HeaderMatch(name="n", range=(1, 5)),
                m.HeaderMatch(name="absent", present=False),
            ),
            queries=(m.QueryMatch(name="q"),),
            fraction=m.Fraction(numerator=3, denominator=10_000, runtime_key="k"),
            grpc=True,
            tls=False,
        )
    )

    assert pb.to_json(found) == {
        "path_separated_prefix": "/a",
        "case_sensitive": False,
        "headers": [
            {
                "name": "h",
                "string_match": {"prefix": "x", "ignore_case": True},
                "invert_match": True,
            },
            {"name": "n", "range_match": {"start": "1", "end": "5"}},
            {"name": "absent", "present_match": False},
        ],
        "query_parameters": [{"name": "q", "present_match": True}],
        "runtime_fraction": {
            "default_value": {"numerator": 3, "denominator": "TEN_THOUSAND"},
            "runtime_key": "k",
        },
        "grpc": {},
        "tls_context": {"presented": False},
    }


@pytest.mark.parametrize(
    ("kind", "value", "yes", "no"),
    [
        (m.EXACT, "a.b", ["u=a.b", "x=1; u=a.b; y=2"], ["u=axb", "xu=a.b", "u=a.bc", "x=u=a.b"]),
        (m.PREFIX, "a", ["u=abc; z=1"], ["u=ba"]),
        (m.SUFFIX, "c", ["u=abc; z=1"], ["u=abcd; c=c"]),
        (m.REGEX, "a|b", ["u=a", "u=b; c=d"], ["u=ab"]),
    ],
)
def test_a_cookie_is_tested_in_its_header(kind, value, yes, no):
    test = m.CookieMatch(name="u", text=m.TextMatch(kind=kind, value=value))
    expression = re.compile(cookie_regex(test))

    assert [one for one in yes if not expression.fullmatch(one)] == []
    assert [one for one in no if expression.fullmatch(one)] == []


@pytest.mark.parametrize(
    ("action", "plain"),
    [
        (a.Forward(clusters=(a.Weighted(cluster="c"),)), {"route": {"cluster": "c"}}),
        (
            a.Forward(
                clusters=(a.Weighted(cluster="c", weight=9), a.Weighted(cluster="d")),
                path=a.PathRewrite(prefix="/"),
                host=a.HostRewrite(literal="h"),
                mirrors=(a.Mirror(cluster="m", fraction=m.Fraction(numerator=1)),),
                hashing=(a.HashKey(source="cookie", name="n", ttl=0, path="/"),),
            ),
            {
                "route": {
                    "weighted_clusters": {
                        "clusters": [{"name": "c", "weight": 9}, {"name": "d", "weight": 1}]
                    },
                    "prefix_rewrite": "/",
                    "host_rewrite_literal": "h",
                    "request_mirror_policies": [
                        {"cluster": "m", "runtime_fraction": {"default_value": {"numerator": 1}}}
                    ],
                    "hash_policy": [{"cookie": {"name": "n", "ttl": "0s", "path": "/"}}],
                }
            },
        ),
        (
            a.Redirect(code=308, https=True, host="h", port=8443, path="/p"),
            {
                "redirect": {
                    "host_redirect": "h",
                    "path_redirect": "/p",
                    "response_code": "PERMANENT_REDIRECT",
                    "https_redirect": True,
                    "port_redirect": 8443,
                }
            },
        ),
        (
            a.Answer(status=418, body="tea"),
            {"direct_response": {"status": 418, "body": {"inline_string": "tea"}}},
        ),
        (a.Refuse(), {"non_forwarding_action": {}}),
    ],
    ids=["plain", "forward", "redirect", "answer", "refuse"],
)
def test_every_action(action, plain):
    found = route.Route()
    act(found, action)

    assert pb.to_json(found) == plain


def test_a_route_says_its_times_its_retries_and_its_faults():
    one = Route(
        name="n",
        action=a.Forward(clusters=(a.Weighted(cluster="c"),)),
        timeout=1.5,
        retry=Retry(attempts=3, on=("5xx", "unavailable", "non-idempotent"), per_try=0.5),
        injection=Injection(delay=2, delay_percent=50, status=503, abort_percent=0.1),
        cors=a.Cors(origins=(X,)),
    )
    found = table(
        RouteTable(name="t", hosts=(VirtualHost(name="h", domains=("*",), routes=(one,)),))
    )

    plain = pb.to_json(found)["virtual_hosts"][0]["routes"][0]
    retry = plain["route"]["retry_policy"]
    assert plain["route"]["timeout"] == "1.500s"
    assert retry["retry_on"] == "5xx,unavailable"
    assert (retry["num_retries"], retry["per_try_timeout"]) == (3, "0.500s")
    fault = plain["typed_per_filter_config"]["envoy.filters.http.fault"]
    assert fault["abort"]["percentage"] == {"numerator": 1000, "denominator": "MILLION"}
    assert "envoy.filters.http.cors" in plain["typed_per_filter_config"]


def test_a_route_that_only_a_plug_in_knows_is_left_out():
    own = Route(match=m.RouteMatch(custom=(m.Custom(name="x"),)), action=a.Answer(status=200))
    host = VirtualHost(name="h", domains=("*",), routes=(own, Route(action=a.Answer(status=404))))

    found = pb.to_json(table(RouteTable(name="t", hosts=(host,))))

    assert [r["direct_response"] for r in found["virtual_hosts"][0]["routes"]] == [{"status": 404}]


@pytest.mark.parametrize("least", [0.0, 30.0])
def test_a_place_that_fails_is_left_at_once_and_panic_is_off_where_nobody_asks_for_it(least):
    """Envoy's own are half of the instances, and a second in which ejections are gathered."""
    one = MeshCluster(name="c", outlier=Outlier(least_healthy=least), by_locality=True)
    found = pb.to_json(cluster(one))

    threshold = {"value": least} if least else {}
    assert found["common_lb_config"] == {
        "healthy_panic_threshold": threshold,
        "locality_weighted_lb_config": {},
        "update_merge_window": "0s",
    }
    assert "common_lb_config" not in pb.to_json(cluster(MeshCluster(name="c")))


def test_a_cluster_says_how_it_is_called():
    one = MeshCluster(
        name="c",
        balance=Balance(algorithm=RING_HASH, key="header", name="u"),
        outlier=Outlier(consecutive_local_failures=2),
        pool=Pool(connect_timeout=1, most_requests=7),
        tls=Tls(
            certificate="own", authorities="roots", server_name="s", subject_names=("spiffe://a",)
        ),
        http2=True,
        report_load=True,
    )
    found = pb.to_json(cluster(one))

    assert found["eds_cluster_config"] == {"eds_config": {"ads": {}, "resource_api_version": "V3"}}
    assert found["ring_hash_lb_config"] == {"minimum_ring_size": "1024"}
    assert found["outlier_detection"]["consecutive_local_origin_failure"] == 2
    limits = found["circuit_breakers"]["thresholds"][0]
    assert limits["max_pending_requests"] == 4294967295, "Envoy's own would be 1,024"
    assert (limits["max_requests"], limits["max_connections"]) == (7, 4294967295)
    tls = found["transport_socket"]["typed_config"]
    assert (tls["sni"], tls["common_tls_context"]["alpn_protocols"]) == ("s", ["h2"])
    assert found["lrs_server"] == {"self": {}}


def test_a_cluster_that_is_looked_up_brings_its_endpoints():
    place = Locality(zone="z", weight=2, priority=1, endpoints=(Endpoint(address="[::1]:80"),))
    one = MeshCluster(name="c", discovery=DNS, localities=(place,))

    found = pb.to_json(cluster(one))["load_assignment"]

    assert found == pb.to_json(assignment(one))
    socket = found["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert socket == {"address": "::1", "port_value": 80}


def test_a_listener_has_its_filters_and_then_the_router():
    own = "type.googleapis.com/example.Filter"
    filters = (
        Filter(name="pushed", type_url=own),
        Filter(name="own", type_url=own, content='{"a": 1}', optional=True),
    )
    found = pb.to_json(
        listener(Listener(name="l", table="t", address="127.0.0.1:1", filters=filters))
    )

    manager = found["filter_chains"][0]["filters"][0]["typed_config"]
    names = [one["name"].rpartition(".")[2] for one in manager["http_filters"]]
    assert names == ["cors", "fault", "pushed", "own", "router"]
    assert manager["http_filters"][2]["config_discovery"]["type_urls"] == [own]
    assert manager["http_filters"][3]["typed_config"]["value"] == {"a": 1}
    assert manager["rds"]["route_config_name"] == "t"


def test_what_stayed_the_same_is_not_encoded_again():
    a1, b1 = MeshCluster(name="a"), MeshCluster(name="b")
    moved = MeshCluster(name="b", localities=(Locality(endpoints=(Endpoint(address="h:1"),)),))
    encoder = Encoder()
    first = encoder.view(Mesh(clusters=(a1, b1), hosts=(("a", ("10.0.0.1",)),)))

    second = encoder.view(Mesh(clusters=(a1, moved), hosts=(("a", ("10.0.0.1",)),)), first)

    assert second.of(CLUSTER) is first.of(CLUSTER), "only endpoints have changed"
    assert second.of(NAMES) is first.of(NAMES)
    assert second.of(ENDPOINTS).resources["a"] is first.of(ENDPOINTS).resources["a"]
    difference = second.of(ENDPOINTS).since(first.of(ENDPOINTS))
    assert [one.name for one in difference.put] == ["b"]


def test_the_same_policy_is_the_same_bytes_to_everybody():
    one = Extension(name="e", type_url="example.Own", content='{"b": 1, "a": {"d": 2, "c": 3}}')

    views = [Encoder().view(Mesh(extensions=(one,))) for _ in range(2)]

    contents = {view.of(EXTENSION).resources["e"].content for view in views}
    assert len(contents) == 1
