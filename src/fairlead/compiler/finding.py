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


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One condition of one resource. `type` is one of this module's, `status` ``"True"``."""

    kind: str
    namespace: str
    name: str
    type: str
    status: str = "True"
    reason: str
    message: str
