"""TrafficLane: its lane with its key, its colouring at the entry app, and its workloads.

A lane without `traffic` colours nothing. The app it selects is an entry all the same (contract 7):
what comes in from outside must not choose a lane there.
"""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.compiler.labels import pairs
from fairlead.compiler.part import Part
from fairlead.kinds import Resource, app_of
from fairlead.kinds.string_match import StringMatch
from fairlead.kinds.traffic_lane import KIND, Traffic, TrafficLaneSpec
from fairlead.policy.lane import Colouring
from fairlead.policy.match import Condition


def compile_traffic_lane(resource: Resource[TrafficLaneSpec]) -> Part:
    """Return what a TrafficLane compiles to."""
    rules, lane = resource.spec.rules, resource.spec.lane_name
    conditions = tuple(_conditions(rules.traffic, lane)) if rules.traffic else ()
    colouring = None
    if conditions:
        rule = f"{KIND.kind}/{resource.name}"
        colouring = Colouring(rule=rule, lane=lane, conditions=conditions)
    return Part(
        resource=resource,
        lane=lane,
        key=rules.trace_id_baggage or "",
        app=app_of(resource),
        colouring=colouring,
        workloads=pairs(rules.workload.selector) if rules.workload else (),
    )


def _conditions(traffic: Traffic, lane: str) -> Iterator[Condition]:
    http = traffic.http
    if http is not None:
        for name, match in sorted((http.headers or {}).items()):
            yield _condition("header", match, name.lower())
        for name, match in sorted((http.query_params or {}).items()):
            yield _condition("query", match, name)
        if http.uri is not None:
            yield _condition("path", http.uri)
    if traffic.percentage is not None:
        share = (traffic.percentage,)
        yield Condition(source="trace", operator="percentage", values=share, salt=lane)


def _condition(source: str, match: StringMatch, key: str = "") -> Condition:
    return Condition(source=source, key=key, operator=match.operator, values=(match.text,))
