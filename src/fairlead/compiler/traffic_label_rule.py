"""TrafficLabelRule: its lane, and its colouring at the entry app."""

from __future__ import annotations

from fairlead.compiler.part import Part
from fairlead.kinds import Match, Resource, app_of
from fairlead.kinds.traffic_label_rule import KIND, TrafficLabelRuleSpec
from fairlead.policy.lane import Colouring
from fairlead.policy.match import Condition


def compile_traffic_label_rule(resource: Resource[TrafficLabelRuleSpec]) -> Part:
    """Return what a TrafficLabelRule compiles to."""
    lane = resource.spec.traffic_label
    conditions = tuple(_condition(match, lane) for match in resource.spec.match)
    rule = f"{KIND.kind}/{resource.name}"
    colouring = Colouring(rule=rule, lane=lane, conditions=conditions)
    return Part(resource=resource, lane=lane, app=app_of(resource), colouring=colouring)


def _condition(match: Match, lane: str) -> Condition:
    source, key = str(match.type), match.key or ""
    if match.condition == "percentage":
        # Without a key there is nothing to be sticky to but the trace, whatever the type says.
        source = source if key else "trace"
        share = match.values
        return Condition(source=source, key=key, operator="percentage", values=share, salt=lane)
    if source == "header":
        key = key.lower()
    return Condition(source=source, key=key, operator=match.condition, values=match.values)
