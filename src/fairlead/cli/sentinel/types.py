"""The types of rules that there are, and which one an array holds."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from fairlead.cli.sentinel import gateway, go, java
from fairlead.cli.sentinel.drafts import Strategy, Surroundings
from fairlead.cli.sentinel.fields import Fields

JAVA, GO = "java", "go"

Read = Callable[[Fields, Surroundings], Strategy]


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A type of rule: its fields, those that no other type has, and what reads it."""

    name: str
    dialect: str
    fields: Collection[str]
    marks: Collection[str]
    """Fields of which one tells the type; the first type that has one is taken."""
    read: Read


_COMMON = (*java.COMMON, *java.DASHBOARD)

TYPES = (
    Type(
        name="param-flow",
        dialect=JAVA,
        fields=(*_COMMON, *java.PARAM_FLOW),
        marks=("paramIdx", "paramFlowItemList"),
        read=java.param_flow,
    ),
    Type(
        name="gateway-flow",
        dialect=JAVA,
        fields=(*gateway.FIELDS, *java.DASHBOARD),
        marks=("resourceMode", "intervalSec", "paramItem", "maxQueueingTimeoutMs"),
        read=gateway.flow,
    ),
    Type(
        name="degrade",
        dialect=JAVA,
        fields=(*_COMMON, *java.DEGRADE),
        marks=("timeWindow", "slowRatioThreshold"),
        read=java.degrade,
    ),
    Type(
        name="circuitbreaker",
        dialect=GO,
        fields=go.BREAKER,
        marks=("retryTimeoutMs", "maxAllowedRtMs", "statSlidingWindowBucketCount", "probeNum"),
        read=go.breaker,
    ),
    Type(
        name="hotspot",
        dialect=GO,
        fields=go.HOTSPOT,
        marks=("paramIndex", "paramKey", "specificItems", "paramsMaxCapacity", "durationInSec"),
        read=go.hotspot,
    ),
    Type(
        name="system",
        dialect=JAVA,
        fields=(*_COMMON, "highestSystemLoad", "highestCpuUsage", "qps", "avgRt", "maxThread"),
        marks=("highestSystemLoad", "highestCpuUsage", "avgRt", "maxThread", "qps"),
        read=java.system,
    ),
    Type(
        name="system",
        dialect=GO,
        fields=("id", "metricType", "triggerCount", "strategy"),
        marks=("triggerCount",),
        read=java.system,
    ),
    Type(
        name="flow",
        dialect=GO,
        fields=go.FLOW,
        marks=("tokenCalculateStrategy", "relationStrategy", "statIntervalInMs"),
        read=go.flow,
    ),
    Type(
        name="flow",
        dialect=JAVA,
        fields=(*_COMMON, *java.FLOW),
        marks=("count", "grade", "clusterMode", "warmUpPeriodSec"),
        read=java.flow,
    ),
    Type(
        name="isolation",
        dialect=GO,
        fields=go.ISOLATION,
        marks=("metricType",),
        read=go.isolation,
    ),
    Type(
        name="flow",
        dialect=GO,
        fields=go.FLOW,
        marks=("threshold",),
        read=go.flow,
    ),
    Type(
        name="authority",
        dialect=JAVA,
        fields=(*_COMMON, *java.AUTHORITY),
        marks=("limitApp",),
        read=java.authority,
    ),
)

NAMES = tuple(dict.fromkeys(one.name for one in TYPES))


def type_of(items: Collection[Any], name: str = "") -> Type | None:
    """Return the type of the rules in an array, of those called `name` if it is given.

    None where no field tells it.
    """
    found = {field for item in items if isinstance(item, dict) for field in item}
    asked = [one for one in TYPES if name in ("", one.name)]
    marked = next((one for one in asked if not found.isdisjoint(one.marks)), None)
    return marked or (asked[0] if name and asked else None)
