"""Conditions of lanes as tests of a route table: what an Envoy can be told of them.

Semantics of conditions: contract 11. What no route can test is refused with the reason, and not
approximated: a request on the wrong lane would write another lane's rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from fairlead.policy.match import Condition
from fairlead.policy.routing.expression import InvalidExpression, compiled
from fairlead.policy.routing.match import (
    EXACT,
    PREFIX,
    REGEX,
    CookieMatch,
    Fraction,
    HeaderMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
    TextMatch,
)

MILLION = 1_000_000
_NEGATED = {"!=": "==", "not-in": "in"}
_QUERY = r"(?:\?.*)?"


class Unsaid(Exception):
    """What a route cannot test."""


def narrowed(match: RouteMatch, conditions: Iterable[Condition]) -> RouteMatch:
    """Return `match` where all of `conditions` hold, too. Raises Unsaid."""
    for one in conditions:
        add = _SOURCES.get(one.source)
        if add is None:
            raise Unsaid(f"no route of an Envoy tests {one.source}")
        match = add(match, one)
    return match


def _header(match: RouteMatch, one: Condition) -> RouteMatch:
    return replace(match, headers=(*match.headers, _header_test(one.key.lower(), one)))


def _method(match: RouteMatch, one: Condition) -> RouteMatch:
    return replace(match, headers=(*match.headers, _header_test(":method", one)))


def _header_test(name: str, one: Condition) -> HeaderMatch:
    if one.operator == "range":
        return HeaderMatch(name=name, range=_range(one.values))
    text = _text(one)
    invert = one.operator in _NEGATED
    return HeaderMatch(name=name, text=text, invert=invert, missing_is_empty=invert)


def _query(match: RouteMatch, one: Condition) -> RouteMatch:
    if one.operator in _NEGATED:
        raise Unsaid(f"{one.operator} of a parameter is none of an Envoy's tests")
    return replace(match, queries=(*match.queries, QueryMatch(name=one.key, text=_text(one))))


def _cookie(match: RouteMatch, one: Condition) -> RouteMatch:
    text = _text(one) or TextMatch(kind=REGEX, value=".*")
    test = CookieMatch(name=one.key, text=text, invert=one.operator in _NEGATED)
    return replace(match, cookies=(*match.cookies, test))


def _path(match: RouteMatch, one: Condition) -> RouteMatch:
    text = _text(one)
    if text is None:
        return match
    invert = one.operator in _NEGATED
    if match.path == PathMatch() and not invert:
        return replace(match, path=PathMatch(kind=text.kind, value=text.value))
    if text.kind != PREFIX:
        # The header has the query, too.
        part = re.escape(text.value) if text.kind == EXACT else f"(?:{text.value})"
        text = TextMatch(kind=REGEX, value=part + _QUERY)
    return replace(
        match, headers=(*match.headers, HeaderMatch(name=":path", text=text, invert=invert))
    )


def _trace(match: RouteMatch, one: Condition) -> RouteMatch:
    """A share of requests: which of them is the Envoy's choice, and not the trace's."""
    if one.operator != "percentage":
        raise Unsaid("no route of an Envoy tests the id of a trace")
    share = Decimal(one.values[0]) / 100
    if match.fraction is not None:
        share *= Decimal(match.fraction.numerator) / match.fraction.denominator
    return replace(match, fraction=Fraction(numerator=round(share * MILLION), denominator=MILLION))


_SOURCES: dict[str, Callable[[RouteMatch, Condition], RouteMatch]] = {
    "header": _header,
    "query": _query,
    "cookie": _cookie,
    "path": _path,
    "method": _method,
    "trace": _trace,
}


def _text(one: Condition) -> TextMatch | None:
    """Return the test of a value, without its negation; None where any value will do."""
    match _NEGATED.get(one.operator, one.operator):
        case "exists":
            return None
        case "==":
            return TextMatch(kind=EXACT, value=one.values[0])
        case "in":
            return TextMatch(kind=REGEX, value="|".join(map(re.escape, one.values)))
        case "prefix":
            return TextMatch(kind=PREFIX, value=one.values[0]) if one.values[0] else None
        case "regex":
            return TextMatch(kind=REGEX, value=_expression(one.values[0]))
        case "percentage":
            raise Unsaid(f"no Envoy shares requests out by the value of a {one.source}")
    raise Unsaid(f"{one.operator} of a {one.source} is none of an Envoy's tests")


def _expression(text: str) -> str:
    try:
        compiled(text)
    except InvalidExpression as error:
        raise Unsaid(f"an Envoy refuses it: {error}") from error
    return text


def _range(values: Iterable[str]) -> tuple[int, int]:
    try:
        low, high = map(Decimal, values)
    except (InvalidOperation, ValueError) as error:
        raise Unsaid("a range has two numbers") from error
    if low != int(low) or high != int(high):
        raise Unsaid("the numbers of an Envoy's ranges are whole ones")
    return int(low), int(high) + 1
