"""Which instance of an app is called, and which one is not for a while.

Each field means what it means in Istio's DestinationRule, and in Envoy, which carries it out there.
"""

from __future__ import annotations

from dataclasses import dataclass

from fairlead.policy import locality
from fairlead.policy.locality import LocalityRule

ROUND_ROBIN, RANDOM, LEAST_REQUEST = "ROUND_ROBIN", "RANDOM", "LEAST_REQUEST"
RING_HASH, MAGLEV = "RING_HASH", "MAGLEV"
ALGORITHMS = (ROUND_ROBIN, RANDOM, LEAST_REQUEST, RING_HASH, MAGLEV)

HEADER, COOKIE, QUERY, SOURCE_IP = "header", "cookie", "query", "source-ip"
KEYS = (HEADER, COOKIE, QUERY, SOURCE_IP)

RING, PRIME = 1024, 65_537
"""Least points of a ring, and places in a table of maglev."""
MOST_POINTS, MOST_PLACES = 65_536, 5_000_011

LONGEST = 366 * 86_400.0
"""Seconds of the longest time in this file: a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """An instance that is new to a caller gets a share that grows."""

    duration: float
    """Seconds until it gets as much as any other."""
    least: float = 10.0
    """Percent of an equal share that it begins with."""
    aggression: float = 1.0
    """1: straight; more: quickly at first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How one of several instances is chosen."""

    algorithm: str = ROUND_ROBIN
    """One of ALGORITHMS."""
    key: str = ""
    """With RING_HASH and MAGLEV, what calls are told apart by: one of KEYS."""
    name: str = ""
    """Of the header, the cookie or the parameter."""
    size: int = 0
    """Points of the ring at least, or places of the table."""
    warmup: Warmup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """Leave an instance out that fails again and again; times are in seconds."""

    consecutive_5xx: int = 5
    """Answers from 500 on in a row; 0 does not count them."""
    consecutive_gateway_errors: int = 0
    """502, 503 and 504 in a row; 0 does not count them."""
    consecutive_local_failures: int = 0
    """Connections that failed and answers that did not come, in a row; 0: they count as answers."""
    interval: float = 10.0
    """Between two looks at who may come back."""
    base_ejection: float = 30.0
    """How long, times how often it has been left out."""
    longest_ejection: float = 300.0
    most_ejected: float = 10.0
    """Percent of the instances that are left out at a time at most."""
    least_healthy: float = 0.0
    """Percent of the instances: where fewer are healthy, nobody is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """How many calls may be repeated at a time."""

    percent: float = 20.0
    """Of the calls under way."""
    least: int = 3
    """So many are always allowed."""
    most: int | None = None
    """So many at a time, in place of the share; None for the share."""


ROUND, USUAL = Balance(), Budget()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Instances of an app, and how they are called."""

    subset: str = ""
    """Its name, ``""`` for all instances."""
    rule: str = ""
    """Kind and name of what it was compiled from, ``""`` where nobody says anything about it."""
    addresses: tuple[str, ...] | None = None
    """Of its instances; None for all of the app's."""
    balance: Balance = ROUND
    outlier: Outlier | None = None
    locality: LocalityRule | None = None
    """What places say about who is called; None for Istio's default, who is nearer first."""
    budget: Budget = USUAL
    most_requests: int = 0
    """Calls under way at a time, 0 for as many as there are."""
    connect: float = 0.0
    """Seconds that a connection may take, 0 for the client's own time."""


def by_place(cluster: Cluster) -> LocalityRule | None:
    """Return what places say about who of `cluster` is called, None for nothing.

    Who is nearer comes first where it is found out who is ill: nobody would come second else.
    """
    rule = cluster.locality or locality.USUAL
    counts = rule.distribute or cluster.outlier is not None
    return rule if rule.enabled and counts else None


def problem(cluster: Cluster) -> str | None:
    """Return why `cluster` cannot be called: a sender's fault, as the kinds refuse all of it."""
    balance, budget = cluster.balance, cluster.budget
    if balance.algorithm not in ALGORITHMS:
        return f"algorithm {balance.algorithm!r} is unknown"
    if balance.algorithm in (RING_HASH, MAGLEV) and balance.key not in KEYS:
        return f"key {balance.key!r} is unknown"
    if not 0 <= balance.size <= (MOST_POINTS if balance.algorithm == RING_HASH else MOST_PLACES):
        return "no size of a table"
    warmup = balance.warmup
    if warmup is not None and not (
        0 < warmup.duration <= LONGEST and 0 <= warmup.least <= 100 and 0 < warmup.aggression <= 100
    ):
        return "no warm-up"
    if not (0 <= budget.percent <= 100 and 0 <= budget.least <= 1_000_000):
        return "no budget"
    if budget.most is not None and not 0 <= budget.most < 1 << 32:
        return "no budget"
    if not (0 <= cluster.most_requests < 1 << 32 and 0 <= cluster.connect <= LONGEST):
        return "no limits of connections"
    if cluster.locality and (found := locality.problem(cluster.locality)) is not None:
        return found
    return _outlier(cluster.outlier) if cluster.outlier is not None else None


def _outlier(rule: Outlier) -> str | None:
    times = (rule.interval, rule.base_ejection, rule.longest_ejection)
    shares = (rule.most_ejected, rule.least_healthy)
    counts = (
        rule.consecutive_5xx,
        rule.consecutive_gateway_errors,
        rule.consecutive_local_failures,
    )
    if not all(0 < time <= LONGEST for time in times):
        return "no time to be left out"
    if not all(0 <= share <= 100 for share in shares) or not all(
        0 <= one < 1 << 32 for one in counts
    ):
        return "no outlier"
    return None
