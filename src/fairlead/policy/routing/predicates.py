"""Closures for the tests of a RouteMatch; what they mean is said in match.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fairlead.policy.routing import expression, match
from fairlead.policy.routing.match import (
    CookieMatch,
    Custom,
    Fraction,
    HeaderMatch,
    MetadataMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.policy.routing.matchers import Matcher
from fairlead.policy.routing.request import RequestLike
from fairlead.policy.routing.template import template

Test = Callable[[RequestLike, str, list[str]], bool]
"""Of a request, its path without the query, and a list that remarks are added to."""
Text = Callable[[str], bool]

_NUMBER = re.compile(r"\s*[+-]?\d{1,19}\s*", re.ASCII)


class InvalidMatch(ValueError):
    """A test that no request can be held against."""


def path_test(path: PathMatch) -> Test:
    """Return the test of a path."""
    if path.kind == match.CONNECT:
        return lambda request, plain, remarks: request.method == "CONNECT"
    text = _path_text(path)
    return lambda request, plain, remarks: text(plain)


def _path_text(path: PathMatch) -> Text:
    value = path.value
    if path.kind == match.TEMPLATE:
        pattern = template(value)
        return lambda plain: expression.matches(pattern, plain)
    if path.kind != match.SEPARATED_PREFIX:
        return text_test(TextMatch(kind=path.kind, value=value, ignore_case=path.ignore_case))
    size = len(value)
    if path.ignore_case:
        lower = value.lower()
        return lambda plain: plain[:size].lower() == lower and plain[size : size + 1] in ("", "/")
    return lambda plain: plain.startswith(value) and plain[size : size + 1] in ("", "/")


def text_test(text: TextMatch) -> Text:
    """Return the test of a text.

    Raises:
        InvalidMatch: There is no such kind.
        expression.InvalidExpression: RE2 would not take it.
    """
    if text.kind == match.REGEX:
        pattern = expression.compiled(text.value)
        return lambda subject: expression.matches(pattern, subject)
    value = text.value.lower() if text.ignore_case else text.value
    test = _plain_test(text.kind, value)
    return (lambda subject: test(subject.lower())) if text.ignore_case else test


def _plain_test(kind: str, value: str) -> Text:
    match kind:
        case "exact":
            return value.__eq__
        case "prefix":
            return lambda subject: subject.startswith(value)
        case "suffix":
            return lambda subject: subject.endswith(value)
        case "contains":
            return lambda subject: value in subject
    raise InvalidMatch(f"unknown kind of test: {kind!r}")


def header_test(header: HeaderMatch) -> Test:
    """Return the test of a header."""
    name, invert, empty = header.name, header.invert, header.missing_is_empty
    if header.text is None and header.range is None:
        wanted = header.present != invert
        return lambda request, plain, remarks: (empty or request.header(name) is not None) == wanted
    text = (
        _range_test(*header.range)
        if header.range
        else text_test(header.text or TextMatch(kind="exact", value=""))
    )

    def test(request: RequestLike, plain: str, remarks: list[str]) -> bool:
        if name in request.repeated:
            return any(map(text, request.repeated[name])) != invert
        value = request.header(name)
        if value is None:
            if not empty:
                return False
            value = ""
        return text(value) != invert

    return test


def _range_test(low: int, high: int) -> Text:
    return lambda value: _NUMBER.fullmatch(value) is not None and low <= int(value) < high


def query_test(query: QueryMatch) -> Test:
    """Return the test of a parameter."""
    name, wanted = query.name, query.present
    if query.text is None:
        return lambda request, plain, remarks: (name in request.queries) == wanted
    text = text_test(query.text)

    def test(request: RequestLike, plain: str, remarks: list[str]) -> bool:
        value = request.queries.get(name)
        return value is not None and text(value)

    return test


def _cookie_test(cookie: CookieMatch) -> Test:
    name, text, invert = cookie.name, text_test(cookie.text), cookie.invert

    def test(request: RequestLike, plain: str, remarks: list[str]) -> bool:
        value = request.cookies.get(name)
        return (value is not None and text(value)) != invert

    return test


def _metadata_test(metadata: MetadataMatch) -> Test:
    text = text_test(metadata.text) if metadata.text is not None else None

    def test(request: RequestLike, plain: str, remarks: list[str]) -> bool:
        found: Any = request.metadata.get(metadata.filter)
        for step in metadata.path:
            found = found.get(step) if isinstance(found, Mapping) else None
        held = found is not None if text is None else isinstance(found, str) and text(found)
        return held != metadata.invert

    return test


def allowed(fraction: Fraction, request: RequestLike) -> bool:
    """Whether `request` is of that part. A number that runtime sets is a percentage."""
    numerator, denominator = fraction.numerator, fraction.denominator
    if fraction.runtime_key in request.runtime:
        numerator, denominator = request.runtime[fraction.runtime_key], 100
    return request.random % denominator < numerator


def _fraction_test(fraction: Fraction) -> Test:
    return lambda request, plain, remarks: allowed(fraction, request)


def _is_grpc(request: RequestLike, plain: str, remarks: list[str]) -> bool:
    kind = request.headers.get("content-type", "")
    return kind == "application/grpc" or kind.startswith("application/grpc+")


def _custom_test(custom: Custom, matchers: Mapping[str, Matcher]) -> Test:
    matcher, arguments = matchers.get(custom.name), dict(custom.arguments)

    def test(request: RequestLike, plain: str, remarks: list[str]) -> bool:
        if matcher is None:
            remarks.append(f"there is no matcher {custom.name!r}: the route matches nothing")
            return False
        try:
            return matcher(request, arguments)
        except Exception as error:  # a stranger's code must not end the request
            remarks.append(f"matcher {custom.name!r} failed: {type(error).__name__}: {error}")
            return False

    return test


def rest(one: RouteMatch, matchers: Mapping[str, Matcher]) -> list[Test]:
    """Return the tests of everything but path, headers and queries; the dearest come last."""
    tests: list[Test] = []
    if one.grpc:
        tests.append(_is_grpc)
    if one.tls is not None:
        wanted = one.tls
        tests.append(lambda request, plain, remarks: request.tls == wanted)
    tests.extend(map(_cookie_test, one.cookies))
    tests.extend(map(_metadata_test, one.metadata))
    if one.fraction is not None:
        tests.append(_fraction_test(one.fraction))
    tests.extend(_custom_test(custom, matchers) for custom in one.custom)
    return tests


def all_of(one: RouteMatch, matchers: Mapping[str, Matcher]) -> list[Test]:
    """Return every test of a match."""
    return [
        path_test(one.path),
        *map(header_test, one.headers),
        *map(query_test, one.queries),
        *rest(one, matchers),
    ]
