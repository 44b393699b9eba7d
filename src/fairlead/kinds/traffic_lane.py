"""TrafficLane: a lane, the requests an entry puts on it, and the workloads that are on it.

OpenSergo, 2023, a draft whose YAML is mis-indented; every shape it can be read as is accepted:
`lane` and `traceIdBaggage` under `spec` or under ``spec.rules``, `headers` as a map or a list.
`queryParams` and `percentage` are fairlead's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import Field, model_validator

from fairlead.kinds import http_match
from fairlead.kinds.admission import authored
from fairlead.kinds.binding import bound_app, needs_an_app, selects_by_app_only
from fairlead.kinds.http_match import HttpMatch
from fairlead.kinds.kind import AGE, LIVE, NAME, Column, Kind, Plain, Resource, child, text_at
from fairlead.kinds.number import Percent
from fairlead.kinds.spec import Labels, Lane, Spec, Token
from fairlead.kinds.violation import Violation
from fairlead.policy.workload import DEFAULT_NAMESPACE

_OTHERS_HEADERS = (
    "authorization",
    "baggage",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "host",
    "traceparent",
    "tracestate",
    "transfer-encoding",
)
_PLACES = (("spec", "rules"), ("spec",))


class Traffic(Spec):
    """Requests that the entry app puts on the lane; all parts must hold."""

    http: HttpMatch | None = Field(default=None, description="What the request must be like.")
    percentage: Percent | None = Field(
        default=None,
        description='Share of those requests, 0 to 100, drawn per trace: 10 or "0.5".',
    )


class WorkloadSelector(Spec):
    """Workloads that are on the lane; traffic without a label that passes one takes the lane."""

    selector: Labels = Field(min_length=1, description="Labels they carry, like `tag`.")


class LaneTag(Spec):
    """The lane."""

    name: Lane = Field(description="Name of the lane: the label that traffic carries.")


class LaneRules(Spec):
    """What puts traffic and workloads on the lane."""

    traffic: Traffic | None = Field(default=None, description="Requests put on the lane.")
    workload: WorkloadSelector | None = Field(default=None, description="Workloads on the lane.")
    lane: LaneTag | None = Field(default=None, description="The lane.")
    trace_id_baggage: Token | None = Field(
        default=None,
        alias="traceIdBaggage",
        description="Baggage key the label travels under; x-opensergo-traffic if left out.",
    )


class TrafficLaneSpec(Spec):
    """A full-link lane: which requests enter it at which app, and who serves them."""

    selector: Labels | None = Field(
        default=None,
        description="The entry app, as `app`. A label `app` of the object wins over it.",
    )
    rules: LaneRules = Field(description="What puts traffic and workloads on the lane.")
    lane: LaneTag | None = Field(
        default=None, description="The lane, as an alternative to rules.lane."
    )
    trace_id_baggage: Token | None = Field(
        default=None,
        alias="traceIdBaggage",
        description="Baggage key, as an alternative to rules.traceIdBaggage.",
    )

    @model_validator(mode="after")
    def _in_one_place(self) -> TrafficLaneSpec:
        """Say it the canonical way, so that two spellings of one lane are equal."""
        if self.lane is None and self.trace_id_baggage is None:
            return self
        settled = {
            "lane": self.rules.lane or self.lane,
            "trace_id_baggage": self.rules.trace_id_baggage or self.trace_id_baggage,
        }
        rules = self.rules.model_copy(update=settled)
        return self.model_copy(update={"rules": rules, "lane": None, "trace_id_baggage": None})

    @property
    def lane_name(self) -> str:
        """Name of the lane."""
        return self.rules.lane.name if self.rules.lane else ""


def lane_of(plain: Plain) -> str:
    """Return the lane that an object names, in whichever place, ``""`` for none."""
    return next(filter(None, (text_at(plain, *place, "lane", "name") for place in _PLACES)), "")


def violations(plain: Plain) -> Iterator[Violation]:
    """Check what was typed: one lane, in one place, and what its traffic must be like."""
    if not any(child(plain, *place).get("lane") is not None for place in _PLACES):
        yield Violation(loc=("spec", "rules", "lane"), message="required: {name: …}")
    for field in (("lane", "name"), ("traceIdBaggage",)):
        yield from _one_value(plain, field)
    for place in _PLACES:
        key = text_at(plain, *place, "traceIdBaggage")
        if key.lower() in _OTHERS_HEADERS:
            message = f"{key} belongs to others: an entry removes this key from what comes in"
            yield Violation(loc=(*place, "traceIdBaggage"), message=message)
    yield from _traffic(plain)


def _traffic(plain: Plain) -> Iterator[Violation]:
    traffic = child(plain, "spec", "rules", "traffic")
    if child(plain, "spec", "rules").get("traffic") == {}:
        message = "says nothing: give it http or percentage, or leave it out"
        yield Violation(loc=("spec", "rules", "traffic"), message=message)
    yield from http_match.violations(traffic.get("http"), ("spec", "rules", "traffic", "http"))
    if traffic:
        yield from needs_an_app(plain)


def _one_value(plain: Plain, field: tuple[str, ...]) -> Iterator[Violation]:
    inner, outer = (text_at(plain, *place, *field) for place in _PLACES)
    if inner and outer and inner != outer:
        path = ".".join(("spec", "rules", *field))
        yield Violation(
            loc=("spec", *field), message=f"{outer} contradicts {path}: {inner}; remove one"
        )


def _matched(plain: Plain, now: datetime) -> str:
    del now
    http = child(plain, "spec", "rules", "traffic", "http")
    share = child(plain, "spec", "rules", "traffic").get("percentage")
    words = [*http, *([f"{share}%"] if share is not None else [])]
    return ",".join(str(word) for word in words)


KIND: Kind[TrafficLaneSpec] = Kind(
    group="traffic.opensergo.io",
    version="v1alpha1",
    kind="TrafficLane",
    plural="trafficlanes",
    singular="trafficlane",
    short_names=("tlane",),
    spec=TrafficLaneSpec,
    rules=(selects_by_app_only, violations),
    columns=(
        NAME,
        Column(name="App", description="Entry app.", cell=lambda plain, _: bound_app(plain)),
        Column(name="Lane", description="The lane.", cell=lambda plain, _: lane_of(plain)),
        LIVE,
        Column(name="Match", priority=1, description="Parts it looks at.", cell=_matched),
        AGE,
    ),
)


def TrafficLane(  # noqa: N802, PLR0913 - reads as the kind it makes, field by field
    *,
    name: str,
    namespace: str = DEFAULT_NAMESPACE,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    selector: Mapping[str, str] | None = None,
    lane: str,
    http: HttpMatch | Mapping[str, Any] | None = None,
    percentage: int | str | None = None,
    workload: Mapping[str, str] | None = None,
    trace_id_baggage: str | None = None,
) -> Resource[TrafficLaneSpec]:
    """Return the lane, equal to the same one from YAML. Raises InvalidResource.

    `http` has the shape of YAML: ``{"headers": {"X-Tenant": {"exact": "acme"}}}``; `workload` is
    the labels of the workloads on the lane.
    """
    metadata = {"name": name, "namespace": namespace, "labels": labels, "annotations": annotations}
    traffic = {"http": http, "percentage": percentage}
    rules = {
        "traffic": traffic if any(part is not None for part in traffic.values()) else None,
        "workload": None if workload is None else {"selector": workload},
        "lane": {"name": lane},
        "traceIdBaggage": trace_id_baggage,
    }
    return authored(KIND, metadata, {"selector": selector, "rules": rules})
