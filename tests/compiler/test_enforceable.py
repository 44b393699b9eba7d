"""Whatever is admitted can be enforced: a rule that agents refuse keeps all others from them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.compiler import World
from fairlead.flow.gates import Gates
from fairlead.kinds import InvalidResource, parse
from fairlead.policy.encode import read_snapshot, to_plain
from tests.kinds.guards import control
from tests.kinds.policies import policy


def mostly(good: list[Any], bad: list[Any]) -> st.SearchStrategy[Any]:
    """Draw one of `good`, and seldom one of `bad`: else hardly anything would be admitted."""
    return st.sampled_from([*good * (40 // len(good)), *bad])


times = mostly(["1ms", "7ms", "1s", "90s", "1h", "366d"], ["0s", "999999999999d"])
amounts = mostly(
    [0, 1, 1.5, 3, 1000, 1_000_000_000], [0.5, -1, 1e12, float("nan"), float("inf"), True]
)
counts = mostly([1, 2, 100, 1000], [0, 1_000_000_000, -1, 1 << 60])
texts = mostly(
    ["web", "GET:/a", "/a/<int:id>", "404", "5xx", "é"], ["x" * 1201, "a\nb", "", "(a", "(a+)+"]
)
modes = st.sampled_from(["on", "simulate", "off", True, False])
warm_up = st.fixed_dictionaries({"period": times}, optional={"coldFactor": amounts})
callers = {
    "callers": st.lists(texts, max_size=3),
    "otherCallers": st.lists(texts, max_size=3),
    "perCaller": st.booleans(),
    "entrance": texts,
    "mode": modes,
}
window = st.fixed_dictionaries({"threshold": amounts, "statDuration": times})
ratios = mostly(["0%", "0.000000001%", "45%", "100%"], ["101%"])

rate = {
    **callers,
    "warmUp": warm_up,
    "buckets": mostly([1], [0, 7, 1 << 60]),
    "relatedResource": texts,
}
scale = st.fixed_dictionaries(
    {
        "lowThreshold": mostly([1000, 1e9], [0, -1]),
        "highThreshold": amounts,
        "lowBytes": mostly([0, 1], [-1]),
        "highBytes": mostly([2, 1 << 60], [0, 1 << 61]),
    }
)

conditions = st.one_of(
    st.fixed_dictionaries(
        {"conditions": st.lists(mostly(["5xx", "timeout", "a.B"], ["5x"]), max_size=3)}
    ),
    st.dictionaries(st.sampled_from(["errorType", "representation", "x"]), texts, max_size=2),
)


def breaker(**more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a breaker that has what all have, and `more`."""
    every = {"statDuration": times, "recoveryTimeout": times, "minRequestAmount": counts}
    return st.fixed_dictionaries(
        {**every, **more},
        optional={
            "buckets": counts,
            "exclusive": st.booleans(),
            "probes": counts,
            "recoverySteps": mostly([1, 100], [0, 101]),
            "probeLease": times,
            "mode": modes,
        },
    )


described = st.one_of(
    st.fixed_dictionaries(
        {
            "rateLimit": st.one_of(
                st.fixed_dictionaries({"threshold": amounts, "statDuration": times}, optional=rate),
                st.fixed_dictionaries(
                    {"windows": st.lists(window, min_size=1, max_size=3)}, optional=callers
                ),
                st.fixed_dictionaries(
                    {"statDuration": times, "memoryAdaptive": scale}, optional=callers
                ),
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "throttling": st.one_of(
                st.fixed_dictionaries(
                    {"minIntervalOfRequests": times, "queueTimeout": times},
                    optional={**callers, "warmUp": warm_up},
                ),
                st.fixed_dictionaries(
                    {"threshold": amounts, "statDuration": times, "queueTimeout": times},
                    optional={**callers, "burst": counts},
                ),
            )
        }
    ),
    st.fixed_dictionaries(
        {"concurrencyLimit": st.fixed_dictionaries({"maxConcurrency": counts}, optional=callers)}
    ),
    st.fixed_dictionaries(
        {
            "circuitBreaker": st.one_of(
                breaker(
                    strategy=st.just("SlowRequestRatio"),
                    triggerRatio=ratios,
                    slowConditions=st.fixed_dictionaries({"maxAllowedRt": times}),
                ),
                breaker(
                    strategy=st.just("ErrorRequestRatio"),
                    triggerRatio=ratios,
                    errorConditions=conditions,
                ),
                breaker(strategy=st.just("ErrorRequestCount"), triggerCount=counts),
                breaker(strategy=texts),
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "hotParameter": st.fixed_dictionaries(
                {
                    "param": st.fixed_dictionaries(
                        {"source": st.sampled_from(["header", "client-ip", "sql", "constant"])},
                        optional={
                            "name": st.one_of(texts, counts),
                            "match": st.dictionaries(
                                st.sampled_from(["exact", "prefix", "contains", "regex"]),
                                texts,
                                max_size=1,
                            ),
                        },
                    ),
                    "threshold": amounts,
                },
                optional={
                    **callers,
                    "behavior": st.sampled_from(["Reject", "Throttle", "Concurrency"]),
                    "burst": counts,
                    "duration": times,
                    "queueTimeout": times,
                    "capacity": counts,
                    "exceptions": st.lists(
                        st.fixed_dictionaries({"value": texts, "threshold": amounts}), max_size=2
                    ),
                },
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "authority": st.dictionaries(
                st.sampled_from(["allow", "deny"]), st.lists(texts, max_size=2), max_size=1
            )
        }
    ),
)

targets = st.lists(
    st.fixed_dictionaries({"targetResourceName": texts}, optional={"regex": st.booleans()}),
    min_size=1,
    max_size=2,
)

answers = st.fixed_dictionaries(
    {
        "behavior": st.sampled_from(["ReturnProvidedResponse", "Redirect", "QueueMessage"]),
        "behaviorDesc": st.fixed_dictionaries(
            {},
            optional={
                "responseStatusCode": mostly([200, 204, 302, 429, 599], [99]),
                "responseContentBody": texts,
                "redirectUrl": mostly(["/a", "https://a"], ["a", "/a\r\nb: c"]),
                "grpcStatus": counts,
                "grpcMessage": texts,
                "value": mostly(["null", "{}"], ["x"]),
            },
        ),
    }
)


seconds = mostly(["0.001s", "0.007s", "1s", "1.5s", "31622400s"], ["0s", "1", "31622401s", "1e3s"])
numbers = mostly([0, 1, "3", 5.0, 1_000_000_000], [-1, 1.5, float("nan"), "x", True, 1 << 64])


def config(**required: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw a config that has what it must have, and a scope."""
    return st.fixed_dictionaries(required, optional={"scope": mostly(["LOCAL", 0], [7, "GLOBAL"])})


policies = st.one_of(
    st.tuples(st.just("RateLimit"), config(limit=numbers, interval=seconds, burst=numbers)),
    st.tuples(st.just("RateLimit"), config(limit=numbers, interval=seconds)),
    st.tuples(st.just("ConcurrencyLimit"), config(max_concurrency=numbers)),
    st.tuples(
        st.just("CircuitBreaker"),
        st.fixed_dictionaries(
            {
                "slowRequest": st.fixed_dictionaries({"latency": seconds}),
                "abnormalPercent": mostly([1, "35", 100], [0, 101]),
                "interval": seconds,
                "breaking_interval": seconds,
            },
            optional={
                "minRequests": numbers,
                "recovery": st.fixed_dictionaries({"probe_count": numbers}),
            },
        ),
    ),
)

selectors = st.fixed_dictionaries(
    {},
    optional={
        "routes": st.lists(st.fixed_dictionaries({"name": texts}), max_size=2),
        "workloads": st.lists(
            st.fixed_dictionaries({"labels": st.just({"app": "orders"})}), max_size=2
        ),
    },
)

replies = st.one_of(
    st.fixed_dictionaries(
        {
            "custom_response": st.fixed_dictionaries(
                {},
                optional={
                    "statusCode": mostly([200, 429, "503"], [0, 204, 999]),
                    "body": texts,
                    "bodyEncoding": mostly(["JSON", 0], [2]),
                    "responseHeadersToAdd": st.dictionaries(texts, texts, max_size=2),
                },
            )
        }
    ),
    st.fixed_dictionaries({"redirect": st.fixed_dictionaries({"redirectUrl": texts})}),
)


TARGETS = [{"targetResourceName": "GET:/a"}, {"targetResourceName": ".*", "regex": True}]
LIMIT = {"concurrencyLimit": {"maxConcurrency": 1}}

often = settings(max_examples=300, deadline=None)


@often
@given(plain=described)
def test_a_strategy_is_refused_by_its_kind_or_enforced_by_a_gate(plain: dict[str, Any]) -> None:
    """NaN, zero, negative and absurd: a violation, or something that a gate can do."""
    refused_or_enforced(targets=TARGETS, strategies=[plain])


@often
@given(where=targets)
def test_a_target_is_refused_by_its_kind_or_known_to_the_gates(where: list[Any]) -> None:
    """A pattern that Python cannot read would keep every rule from being applied."""
    refused_or_enforced(targets=where, strategies=[LIMIT])


@often
@given(answer=answers)
def test_an_answer_is_refused_by_its_kind_or_can_be_sent(answer: dict[str, Any]) -> None:
    """What is no response would end a stranger's server, on the day that something is rejected."""
    refused_or_enforced(targets=TARGETS, strategies=[LIMIT], fallback=answer)


@often
@given(what=policies, whom=selectors, reply=replies, mode=modes)
def test_a_policy_is_refused_by_its_kind_or_enforced_by_a_gate(
    what: tuple[str, dict[str, Any]], whom: dict[str, Any], reply: dict[str, Any], mode: Any
) -> None:
    """In all the spellings that protobuf has for a number, an enum and a name."""
    kind, config = what
    plain = policy(kind, selector=whom, action={"http": reply}, mode=mode)
    plain["spec"]["config"] = config
    admitted_is_enforced(plain)


def refused_or_enforced(**spec: Any) -> None:
    """Admit a FlowControl, send it, and have a call enter by its rules; or see it refused."""
    admitted_is_enforced(control(**spec))


def admitted_is_enforced(plain: dict[str, Any]) -> None:
    """Send what is admitted, and have a call enter by its rules."""
    with suppress(InvalidResource):
        resource = parse(plain)
        snapshot = World.of([resource], [], 1).snapshot("default", "orders")
        assert read_snapshot(to_plain(snapshot)) == (snapshot, ())
        gates = Gates()
        gates.apply(snapshot.flow)
        gates.gate("GET:/a").enter(facts=_Facts()).exit()


class _Facts:
    """A call of which nothing but its caller is known."""

    def caller(self) -> str:
        return "web"

    def entrance(self) -> str:
        return ""

    def value(self, source: str, name: str) -> Any:
        del source, name
        return None
