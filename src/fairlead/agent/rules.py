"""The rules about the flow of calls in this process, and what their resources have seen."""

from __future__ import annotations

from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING, Any

from fairlead.flow import noting
from fairlead.flow.breaker import CLOSED, NAMES
from fairlead.flow.workers import states
from fairlead.policy.call_wording import cluster_worded, route_asked, route_worded
from fairlead.policy.rule import ENFORCE
from fairlead.policy.wording import worded
from fairlead.telemetry.names import (
    BREAKER_CLOSED,
    BREAKER_OPENED,
    CALL_LATE,
    CALL_REPEATED,
    FAULT_INJECTED,
    INSTANCE_EJECTED,
    RETRY_REFUSED,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fairlead.flow.core import Listener
    from fairlead.flow.engine import Engine
    from fairlead.flow.gate import Gate
    from fairlead.flow.noting import Note
    from fairlead.policy.calls import CalleeRules
    from fairlead.policy.rule import Rule

MOST_RULES = 100
"""Rules that are told one by one."""

MOST_RESOURCES = 100
"""Resources that are told one by one: those with most calls."""


def rules_told(engine: Engine) -> dict[str, Any]:
    """Return the rules that the process has, each in words, and counts of the resources they guard.

    Of a great many the first are told, and how many there are.
    """
    rules = tuple(engine.plan.snapshot.flow)
    gates = [gate for gate in engine.gates if gate.rules]
    return {
        "rules": [_rule(one, engine) for one in rules[:MOST_RULES]],
        "number": len(rules),
        "resources": [_resource(one) for one in nlargest(MOST_RESOURCES, gates, _calls)],
    }


def protection_told(engine: Engine) -> dict[str, Any] | None:
    """Return how the process protects itself, what it does and what came of it; None if not."""
    protection = engine.overload
    rule, load = protection.rule, protection.load
    if rule is None:
        return None
    return {
        "rule": rule.rule,
        "says": worded(rule),
        "busy": round(load.busy, 3),
        "lag": round(load.lag, 4),
        "memory": round(load.memory, 3),
        "descriptors": round(load.descriptors, 3),
        "inside": protection.inside,
        "room": protection.room,
        "passed": protection.passed,
        "rejected": protection.rejected,
        "simulated": protection.simulated,
    }


def calls_told(engine: Engine) -> list[dict[str, Any]]:
    """Return the apps whose calls rules are about, with the rules, and who is left out of whom."""
    calls = engine.plan.snapshot.calls if engine.plan.ruled else None
    rules = {
        f"{one.app}.{one.namespace}": sorted(
            {cluster.rule for cluster in one.clusters} | {route.name for route in one.routes}
        )
        for one in (calls.callees if calls is not None else ())
    }
    says = {f"{one.app}.{one.namespace}": one for one in (calls.callees if calls else ())}
    found = (one for one in engine.callees.told() if one[0] in rules)
    return [
        {
            "app": app,
            "subset": subset,
            "rules": rules[app],
            "says": list(_said(says[app], subset)),
            "inside": hosts.active,
            "left_out": [{**one._asdict(), "rule": hosts.rule} for one in hosts.left_out()],
        }
        for app, subset, hosts in islice(found, MOST_RULES)
    ]


def _said(rules: CalleeRules, subset: str) -> Iterator[str]:
    """Yield in words what holds for calls of an app, or what more of one of its subsets."""
    for route in () if subset else rules.routes:
        asked, says = route_asked(route), route_worded(route, rules.host)
        yield f"{route.name}{f', if {asked}' if asked else ''}: {says}"
    for cluster in rules.clusters:
        if cluster.subset == subset and cluster.rule:
            yield f"{cluster.rule}: {cluster_worded(cluster)}"


_HAPPENED = {
    noting.EJECTED: INSTANCE_EJECTED,
    noting.REPEATED: CALL_REPEATED,
    noting.NO_BUDGET: RETRY_REFUSED,
    noting.TIMED_OUT: CALL_LATE,
    noting.INJECTED: FAULT_INJECTED,
}


def notes(count: Callable[[str, str], None]) -> Note:
    """Return what counts what happens to calls that rules are about, by the app that is called."""
    return lambda what, app: count(_HAPPENED[what], app)


def hears(count: Callable[[str, str], None]) -> Listener:
    """Return what counts the breakers that open and close, by resource.

    One that is open stays so while it is tried, and one that only simulates moves nothing.
    """

    def hear(rule: Rule, resource: str, before: str, after: str) -> None:
        closed = NAMES[CLOSED]
        if rule.mode == ENFORCE and closed in (before, after):
            count(BREAKER_OPENED if before == closed else BREAKER_CLOSED, resource)

    return hear


def _rule(rule: Rule, engine: Engine) -> dict[str, Any]:
    alone = engine.gates.why_alone(rule)
    return {
        "rule": rule.rule,
        "strategy": rule.strategy,
        "resource": rule.resource,
        "regex": rule.regex,
        "says": worded(rule),
        "scope": "process" if alone else "host",
        "alone": alone,
    }


def _calls(gate: Gate) -> int:
    return int(gate.passed + gate.rejected)


def _resource(gate: Gate) -> dict[str, Any]:
    return {
        "resource": gate.resource,
        "passed": gate.passed,
        "rejected": gate.rejected,
        "simulated": gate.simulated,
        "inside": gate.inflight,
        "waiting": gate.waiting,
        "breakers": {
            **{one.rule.strategy: NAMES[one.state] for one in gate.breakers if one.state},
            **states(gate),
        },
    }
