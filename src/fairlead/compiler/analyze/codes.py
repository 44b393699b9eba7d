"""Every code there is. A code keeps its meaning for good; docs/analyze.md has a section on each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PAGE = "https://github.com/fairlead/fairlead/blob/main/docs/analyze.md"


class Severity(StrEnum):
    """How bad it is, in the words of SARIF's levels."""

    ERROR = "error"
    """Something does not do what its author wrote."""
    WARNING = "warning"
    """It may not; only its author can say."""
    NOTE = "note"
    """It is as it was written, and worth knowing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One sort of finding."""

    id: str
    name: str
    severity: Severity
    title: str
    """What it says, in a sentence without an end."""
    remedy: str
    """What to do."""
    live: bool = False
    """Whether it is about instances, and found with a control plane only."""

    @property
    def page(self) -> str:
        """Where it is explained."""
        return f"{PAGE}#{self.id.lower()}"


def _code(number: int, name: str, severity: Severity, title: str, remedy: str) -> Code:
    live = name in LIVE
    return Code(
        id=f"FL{number:03}", name=name, severity=severity, title=title, remedy=remedy, live=live
    )


LIVE = frozenset(
    {
        *("LaneWithoutInstances", "InstancesOnTwoLanes", "TargetNotSeen", "InstancesExcluded"),
        *("NeverEjected", "HostWithoutEndpoints", "CallHidden"),
        "PlaceWithoutInstances",
    }
)
"""Names of those that are about instances."""

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

INVALID = _code(
    1,
    "InvalidObject",
    ERROR,
    "an object breaks the rules of its kind",
    "write it as the message says; `kubectl explain KIND` shows each field",
)
DANGLING = _code(
    2,
    "DanglingReference",
    ERROR,
    "an object names another one that is not there, or that it cannot use",
    "write the name of one that is there, or the object itself",
)
SHADOWED = _code(
    3,
    "ShadowedRule",
    ERROR,
    "a rule never decides anything: an earlier one takes every request that it matches",
    "delete it, make the earlier rule narrower, or change the order by their names",
)
OVERLAPPING = _code(
    4,
    "OverlappingRules",
    WARNING,
    "an earlier rule takes some of the requests that a rule matches",
    "make sure that the order is meant; `fairlead explain request` shows who wins",
)
FIGHTING = _code(
    5,
    "FightingObjects",
    ERROR,
    "two objects say different things about the same, and one of them is ignored",
    "delete one of the two",
)
AMBIGUOUS = _code(
    6,
    "AmbiguousApp",
    ERROR,
    "the label and the selector of a rule name two apps",
    "name the app once; the label is the one that counts",
)
SHADOW_NAME = _code(
    7,
    "ShadowName",
    ERROR,
    "a shadow is not named after what it shadows",
    "name the shadow of `orders` on lane `gray` `orders_gray`",
)
NO_SHADOW = _code(
    8,
    "MissingShadow",
    WARNING,
    "a table or database has a shadow on one lane and none on another",
    "give the other lane a shadow too, or make sure that it may write to base",
)
SHADOW_LANE = _code(
    9,
    "ShadowOfUnknownLane",
    WARNING,
    "there is a shadow for a lane that no rule names",
    "write the name of a lane; it is right only where instances name the lane themselves",
)
NO_INSTANCES = _code(
    10,
    "LaneWithoutInstances",
    WARNING,
    "requests are put on a lane that no instance is on: base serves them",
    "start instances with `fairlead run --lane`, or give their labels the lane",
)
TWO_LANES = _code(
    11,
    "InstancesOnTwoLanes",
    ERROR,
    "instances are on two lanes at once, and get no traffic",
    "change the labels of the instances, or one of the rules",
)
UNSEEN = _code(
    12,
    "TargetNotSeen",
    WARNING,
    "a rule is about an app or a resource that no agent has reported",
    "check the spelling; start the app below `fairlead run`",
)
SAME_GUARD = _code(
    13,
    "SameGuard",
    WARNING,
    "several rules guard the same resource in the same way",
    "keep one: all of them hold, and the strictest decides",
)
UNUSED = _code(
    14,
    "NotReferenced",
    WARNING,
    "no object names a strategy, an answer, a database or an instance",
    "delete it, or name it where it was meant for",
)
NOT_HONOURED = _code(
    15,
    "NotHonoured",
    WARNING,
    "an object says something that nobody enforces",
    "the rest of the object is enforced: see who carries this out (docs/istio.md), or take it out",
)
NOT_ENFORCED = _code(
    16,
    "NotEnforced",
    ERROR,
    "a rule is not enforced",
    "do what the message says",
)
TRIAL = _code(
    17,
    "OnTrial",
    NOTE,
    "a rule is switched off, or only counts what it would reject",
    "take `mode` out, or switch governance of the namespace on, when it has shown what it does",
)
EXCLUDED = _code(
    18,
    "InstancesExcluded",
    WARNING,
    "instances are sent no calls of a lane, for what they write could reach base",
    "make them fit as the message says; `fairlead doctor` shows what is missing",
)
AMPLIFIED = _code(
    19,
    "RetryAmplification",
    WARNING,
    "several apps are called again where they fail, so that attempts may multiply along a chain",
    "repeat at one hop only, the one that is nearest to the user or to the failure",
)
NEVER_EJECTED = _code(
    20,
    "NeverEjected",
    WARNING,
    "no instance is ever left out, however it fails: its share of all is above maxEjectionPercent",
    "raise maxEjectionPercent to what the message says, or start more instances",
)
NO_ENDPOINTS = _code(
    21,
    "HostWithoutEndpoints",
    ERROR,
    "nobody stands for the hosts of a ServiceEntry: calls of them fail",
    "list endpoints, or apply a WorkloadEntry or start an instance with the labels it selects",
)
HIDDEN = _code(
    22,
    "CallHidden",
    WARNING,
    "a Sidecar hides a host that an app is seen to call",
    "name the host in `egress`, or stop calling it",
)
NOBODY_THERE = _code(
    23,
    "PlaceWithoutInstances",
    WARNING,
    "calls are shared with a place where no instance is",
    "start an instance there, or give its share to a place that has some; FAIRLEAD_ZONE says where "
    "an instance is",
)

CODES = (
    *(INVALID, DANGLING, SHADOWED, OVERLAPPING, FIGHTING, AMBIGUOUS, SHADOW_NAME, NO_SHADOW),
    *(SHADOW_LANE, NO_INSTANCES, TWO_LANES, UNSEEN, SAME_GUARD, UNUSED, NOT_HONOURED),
    *(NOT_ENFORCED, TRIAL, EXCLUDED, AMPLIFIED, NEVER_EJECTED, NO_ENDPOINTS, HIDDEN),
    NOBODY_THERE,
)
"""In the order of their numbers."""

BY_ID = {code.id: code for code in CODES}
