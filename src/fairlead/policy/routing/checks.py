"""What of a route cannot be carried out, found before any request is held against it."""

from __future__ import annotations

from collections.abc import Iterator

from fairlead.policy.resilience import problem_of
from fairlead.policy.routing import expression, match, predicates
from fairlead.policy.routing.action import (
    Answer,
    Forward,
    HeaderChanges,
    PathRewrite,
    Redirect,
    Substitution,
)
from fairlead.policy.routing.predicates import InvalidMatch
from fairlead.policy.routing.table import Route
from fairlead.policy.routing.template import template

MOST_WEIGHT = 1_000_000
MOST_CLUSTERS = 1024

_BREAKS = frozenset("\r\n\0")
"""A line break in a header would begin another one."""


class InvalidRoute(ValueError):
    """A route that no request can be held against."""


def compiles(route: Route) -> None:
    """Return where the expressions of `route` can be used.

    Raises:
        InvalidRoute: Says why not.
    """
    try:
        predicates.all_of(route.match, {})
        for one in _substitutions(route):
            expression.checked_text(expression.compiled(one.regex), one.text)
    except (InvalidMatch, expression.InvalidExpression) as error:
        raise InvalidRoute(str(error)) from error


def problem(route: Route) -> str | None:
    """Return why an agent cannot enforce `route`: a sender's fault, as kinds refuse all of it."""
    found = problem_of(route.timeout, route.retry, route.injection) or _action(route)
    if found is not None:
        return found
    if not all(map(_plain, _texts(route))):
        return "a header with a line break"
    try:
        compiles(route)
    except InvalidRoute as error:
        return str(error)
    return None


def _substitutions(route: Route) -> Iterator[Substitution]:
    one = route.action
    if isinstance(one, Redirect):
        found = [one.regex]
    elif isinstance(one, Forward):
        rewrite = one.path or PathRewrite()
        found = [rewrite.regex, one.host.path if one.host is not None else None]
        if rewrite.template:
            if route.match.path.kind != match.TEMPLATE:
                raise InvalidMatch("a template for the path needs one that matches it")
            template(route.match.path.value)
    else:
        return
    yield from filter(None, found)


def _action(route: Route) -> str | None:
    one = route.action
    if isinstance(one, Answer):
        return None if 200 <= one.status <= 599 else "no answer"
    if isinstance(one, Redirect):
        return None if 300 <= one.code <= 399 else "no redirect"
    if isinstance(one, Forward):
        return _forward(one)
    return None


def _forward(one: Forward) -> str | None:
    weights = [weighted.weight for weighted in one.clusters]
    if len(weights) > MOST_CLUSTERS or not all(0 <= each <= MOST_WEIGHT for each in weights):
        return "no weights"
    if len(weights) > 1 and sum(weights) < 1:
        return "weights that add up to nothing"
    return None


def _texts(route: Route) -> Iterator[str]:
    """Yield what may come to be in a header of a call or of its answer."""
    one = route.action
    changes = [route.changes]
    if isinstance(one, Answer):
        yield from (text for header in one.headers for text in header)
    elif isinstance(one, Redirect):
        yield from (one.scheme, one.host, one.path or "", one.prefix or "")
    elif isinstance(one, Forward):
        changes += [each.changes for each in one.clusters]
        yield from (each.host for each in one.clusters)
        if one.path is not None:
            yield from (one.path.prefix or "", one.path.full or "")
        if one.host is not None:
            yield one.host.literal
    for each in changes:
        yield from _named(each)


def _named(one: HeaderChanges) -> Iterator[str]:
    for value in (*one.request_set, *one.response_set):
        yield from (value.name, value.value)


def _plain(text: str) -> bool:
    return not _BREAKS & set(text)
