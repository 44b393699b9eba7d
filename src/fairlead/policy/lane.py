"""Full-link lanes: how an entry colours traffic, and under which keys the label travels."""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy.match import Condition

DEFAULT_KEY = "x-opensergo-traffic"
"""Baggage key of a lane that names none (`traceIdBaggage` in the TrafficLane draft)."""

LEGACY_KEYS = (DEFAULT_KEY, "OpenSergo-Label", "Opensergo-Label", "OpensergoLabel")
"""Every key that OpenSergo's documents have used for the label; all are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A lane that exists in the namespace, and the baggage key its label is written under."""

    name: str
    key: str = DEFAULT_KEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Colouring:
    """Put matching requests on a lane. No condition matches every request."""

    rule: str
    """Kind and name of the resource it was compiled from: ``TrafficLane/lane-blue``."""
    lane: str
    conditions: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What makes an app an entry: its colourings in order of precedence, the first match wins."""

    colourings: tuple[Colouring, ...] = ()
