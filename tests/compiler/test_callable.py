"""Whatever is admitted about calls can be enforced: one object must not keep all others away."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.compiler import Instance, World
from fairlead.compiler.destination_rule import LARGEST, compile_destination_rule
from fairlead.kinds import InvalidResource, parse

times = st.sampled_from(["1ns", "25ms", "1s", "3h", "24h", "0s", "25h"])
percents = st.sampled_from([0, 0.5, 20, 100, 101, 200, -1, float("nan"), float("inf")])
values = st.fixed_dictionaries({"value": percents})
counts = st.sampled_from([0, 1, 5, 100, 4_294_967_295, 1 << 32, -1])
weights = st.sampled_from([0, 0, 1, 100, 1_000_000, 1_000_001, -1])
hosts = st.sampled_from(["orders", "stock", "orders.default", "nobody"])

destinations = st.fixed_dictionaries(
    {"host": hosts}, optional={"subset": st.sampled_from(["v1", "v2", "v9"])}
)
routes = st.fixed_dictionaries(
    {},
    optional={
        "timeout": times,
        "route": st.lists(
            st.fixed_dictionaries({"destination": destinations}, optional={"weight": weights}),
            max_size=3,
        ),
        "retries": st.fixed_dictionaries(
            {},
            optional={
                "attempts": counts,
                "perTryTimeout": times,
                "backoff": times,
                "retryOn": st.sampled_from(["5xx,reset", "503", "", "099", "unavailable,100"]),
            },
        ),
        "fault": st.fixed_dictionaries(
            {},
            optional={
                "delay": st.fixed_dictionaries({"fixedDelay": times, "percentage": values}),
                "abort": st.fixed_dictionaries(
                    {"httpStatus": st.sampled_from([99, 200, 599, 600]), "percentage": values}
                ),
            },
        ),
    },
)
hashes = st.fixed_dictionaries(
    {"useSourceIp": st.just(True)},
    optional={
        "maglev": st.fixed_dictionaries({"tableSize": st.sampled_from([2, 251, 256, 4_999_999])}),
        "minimumRingSize": counts,
    },
)
policies = st.fixed_dictionaries(
    {},
    optional={
        "loadBalancer": st.one_of(
            st.fixed_dictionaries({"consistentHash": hashes}),
            st.fixed_dictionaries(
                {
                    "warmup": st.fixed_dictionaries(
                        {"duration": times},
                        optional={"minimumPercent": percents, "aggression": percents},
                    )
                }
            ),
        ),
        "outlierDetection": st.fixed_dictionaries(
            {},
            optional={
                "consecutive5xxErrors": counts,
                "interval": times,
                "baseEjectionTime": times,
                "maxEjectionPercent": counts,
                "minHealthPercent": counts,
            },
        ),
        "retryBudget": st.fixed_dictionaries(
            {}, optional={"percent": percents | values, "minRetryConcurrency": counts}
        ),
        "connectionPool": st.fixed_dictionaries(
            {},
            optional={
                "tcp": st.fixed_dictionaries({"connectTimeout": times}),
                "http": st.fixed_dictionaries({"maxRetries": counts, "http2MaxRequests": counts}),
            },
        ),
    },
)
subsets = st.lists(st.fixed_dictionaries({"name": st.sampled_from(["v1", "v2"])}), max_size=2)
specs = st.one_of(
    st.fixed_dictionaries({"hosts": st.just(["orders"]), "http": st.lists(routes, max_size=2)}),
    st.fixed_dictionaries({"host": st.just("orders"), "trafficPolicy": policies}),
    st.fixed_dictionaries({"host": st.just("orders"), "subsets": subsets}),
)


def made(spec: dict[str, Any], place: int) -> dict[str, Any]:
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "DestinationRule" if "host" in spec else "VirtualService",
        "metadata": {"name": f"r{place}"},
        "spec": spec,
    }


@settings(max_examples=400, deadline=None)
@given(st.lists(specs, min_size=1, max_size=3))
def test_whatever_is_admitted_is_taken_by_agents(drawn):
    """A snapshot that an agent refuses keeps every later change from its namespace, too."""
    admitted = []
    for place, spec in enumerate(drawn):
        with suppress(InvalidResource):
            admitted.append(parse(made(spec, place)))
    instances = [
        Instance(namespace="default", app=app, address=f"10.0.0.{number}:80", labels=())
        for number, app in enumerate(("orders", "stock"), 1)
    ]
    world = World.of(admitted, instances, 1, [])
    snapshot = world.snapshot(namespace="default", app="web", labels=())
    snapshot.check()
    assert bool(snapshot.calls) == bool(admitted)


def test_a_table_that_takes_seconds_is_made_smaller_and_says_so():
    """Each process fills its own, whenever an instance comes or goes."""
    hashed = {"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 4_999_999}}}
    rule = parse(made({"host": "orders", "trafficPolicy": {"loadBalancer": hashed}}, 1))
    part = compile_destination_rule(rule)
    assert part.calling is not None
    assert part.calling.instances[0].cluster.balance.size == LARGEST
    path = "trafficPolicy.loadBalancer.consistentHash.maglev.tableSize"
    assert part.not_honoured[0].startswith(f"{path}: 4999999 places")


def test_a_budget_of_a_subset_is_said_not_to_be_kept():
    """An app's is one: what its instances can bear does not depend on who is meant."""
    budget = {"retryBudget": {"percent": 50}}
    rule = parse(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "DestinationRule",
            "metadata": {"name": "b"},
            "spec": {
                "host": "b",
                "trafficPolicy": budget,
                "subsets": [
                    {"name": "plain", "labels": {"version": "v1"}},
                    {
                        "name": "own",
                        "labels": {"version": "v2"},
                        "trafficPolicy": {
                            **budget,
                            "connectionPool": {"http": {"maxRetries": 2, "http2MaxRequests": 9}},
                        },
                    },
                ],
            },
        }
    )
    world = World.of([rule], [Instance(namespace="default", app="b", address="h:1")], 1)
    said = "; ".join(one.message for one in world.findings() if one.type == "NotHonoured")
    assert "subsets[1].trafficPolicy.retryBudget: agents have one for all calls" in said
    assert "subsets[1].trafficPolicy.connectionPool.http.maxRetries: " in said
    assert "subsets[0]" not in said
