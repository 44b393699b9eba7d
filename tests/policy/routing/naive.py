"""An evaluator that is obviously right: every route in order, every test as it is described."""

from __future__ import annotations

import re

from fairlead.policy.routing.match import HeaderMatch, PathMatch, QueryMatch, RouteMatch, TextMatch
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.table import RouteTable, VirtualHost


def host(table: RouteTable, authority: str) -> VirtualHost | None:
    """Equal, then the longest suffix, then the longest prefix, then all."""
    ranked = []
    for at, one in enumerate(table.hosts):
        for domain in one.domains:
            text, name = domain.lower(), authority.lower()
            if text == "*":
                ranked.append((3, 0, at))
            elif text == name:
                ranked.append((0, 0, at))
            elif text[0] == "*" and name.endswith(text[1:]) and len(name) >= len(text):
                ranked.append((1, -len(text), at))
            elif text[-1] == "*" and name.startswith(text[:-1]) and len(name) >= len(text):
                ranked.append((2, -len(text), at))
    return table.hosts[min(ranked)[2]] if ranked else None


def route(one: VirtualHost, request: Request) -> int:
    """Place of the first route that matches, -1 for none."""
    return next((at for at, r in enumerate(one.routes) if matches(r.match, request)), -1)


def matches(one: RouteMatch, request: Request) -> bool:
    fraction = one.fraction
    return (
        _path(one.path, request.path.split("#")[0].split("?")[0])
        and all(_header(header, request) for header in one.headers)
        and all(_query(query, request) for query in one.queries)
        and (one.tls is None or one.tls == request.tls)
        and (fraction is None or request.random % fraction.denominator < fraction.numerator)
    )


def _path(path: PathMatch, plain: str) -> bool:
    value = path.value
    if path.kind == "regex":
        return re.fullmatch(value, plain) is not None
    if path.ignore_case:
        value, plain = value.lower(), plain.lower()
    if path.kind == "exact":
        return plain == value
    if path.kind == "separated-prefix":
        return plain == value or plain.startswith(value + "/")
    return plain.startswith(value)


def _text(text: TextMatch, value: str) -> bool:
    wanted = text.value
    if text.kind == "regex":
        return re.fullmatch(wanted, value) is not None
    if text.ignore_case:
        wanted, value = wanted.lower(), value.lower()
    return {
        "exact": value == wanted,
        "prefix": value.startswith(wanted),
        "suffix": value.endswith(wanted),
        "contains": wanted in value,
    }[text.kind]


def _header(header: HeaderMatch, request: Request) -> bool:
    if header.name == ":method":
        values = [request.method]
    elif header.name in request.repeated:
        values = [*request.repeated[header.name]]
    else:
        values = [one for name, one in request.headers.items() if name == header.name]
    if not values and header.missing_is_empty:
        values = [""]
    if header.text is None:
        return (bool(values) == header.present) != header.invert
    return bool(values) and any(_text(header.text, one) for one in values) != header.invert


def _query(query: QueryMatch, request: Request) -> bool:
    for part in request.path.partition("?")[2].split("&"):
        if part.partition("=")[0] == query.name:
            found = part.partition("=")[2]
            return query.present if query.text is None else _text(query.text, found)
    return query.text is None and not query.present
