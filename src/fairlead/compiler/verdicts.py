"""What rules that colour make of a request, condition by condition, and which of them wins."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from fairlead.compiler.request import Request
from fairlead.compiler.select import PRECEDENCE
from fairlead.policy.lane import Colouring
from fairlead.policy.match import Condition, compile_condition

Holds = Literal["yes", "no", "by chance", "unknown"]

LOW, HIGH = 0.0, 1.0 - 2.0**-53
"""The least and the greatest throw of dice."""

_WORST_FIRST: tuple[Holds, ...] = ("no", "unknown", "by chance")


def verdict_on(
    colouring: Colouring, request: Request, known: frozenset[str] | None = None
) -> dict[str, Any]:
    """Return what a rule makes of a request: `matches`, and what each condition found.

    Of conditions on a source that is not among the `known`, None for all, it is ``unknown``
    whether they hold: what a caller sends on is its own affair.
    """
    conditions = [_condition(condition, request, known) for condition in colouring.conditions]
    held = {condition["holds"] for condition in conditions}
    matches = next((one for one in _WORST_FIRST if one in held), "yes")
    return {
        "rule": colouring.rule,
        "lane": colouring.lane,
        "matches": matches,
        "conditions": conditions,
    }


def _condition(
    condition: Condition, request: Request, known: frozenset[str] | None
) -> dict[str, Any]:
    if known is not None and condition.source not in known:
        return {"condition": worded(condition), "got": None, "holds": "unknown"}
    test = compile_condition(condition)
    low, high = test(request, lambda: LOW), test(request, lambda: HIGH)
    holds: Holds = "yes" if high else "by chance" if low else "no"
    return {"condition": worded(condition), "got": _got(condition, request), "holds": holds}


def worded(condition: Condition) -> str:
    """Return a condition as one reads it: ``header location == cn-shenzhen``."""
    words = [condition.source, condition.key, condition.operator, ", ".join(condition.values)]
    return " ".join(word for word in words if word)


def _got(condition: Condition, request: Request) -> str | None:
    match condition.source:
        case "header":
            return request.header(condition.key.lower())
        case "query":
            return request.query(condition.key)
        case "cookie":
            return request.cookie(condition.key)
        case "path":
            return request.path()
        case "method":
            return request.method()
        case "source-ip":
            return request.source_ip()
    return request.trace()


def possible_before(
    verdicts: list[dict[str, Any]], winner: dict[str, Any] | None
) -> Iterator[dict[str, Any]]:
    """Yield the rules before the winner that may match: by a draw, or by what is not known."""
    for verdict in verdicts:
        if verdict is winner:
            return
        if verdict["matches"] in ("by chance", "unknown"):
            yield {"rule": verdict["rule"], "lane": verdict["lane"]}


def with_result(
    verdict: dict[str, Any], winner: dict[str, Any] | None, possible: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return a verdict with its `result`, and `why` it lost."""
    if verdict is winner:
        return {**verdict, "result": "won"}
    if verdict["matches"] == "no":
        return {**verdict, "result": "no match"}
    if any(one["rule"] == verdict["rule"] for one in possible):
        return {**verdict, "result": "possible"}
    why = f"{winner['rule'] if winner else ''} goes first: {PRECEDENCE}"
    return {**verdict, "result": "lost", "why": why}
