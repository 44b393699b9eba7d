"""Any match of a route holds, or does not, of any request in both agents."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlead.policy.encode import to_plain
from fairlead.policy.routing import predicates
from fairlead.policy.routing.match import (
    PATHS,
    TEXTS,
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
from fairlead.policy.routing.matchers import BUILT_IN
from fairlead.policy.routing.request import Request
from tests.golang.asking import Runtime

WORDS = st.sampled_from(["", "a", "ab", "A", "a/b", "12", " 7 ", "-3", "a.*"])
PLACES = st.sampled_from(["/", "/a", "/a/b", "/A/b/", "/ab", "/a/{x}", "/a/*", "/**"])
TEXT = st.builds(TextMatch, kind=st.sampled_from(TEXTS), value=WORDS, ignore_case=st.booleans())
NAMES = st.sampled_from(["x-a", "x-b", ":method", ":path", ":authority", "host", "cookie"])
HEADER = st.builds(
    HeaderMatch,
    name=NAMES,
    text=st.none() | TEXT,
    range=st.none() | st.sampled_from([(0, 12), (-5, 8), (12, 13)]),
    present=st.booleans(),
    invert=st.booleans(),
    missing_is_empty=st.booleans(),
)
CUSTOM = st.sampled_from(
    [
        Custom(name="fairlead.client-cidr", arguments=(("cidr", "10.0.0.0/8, ::1"),)),
        Custom(name="fairlead.client-cidr", arguments=(("cidr", "10.0.0.5/8"),)),
        Custom(name="fairlead.hash-percentage", arguments=(("header", "X-A"), ("percent", "50"))),
        Custom(name="fairlead.hash-percentage", arguments=(("query", "q"), ("percent", "100"))),
        Custom(name="fairlead.jwt-claim", arguments=(("claim", "group.name"), ("value", "a"))),
        Custom(name="fairlead.trace-id", arguments=(("ids", "a, b"),)),
    ]
)
PARTS: dict[str, st.SearchStrategy[Any]] = {
    "path": st.builds(
        PathMatch, kind=st.sampled_from(PATHS), value=PLACES, ignore_case=st.booleans()
    ),
    "headers": st.tuples(HEADER),
    "queries": st.tuples(
        st.builds(
            QueryMatch,
            name=st.sampled_from(["q", "r"]),
            text=st.none() | TEXT,
            present=st.booleans(),
        )
    ),
    "cookies": st.tuples(
        st.builds(CookieMatch, name=st.just("c"), text=TEXT, invert=st.booleans())
    ),
    "metadata": st.tuples(
        st.builds(
            MetadataMatch,
            filter=st.just("f"),
            path=st.sampled_from([("k",), ("m", "k"), ("none",)]),
            text=st.none() | TEXT,
            invert=st.booleans(),
        )
    ),
    "fraction": st.builds(Fraction, numerator=st.integers(0, 100)),
    "grpc": st.booleans(),
    "tls": st.booleans(),
    "custom": st.tuples(CUSTOM),
}
MATCH = st.sampled_from(sorted(PARTS)).flatmap(
    lambda name: st.builds(RouteMatch, **{name: PARTS[name]})
)
"""One part each: of several at once nearly none would hold."""
HEADERS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["x-a", "x-b"]), WORDS),
        st.tuples(st.just("cookie"), st.sampled_from(["c=a", "d=1; c=ab", 'c="a"', "c", "x,c=12"])),
        st.tuples(st.just("content-type"), st.sampled_from(["application/grpc+proto", "a"])),
        st.tuples(st.just("b3"), st.sampled_from(["a-1", "b"])),
    ),
    max_size=4,
)
METADATA: dict[str, Any] = {
    "f": {"k": "a", "m": {"k": "ab"}},
    "envoy.filters.http.jwt_authn": {"payload": {"group": {"name": ["a", "b"]}}},
}


@given(
    found=MATCH,
    headers=HEADERS,
    path=st.sampled_from(["/", "/a", "/A/b", "/ab?q=a", "/a/b?q=12&r#f", "/a/?q=", "/a/x?q=A&q=a"]),
    method=st.sampled_from(["GET", "CONNECT"]),
    told=st.tuples(st.integers(0, 2**64 - 1), st.sampled_from(["", "10.1.2.3", "::1", "9.9.9.9"])),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=600)
def test_a_match_holds_for_both(
    runtime: Runtime,
    found: RouteMatch,
    headers: list[tuple[str, str]],
    path: str,
    method: str,
    told: tuple[int, str],
) -> None:
    """A call that a route is for in Python must not meet a later one in Go."""
    random, source = told
    values: dict[str, list[str]] = defaultdict(list)
    for name, value in headers:
        values[name].append(value)
    request = Request(
        authority="a",
        path=path,
        method=method,
        headers={name: ",".join(each) for name, each in values.items()},
        repeated={name: tuple(each) for name, each in values.items() if len(each) > 1},
        metadata=METADATA,
        random=random,
        source_ip=source,
    )
    try:
        tests = predicates.all_of(found, BUILT_IN)
    except ValueError:
        return
    wanted = all(test(request, request.plain_path, []) for test in tests)
    answer = runtime.ask(
        "matches",
        Match=json.dumps(to_plain(found)),
        Source=source,
        Call={
            "Authority": "a",
            "Path": path,
            "Method": method,
            "Scheme": "http",
            "Headers": headers,
            "Metadata": METADATA,
            "Random": str(random),
        },
    )
    assert answer is wanted
