"""How a process protects itself from more requests than it has the strength for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from fairlead.policy.rule import MODES, Rule

INSTANCE = "instance"
"""The resource that is protected: all that comes in, before it is known what it asks for."""

CPU, MEMORY = "cpu", "memory"
MEASURES = (CPU, MEMORY)

PLAIN, BBR, KRATOS_BBR, PID, ADAPTIVE = "plain", "bbr", "kratos-bbr", "pid", "adaptive"
STRATEGIES = (PLAIN, BBR, KRATOS_BBR, PID, ADAPTIVE)

HIGH, LOW = "high", "low"
LEVELS = (HIGH, LOW)

HEALTH = (
    "/health", "/healthz", "/livez", "/readyz",
    "/health/*", "/healthz/*", "/livez/*", "/readyz/*",
    "/metrics", "/grpc.health.v1.Health/*",
)  # fmt: skip
"""Paths that are never rejected: who watches over a process has to hear from it while it sheds.
Many ask for one check of several (``/readyz/db``), or with a slash at the end."""

MOST, LONGEST = 256, 1024
"""Paths or values of one list, and characters of one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Priority:
    """Requests that are rejected before others, or after them."""

    level: str
    """HIGH or LOW."""
    paths: tuple[str, ...] = ()
    """As they are asked for, or what they begin with and ``*``; none for all."""
    header: str = ""
    """In lower case; ``""`` asks for none."""
    values: tuple[str, ...] = ()
    """Of the header, one of which it has; none for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverloadProtection(Rule):
    """Requests are rejected while the process, or its container, is too busy."""

    resource: str = INSTANCE
    measure: str = CPU
    kind: str = PLAIN
    """One of STRATEGIES."""
    threshold: float = 0.8
    """Share of what may be used where it begins, for all but ADAPTIVE, which has none."""
    exceptions: tuple[str, ...] = ()
    """Paths like those of a Priority that are never rejected, beside HEALTH."""
    priorities: tuple[Priority, ...] = ()
    """The first that a request meets counts."""


def listed(paths: Iterable[str], path: str) -> bool:
    """Tell whether `path` is one of `paths`, or begins as one with ``*`` does."""
    return any(path == one or (one[-1:] == "*" and path.startswith(one[:-1])) for one in paths)


def excepted(rule: OverloadProtection, path: str) -> bool:
    """Tell whether requests of `path` are never rejected."""
    return listed((*HEALTH, *rule.exceptions), path)


def problem(rule: OverloadProtection) -> str | None:
    """Return why `rule` cannot be enforced: a sender's fault, as the kind refuses all of it."""
    if rule.mode not in MODES:
        return f"mode {rule.mode!r} is none of {', '.join(MODES)}"
    if rule.kind not in STRATEGIES or rule.measure not in MEASURES:
        return f"strategy {rule.kind!r} of {rule.measure!r} is unknown"
    if rule.measure == MEMORY and rule.kind != PLAIN:
        return f"strategy {rule.kind!r} is not for memory"
    if not 0 < rule.threshold <= 1:  # NaN is among what no comparison holds of
        return "no threshold"
    if not 200 <= rule.fallback.status <= 599 or not rule.fallback.can_be_sent():
        return "no response"
    lists = [rule.exceptions, *(one.paths for one in rule.priorities)]
    lists += [one.values for one in rule.priorities]
    if any(len(one) > MOST or max(map(len, one), default=0) > LONGEST for one in lists):
        return "lists of paths or values that are too long"
    if len(rule.priorities) > MOST or any(one.level not in LEVELS for one in rule.priorities):
        return "priorities that are unknown"
    return None
