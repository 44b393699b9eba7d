"""Routes of calls of app `b` in the default namespace, as the compiler makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairlead.policy.resilience import Injection, Retry
from fairlead.policy.routing.action import Action, Answer, Forward, Weighted
from fairlead.policy.routing.table import Route

HOST = "b.default.svc.cluster.local"


@dataclass(frozen=True)
class Share:
    """A subset of `b`, and its part of the calls."""

    subset: str = ""
    weight: int = 1
    fallback: str = ""
    host: str = HOST


def cluster(subset: str = "", host: str = HOST) -> str:
    return f"outbound|80|{subset}|{host}"


def call_route(
    rule: str,
    timeout: float = 0.0,
    retry: Retry | None = None,
    injection: Injection | None = None,
    shares: tuple[Share, ...] = (Share(),),
    answer: Answer | None = None,
    **more: Any,
) -> Route:
    """Return a route to instances of `b`, or one that answers itself."""
    parts = tuple(
        Weighted(
            cluster=cluster(one.subset, one.host),
            weight=one.weight,
            fallback=cluster(one.fallback) if one.fallback else "",
        )
        for one in shares
    )
    action: Action = answer if answer is not None else more.pop("action", Forward(clusters=parts))
    return Route(
        name=rule, timeout=timeout, retry=retry, injection=injection, action=action, **more
    )
