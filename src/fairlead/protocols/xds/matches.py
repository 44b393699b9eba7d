"""Tests of requests, from policy to Envoy's messages."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fairlead.policy.routing import match as m
from fairlead.protocols.xds.pb import package

route = package("envoy.config.route.v3")
matcher = package("envoy.type.matcher.v3")
kinds = package("envoy.type.v3")
core = package("envoy.config.core.v3")

DENOMINATORS = {100: "HUNDRED", 10_000: "TEN_THOUSAND", 1_000_000: "MILLION"}


def text(one: m.TextMatch) -> Any:
    """Return a StringMatcher."""
    if one.kind == m.REGEX:
        return matcher.StringMatcher(safe_regex=regex(one.value))
    return matcher.StringMatcher(**{one.kind: one.value}, ignore_case=one.ignore_case)


def regex(expression: str) -> Any:
    """Return a RegexMatcher."""
    return matcher.RegexMatcher(regex=expression)


def percent(one: m.Fraction) -> Any:
    """Return a FractionalPercent."""
    return kinds.FractionalPercent(
        numerator=one.numerator, denominator=DENOMINATORS[one.denominator]
    )


def runtime(one: m.Fraction) -> Any:
    """Return a RuntimeFractionalPercent."""
    return core.RuntimeFractionalPercent(default_value=percent(one), runtime_key=one.runtime_key)


def share(part: float) -> Any:
    """Return a FractionalPercent of a percentage."""
    return kinds.FractionalPercent(numerator=round(part * 10_000), denominator="MILLION")


def matching(one: m.RouteMatch) -> Any:
    """Return a RouteMatch; tests that only a plug-in knows are left out by whoever calls."""
    found = route.RouteMatch(
        headers=[*map(_header, one.headers), *map(_cookie, one.cookies)],
        query_parameters=map(_query, one.queries),
        dynamic_metadata=map(_metadata, one.metadata),
    )
    _path(found, one.path)
    if one.fraction is not None:
        found.runtime_fraction.CopyFrom(runtime(one.fraction))
    if one.grpc:
        found.grpc.SetInParent()
    if one.tls is not None:
        found.tls_context.presented.value = one.tls
    return found


def _path(found: Any, path: m.PathMatch) -> None:
    if path.kind in (m.EXACT, m.PREFIX, m.SEPARATED_PREFIX):
        found.case_sensitive.value = not path.ignore_case  # gRPC of Java takes nothing for False
    if path.kind == m.EXACT:
        found.path = path.value
    elif path.kind == m.SEPARATED_PREFIX:
        found.path_separated_prefix = path.value.rstrip("/")
    elif path.kind == m.REGEX:
        found.safe_regex.regex = path.value
    elif path.kind == m.CONNECT:
        found.connect_matcher.SetInParent()
    elif path.kind == m.TEMPLATE:
        template = package("envoy.extensions.path.match.uri_template.v3").UriTemplateMatchConfig(
            path_template=path.value
        )
        found.path_match_policy.name = "envoy.path.match.uri_template.uri_template_matcher"
        found.path_match_policy.typed_config.Pack(template)
    else:
        found.prefix = path.value


def _header(one: m.HeaderMatch) -> Any:
    found = route.HeaderMatcher(
        name=one.name,
        invert_match=one.invert,
        treat_missing_header_as_empty=one.missing_is_empty,
    )
    if one.text is not None:
        found.string_match.CopyFrom(text(one.text))
    elif one.range is not None:
        found.range_match.start, found.range_match.end = one.range
    else:
        found.present_match = one.present
    return found


def _cookie(one: m.CookieMatch) -> Any:
    """Return a test of the header: neither Envoy nor gRPC has one of a cookie everywhere."""
    return route.HeaderMatcher(
        name="cookie",
        string_match=matcher.StringMatcher(safe_regex=regex(cookie_regex(one))),
        invert_match=one.invert,
    )


def cookie_regex(one: m.CookieMatch) -> str:
    """Return an expression for the header ``cookie`` that stands for a test of one cookie."""
    insensitive = "(?i)" if one.text.ignore_case and one.text.kind != m.REGEX else ""
    quoted, rest = "".join(_quoted(one.text.value)), "[^;]*"
    value = {
        m.EXACT: quoted,
        m.PREFIX: quoted + rest,
        m.SUFFIX: rest + quoted,
        m.CONTAINS: rest + quoted + rest,
        m.REGEX: f"(?:{one.text.value})",
    }[one.text.kind]
    name = "".join(_quoted(one.name))
    return f"(?:|.*;[ ]*){name}={insensitive}{value}(?:;.*|)"


def _quoted(plain: str) -> Iterator[str]:
    return (one if one.isalnum() or one == "_" else "\\" + one for one in plain)


def _query(one: m.QueryMatch) -> Any:
    if one.text is None:
        return route.QueryParameterMatcher(name=one.name, present_match=one.present)
    return route.QueryParameterMatcher(name=one.name, string_match=text(one.text))


def _metadata(one: m.MetadataMatch) -> Any:
    segment = matcher.MetadataMatcher.PathSegment
    value = (
        matcher.ValueMatcher(present_match=True)
        if one.text is None
        else matcher.ValueMatcher(string_match=text(one.text))
    )
    return matcher.MetadataMatcher(
        filter=one.filter,
        path=[segment(key=key) for key in one.path],
        value=value,
        invert=one.invert,
    )
