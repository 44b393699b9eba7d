"""What the compiler has to say to the author of a resource; becomes a condition in its status."""

from __future__ import annotations

from dataclasses import dataclass

OVERRIDDEN = "Overridden"
"""Another rule takes some requests that this one would match."""
APP_AMBIGUOUS = "AppAmbiguous"
"""Label and selector name two apps; the label counts."""
BAGGAGE_KEY_OVERRIDDEN = "BaggageKeyOverridden"
"""Another TrafficLane gives the same lane another baggage key."""
LANE_CONFLICT = "LaneConflict"
"""Instances are on this lane and on another one; they get no traffic."""
TARGET_NOT_SEEN = "TargetNotSeen"
"""No agent has reported the app yet (contract 22)."""

NOT_HONOURED = "NotHonoured"
"""It says something that nobody enforces; the rest of it is in force."""
DATA_SOURCE_UNUSABLE = "DataSourceUnusable"
"""A pair of databases that it names cannot be led from one to the other."""
LANE_NOT_SEEN = "LaneNotSeen"
"""No rule and no instance of the namespace is of the lane that it has a shadow for."""
INSTANCES_EXCLUDED = "InstancesExcluded"
"""Instances are sent no calls of its lane: what they write could reach base (contract 12)."""

ENFORCED = "Enforced"
"""``"True"`` where all of it is, and in what scope; ``"False"`` with what is not (contract 23), or
because its namespace is switched to observe or off; ``"Unknown"`` where nobody is there to."""
PER_PROCESS = "PerProcess"
CALLS_SCOPE = (
    "scope: process: each calling process decides by what it has seen itself of instances and of "
    "calls under way"
)
"""What is said of rules about calls that are enforced."""
OVERLAPS = "Overlaps"
"""Another rule guards the same resource in the same way; all of them hold, the strictest decides.
"""
FALLBACK_UNUSABLE = "FallbackUnusable"
"""The answer that it names is not there."""

ACCEPTED, RESOLVED_REFS, PROGRAMMED = "Accepted", "ResolvedRefs", "Programmed"
"""Conditions of the Gateway API, in its words; those of routes are there where they are False."""

AT_TIMES = (
    *(OVERRIDDEN, APP_AMBIGUOUS, BAGGAGE_KEY_OVERRIDDEN, LANE_CONFLICT, TARGET_NOT_SEEN),
    *(NOT_HONOURED, DATA_SOURCE_UNUSABLE, LANE_NOT_SEEN, INSTANCES_EXCLUDED),
    *(OVERLAPS, FALLBACK_UNUSABLE, RESOLVED_REFS),
)
"""Those that a resource has while something is so, and has not otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition of one resource. `type` is one of this module's.

    `status` is ``"True"``; that of `ENFORCED` may be ``"False"`` or ``"Unknown"``.
    """

    kind: str
    namespace: str
    name: str
    type: str
    status: str = "True"
    reason: str
    message: str
    excluded: tuple[tuple[str, str], ...] | None = None
    """Workloads, ``app (address)``, that cannot keep to the resource, each with the reason."""
