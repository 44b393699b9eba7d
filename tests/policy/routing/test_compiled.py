"""The compiled evaluator decides like one that is obviously right."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.policy.routing.action import Answer
from fairlead.policy.routing.match import (
    Fraction,
    HeaderMatch,
    PathMatch,
    QueryMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import Router
from fairlead.policy.routing.table import Route, RouteTable, VirtualHost
from tests.policy.routing import naive

WORDS = st.sampled_from(["", "a", "b", "A", "ab", "aB", "abc", "é", "K", "İ"])
PATHS = st.lists(WORDS, max_size=3).map(lambda words: "/" + "/".join(words))
REGEXES = st.sampled_from([".*", "/a.*", "/ab?", "/a|/b", "/(a|b)/.*", "a[bc]", "[^/]+", "/a/b+"])
NAMES = st.sampled_from(["x-lane", "x-user", ":method"])
TEXTS = st.one_of(
    st.builds(
        TextMatch,
        kind=st.sampled_from(["exact", "prefix", "suffix", "contains"]),
        value=WORDS | st.just("GET"),
        ignore_case=st.booleans(),
    ),
    st.builds(TextMatch, kind=st.just("regex"), value=REGEXES),
)
PATH = st.one_of(
    st.builds(
        PathMatch,
        kind=st.sampled_from(["exact", "prefix", "separated-prefix"]),
        value=PATHS,
        ignore_case=st.booleans(),
    ),
    st.builds(PathMatch, kind=st.just("regex"), value=REGEXES),
)
HEADER = st.builds(
    HeaderMatch,
    name=NAMES,
    text=st.none() | TEXTS,
    present=st.booleans(),
    invert=st.booleans(),
    missing_is_empty=st.booleans(),
)
MATCH = st.builds(
    RouteMatch,
    path=PATH,
    headers=st.lists(HEADER, max_size=3).map(tuple),
    queries=st.lists(
        st.builds(
            QueryMatch,
            name=st.sampled_from(["q", "r"]),
            text=st.none() | TEXTS,
            present=st.booleans(),
        ),
        max_size=1,
    ).map(tuple),
    tls=st.sampled_from([None, None, None, True, False]),
    fraction=st.none() | st.builds(Fraction, numerator=st.integers(0, 100)),
)
REQUEST = st.builds(
    Request,
    path=st.builds(
        lambda path, query: path + query,
        PATHS,
        st.sampled_from(["", "?q=a", "?q=b&q=a", "?r", "?r=abc&q"]),
    ),
    method=st.sampled_from(["GET", "POST"]),
    headers=st.dictionaries(st.sampled_from(["x-lane", "x-user"]), WORDS),
    tls=st.booleans(),
    random=st.integers(0, 2**64 - 1),
)

SEVERAL = st.builds(
    lambda request, values: replace(
        request,
        headers={**request.headers, "x-lane": ",".join(values)},
        repeated={"x-lane": values},
    ),
    REQUEST,
    st.tuples(WORDS, WORDS),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MATCH, max_size=12), st.lists(REQUEST | SEVERAL, min_size=1, max_size=20))
def test_the_first_route_that_matches_is_found(matches, requests):
    """Twice, as the second time is answered from what is kept."""
    routes = tuple(
        Route(name=str(at), match=one, action=Answer(status=200)) for at, one in enumerate(matches)
    )
    host = VirtualHost(name="all", domains=("*",), routes=routes)
    router = Router(RouteTable(hosts=(host,)))
    for request in [*requests, *requests]:
        found = router.route(request).route
        assert (int(found.name) if found else -1) == naive.route(host, request)


DOMAINS = st.sampled_from(
    ["*", "a.b", "A.b", "*.b", "*b", "*.a.b", "a.*", "a*", "a.b.*", "c", "*-x.b", "a:80"]
)


@given(
    st.lists(st.lists(DOMAINS, min_size=1, max_size=3).map(tuple), max_size=6),
    st.sampled_from(["a.b", "A.B", "x.a.b", ".b", "b", "a.", "a.b.c", "c", "q-x.b", "a:80", ""]),
)
def test_hosts_are_searched_in_the_order_of_envoy(hosts, authority):
    """The host that is equal, the longest suffix, the longest prefix, all."""
    table = RouteTable(
        hosts=tuple(VirtualHost(name=str(at), domains=one) for at, one in enumerate(hosts))
    )
    found, wanted = (
        Router(table).route(Request(authority=authority)).host,
        naive.host(table, authority),
    )
    assert found is wanted
