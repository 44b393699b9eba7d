"""localityLbSetting: from what is written to what is enforced."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.istio.instances import Policy
from fairlead.kinds.destination_rule import LoadBalancer
from fairlead.policy.locality import Distribution, LocalityRule

NEEDED = "nobody is found to be ill without outlierDetection: places say nothing (Istio)"


def located(balancer: LoadBalancer | None) -> LocalityRule | None:
    """Return what places say about who is called, None for what they say by default."""
    one = balancer.locality_lb_setting if balancer else None
    if one is None:
        return None
    return LocalityRule(
        enabled=one.enabled is not False,
        distribute=tuple(
            Distribution(source=each.from_, to=tuple(each.to.items()))
            for each in one.distribute or ()
        ),
        failover=tuple((each.from_, each.to) for each in one.failover or ()),
        labels=one.failover_priority or (),
    )


def failing_over(policy: Policy, path: str) -> Iterator[str]:
    """Yield what of a policy without outlier detection says nothing, with the paths of fields."""
    one = policy.load_balancer.locality_lb_setting if policy.load_balancer else None
    if one is None or one.enabled is False:
        return
    for field in ("failover", "failover_priority"):
        if getattr(one, field):
            alias = type(one).model_fields[field].alias
            yield f"{path}.loadBalancer.localityLbSetting.{alias}: {NEEDED}"
