"""DestinationRule: how the instances of a host are called, all of them and by subset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from fairlead.compiler.istio.instances import (
    AGENTS,
    Instances,
    elsewhere,
    merged,
    pool,
    ports,
    tls,
)
from fairlead.compiler.istio.localities import failing_over, located
from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Calling, Part
from fairlead.kinds import Resource
from fairlead.kinds.destination_rule import (
    ConsistentHash,
    DestinationRuleSpec,
    LoadBalancer,
    OutlierDetection,
    RetryBudget,
    TrafficPolicy,
)
from fairlead.kinds.networking import Percent, waiting
from fairlead.policy.balance import (
    COOKIE,
    HEADER,
    LEAST_REQUEST,
    MAGLEV,
    QUERY,
    RANDOM,
    RING_HASH,
    ROUND_ROBIN,
    SOURCE_IP,
    USUAL,
    Balance,
    Budget,
    Cluster,
    Outlier,
    Warmup,
)

LARGEST = 262_139
"""Places of a table, a prime: each process that calls fills its own, whenever instances change."""

_SIMPLE = {"RANDOM": RANDOM, "ROUND_ROBIN": ROUND_ROBIN}


def compile_destination_rule(resource: Resource[DestinationRuleSpec]) -> Part:
    """Return what a DestinationRule compiles to; `calls.py` finds whom it is about."""
    spec = resource.spec
    waits = tuple(f"{path}: not enforced in this version" for path in waiting(spec))
    return Part(
        resource=resource,
        calling=Calling(
            destination=True,
            hosts=(spec.host,),
            exported=spec.export_to or (),
            instances=tuple(_instances(f"{resource.kind.kind}/{resource.name}", spec)),
            policy=spec.traffic_policy is not None,
        ),
        not_honoured=(
            *waits,
            *_passthrough(spec),
            *_large(spec),
            *_own_budgets(spec),
            *_nobody_left_out(spec),
            *_left(spec),
        ),
    )


def _policies(spec: DestinationRuleSpec) -> Iterator[tuple[str, TrafficPolicy | None]]:
    yield "", spec.traffic_policy
    for at, one in enumerate(spec.subsets or ()):
        yield f"subsets[{at}].", one.traffic_policy


def _left(spec: DestinationRuleSpec) -> Iterator[str]:
    for above, policy in _policies(spec):
        if policy is None:
            continue
        path = f"{above}trafficPolicy"
        yield from elsewhere(policy, path)
        for place, one in enumerate(policy.port_level_settings or ()):
            where = f"{path}.portLevelSettings[{place}]"
            yield f"{where}: {AGENTS}, for the port that a route names, or 80"
            yield from elsewhere(one, where)


def _large(spec: DestinationRuleSpec) -> Iterator[str]:
    for above, policy in _policies(spec):
        hashed = policy.load_balancer.consistent_hash if policy and policy.load_balancer else None
        size = hashed.maglev.table_size if hashed and hashed.maglev else None
        if size is not None and size > LARGEST:
            path = f"{above}trafficPolicy.loadBalancer.consistentHash.maglev.tableSize"
            yield f"{path}: {size} places take each caller seconds to fill; {LARGEST} are used"


def _passthrough(spec: DestinationRuleSpec) -> Iterator[str]:
    for above, policy in _policies(spec):
        if policy and policy.load_balancer and policy.load_balancer.simple == "PASSTHROUGH":
            path = f"{above}trafficPolicy.loadBalancer.simple"
            yield f"{path}: PASSTHROUGH: an app's name is no address; LEAST_REQUEST is used"


def _own_budgets(spec: DestinationRuleSpec) -> Iterator[str]:
    """Yield the budgets of subsets: what a callee can bear does not depend on who is meant."""
    why = "agents have one for all calls of an app, that of spec.trafficPolicy; Envoy one for each"
    for above, policy in _policies(spec):
        if policy is None or not above:
            continue
        path = f"{above}trafficPolicy"
        if policy.retry_budget is not None:
            yield f"{path}.retryBudget: {why}"
        http = policy.connection_pool and policy.connection_pool.http
        if http and http.max_retries is not None:
            yield f"{path}.connectionPool.http.maxRetries: {why}"


def _nobody_left_out(spec: DestinationRuleSpec) -> Iterator[str]:
    """Yield what of places says nothing, as nobody is ever found ill."""
    whole = spec.traffic_policy or TrafficPolicy()
    for above, policy in _policies(spec):
        if policy is None:
            continue
        path = f"{above}trafficPolicy"
        if merged(whole, policy).outlier_detection is None:
            yield from failing_over(policy, path)
        for place, one in enumerate(policy.port_level_settings or ()):
            if one.outlier_detection is None:
                yield from failing_over(one, f"{path}.portLevelSettings[{place}]")


def _instances(rule: str, spec: DestinationRuleSpec) -> Iterator[Instances]:
    policy = spec.traffic_policy or TrafficPolicy()
    yield _called(rule, "", policy, tuple(ports(policy)))
    for subset in spec.subsets or ():
        own = subset.traffic_policy or TrafficPolicy()
        found = _called(rule, subset.name, merged(policy, own), tuple(ports(policy, own)))
        yield replace(found, labels=pairs(subset.labels or {}))


def _called(
    rule: str,
    subset: str,
    policy: TrafficPolicy,
    by_port: tuple[tuple[int, TrafficPolicy], ...] = (),
) -> Instances:
    return Instances(
        cluster=_cluster(rule, subset, policy),
        pool=pool(policy.connection_pool),
        tls=tls(policy.tls),
        ports=tuple((number, _called(rule, subset, one)) for number, one in by_port),
    )


def _cluster(rule: str, subset: str, policy: TrafficPolicy) -> Cluster:
    limits = pool(policy.connection_pool)
    http = policy.connection_pool.http if policy.connection_pool else None
    return Cluster(
        subset=subset,
        rule=rule,
        balance=_balance(policy.load_balancer),
        locality=located(policy.load_balancer),
        outlier=_outlier(policy.outlier_detection),
        budget=_budget(policy.retry_budget, http.max_retries if http else None),
        most_requests=limits.most_requests,
        connect=limits.connect_timeout,
    )


def _balance(balancer: LoadBalancer | None) -> Balance:
    if balancer is None:
        return Balance(algorithm=LEAST_REQUEST)
    if balancer.consistent_hash is not None:
        return _hashed(balancer.consistent_hash)
    algorithm = _SIMPLE.get(balancer.simple or "", LEAST_REQUEST)
    return Balance(algorithm=algorithm, warmup=_warmup(balancer))


def _hashed(rule: ConsistentHash) -> Balance:
    key, name = SOURCE_IP, ""
    if rule.http_header_name:
        key, name = HEADER, rule.http_header_name.lower()
    elif rule.http_cookie is not None:
        key, name = COOKIE, rule.http_cookie.name
    elif rule.http_query_parameter_name:
        key, name = QUERY, rule.http_query_parameter_name
    if rule.maglev is not None:
        size = min(rule.maglev.table_size or 0, LARGEST)
        return Balance(algorithm=MAGLEV, key=key, name=name, size=size)
    ring = rule.ring_hash.minimum_ring_size if rule.ring_hash else rule.minimum_ring_size
    return Balance(algorithm=RING_HASH, key=key, name=name, size=ring or 0)


def _warmup(balancer: LoadBalancer) -> Warmup | None:
    if balancer.warmup is not None and balancer.warmup.duration:
        rule = balancer.warmup
        least = 10.0 if rule.minimum_percent is None else float(rule.minimum_percent)
        return Warmup(duration=rule.duration, least=least, aggression=float(rule.aggression or 1.0))
    return Warmup(duration=old) if (old := balancer.warmup_duration_secs) else None


def _outlier(rule: OutlierDetection | None) -> Outlier | None:
    if rule is None:
        return None
    old = rule.consecutive_errors  # what it meant are errors of gateways alone
    errors = 0 if old is not None else 5
    local = rule.consecutive_local_origin_failures
    base = rule.base_ejection_time or 30.0
    return Outlier(
        consecutive_5xx=errors if (own := rule.consecutive5xx_errors) is None else own,
        consecutive_gateway_errors=rule.consecutive_gateway_errors or old or 0,
        consecutive_local_failures=(5 if local is None else local)
        if rule.split_external_local_origin_errors
        else 0,
        interval=rule.interval or 10.0,
        base_ejection=base,
        longest_ejection=max(300.0, base),
        most_ejected=10.0 if (most := rule.max_ejection_percent) is None else float(most),
        least_healthy=float(rule.min_health_percent or 0),
    )


def _budget(rule: RetryBudget | None, most: int | None) -> Budget:
    if rule is None:
        return USUAL if most is None else Budget(most=most)
    percent = rule.percent.value if isinstance(rule.percent, Percent) else rule.percent
    least = rule.min_retry_concurrency
    return Budget(
        percent=USUAL.percent if percent is None else float(percent),
        least=USUAL.least if least is None else least,
    )
