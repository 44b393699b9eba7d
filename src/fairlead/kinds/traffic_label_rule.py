"""TrafficLabelRule: put requests with certain attributes on a lane, at an entry app.

OpenSergo, June 2022 (its article's example loads unchanged). All conditions must hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import Field

from fairlead.kinds import match
from fairlead.kinds.admission import authored
from fairlead.kinds.binding import bound_app, needs_an_app, selects_by_app_only
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child, text_at
from fairlead.kinds.match import Match
from fairlead.kinds.spec import Labels, Lane, Spec
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE


class TrafficLabelRuleSpec(Spec):
    """Requests that meet all conditions at the entry app travel on the lane of this label."""

    selector: Labels | None = Field(
        default=None,
        description="The entry app, as `app`. A label `app` of the object wins over it.",
    )
    traffic_label: Lane = Field(
        alias="trafficLabel", description="Lane that matching requests are put on."
    )
    match: Annotated[tuple[Match, ...], Field(strict=False)] = Field(
        min_length=1, max_length=64, description="Conditions; all must hold."
    )


def violations(plain: Plain) -> Iterator[Violation]:
    """Check every condition for what fits together."""
    conditions = child(plain, "spec").get("match")
    if isinstance(conditions, list):
        for position, condition in enumerate(conditions):
            yield from match.violations(condition, ("spec", "match", position))


def _conditions(plain: Plain, now: datetime) -> str:
    del now
    conditions = child(plain, "spec").get("match") or ()
    words = (
        " ".join(str(part) for part in (c.get("type"), c.get("key"), c.get("condition")) if part)
        for c in conditions
    )
    return ", ".join(words)


KIND: Kind[TrafficLabelRuleSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="TrafficLabelRule",
    plural="trafficlabelrules",
    singular="trafficlabelrule",
    short_names=("tlr",),
    spec=TrafficLabelRuleSpec,
    rules=(needs_an_app, selects_by_app_only, violations),
    columns=(
        NAME,
        Column(name="App", description="Entry app.", cell=lambda plain, _: bound_app(plain)),
        Column(
            name="Label",
            description="Lane it puts requests on.",
            cell=lambda plain, _: text_at(plain, "spec", "trafficLabel"),
        ),
        LIVE,
        Column(name="Match", priority=1, description="Its conditions.", cell=_conditions),
        AGE,
    ),
)


def TrafficLabelRule(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
    traffic_label: str,
    match: Sequence[Match],
) -> Resource[TrafficLabelRuleSpec]:
    """Return the rule, equal to the same one from YAML. Raises InvalidResource."""
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    spec = {"selector": selector, "trafficLabel": traffic_label, "match": list(match)}
    return authored(KIND, metadata, spec)
