"""Envoy's RouteMatch, read into ours."""

from __future__ import annotations

from typing import Any

from fairlead.policy.routing import match
from fairlead.policy.routing.match import (
    Fraction,
    HeaderMatch,
    MetadataMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.protocols.xds import pb
from fairlead.protocols.xds.fields import Fields, Unreadable

_DENOMINATORS = (100, 10_000, 1_000_000)
_PATHS = {
    "prefix": match.PREFIX,
    "path": match.EXACT,
    "path_separated_prefix": match.SEPARATED_PREFIX,
}
_TEMPLATE = "envoy.extensions.path.match.uri_template.v3.UriTemplateMatchConfig"


def route_match(at: Fields) -> RouteMatch:
    """Read a RouteMatch."""
    part, grpc, tls = at.maybe("runtime_fraction"), at.maybe("grpc"), at.maybe("tls_context")
    found = RouteMatch(
        path=_path(at),
        headers=headers(at, "headers"),
        queries=tuple(map(_query, at.each("query_parameters"))),
        metadata=tuple(map(_metadata, at.each("dynamic_metadata"))),
        fraction=fraction(part) if part is not None else None,
        grpc=grpc is not None,
        tls=tls.wrapped("presented") if tls is not None else None,
    )
    if tls is not None:
        tls.done()
    at.done()
    return found


def _path(at: Fields) -> PathMatch:
    kind = at.choice("path_specifier")
    folded = at.wrapped("case_sensitive") is False
    if kind is None:
        raise Unreadable(at.path, "needs a path: prefix, path, safe_regex or another")
    if kind in _PATHS:
        return PathMatch(kind=_PATHS[kind], value=at.value(kind), ignore_case=folded)
    if kind == "safe_regex":
        return PathMatch(kind=match.REGEX, value=_regex(at.one(kind)))
    if kind == "connect_matcher":
        at.one(kind).done()
        return PathMatch(kind=match.CONNECT, value="")
    policy = at.one(kind).message.typed_config
    if policy.type_url.rpartition("/")[2] != _TEMPLATE:
        raise Unreadable(at.under(kind), f"is not evaluated here: {policy.type_url}")
    return PathMatch(kind=match.TEMPLATE, value=pb.unpack(policy).path_template)


def _regex(at: Fields) -> str:
    found: str = at.value("regex")
    at.done("google_re2")
    return found


def text(at: Fields) -> TextMatch:
    """Read a StringMatcher."""
    kind = at.choice("match_pattern")
    folded = at.value("ignore_case")
    if kind == "safe_regex":
        found = TextMatch(kind=match.REGEX, value=_regex(at.one(kind)))
    elif kind in match.TEXTS:
        found = TextMatch(kind=kind, value=at.value(kind), ignore_case=folded)
    else:
        raise Unreadable(at.under(kind) if kind else at.path, "is not evaluated here")
    at.done()
    return found


def headers(at: Fields, name: str) -> tuple[HeaderMatch, ...]:
    """Read a list of HeaderMatchers."""
    return tuple(map(header, at.each(name)))


def header(at: Fields) -> HeaderMatch:
    """Read a HeaderMatcher."""
    kind = at.choice("header_match_specifier")
    told: dict[str, Any] = {}
    if kind == "string_match":
        told["text"] = text(at.one(kind))
    elif kind == "safe_regex_match":
        told["text"] = TextMatch(kind=match.REGEX, value=_regex(at.one(kind)))
    elif kind == "range_match":
        limits = at.one(kind)
        told["range"] = (limits.value("start"), limits.value("end"))
    elif kind == "present_match":
        told["present"] = at.value(kind)
    elif kind is not None:  # exact_match and its like, the older way to say it
        told["text"] = TextMatch(kind=kind.removesuffix("_match"), value=at.value(kind))
    found = HeaderMatch(
        name=at.value("name").lower(),
        invert=at.value("invert_match"),
        missing_is_empty=at.value("treat_missing_header_as_empty"),
        **told,
    )
    at.done()
    return found


def _query(at: Fields) -> QueryMatch:
    kind, name = at.choice("query_parameter_match_specifier"), at.value("name")
    if kind == "string_match":
        found = QueryMatch(name=name, text=text(at.one(kind)))
    else:
        found = QueryMatch(name=name, present=at.value(kind) if kind else True)
    at.done()
    return found


def _metadata(at: Fields) -> MetadataMatch:
    value = at.one("value")
    kind = value.choice("match_pattern")
    if kind not in ("string_match", "present_match"):
        raise Unreadable(value.under(kind or ""), "is not evaluated here")
    found = MetadataMatch(
        filter=at.value("filter"),
        path=tuple(step.value("key") for step in at.each("path")),
        text=text(value.one(kind)) if kind == "string_match" else None,
        invert=at.value("invert") != (kind == "present_match" and not value.value(kind)),
    )
    at.done()
    return found


def fraction(at: Fields) -> Fraction:
    """Read a RuntimeFractionalPercent."""
    default = at.one("default_value")
    found = Fraction(
        numerator=default.value("numerator"),
        denominator=_DENOMINATORS[default.value("denominator")],
        runtime_key=at.value("runtime_key"),
    )
    at.done()
    return found
