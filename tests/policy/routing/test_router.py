"""Rules of Envoy's routes, one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fairlead.policy.routing import expression
from fairlead.policy.routing.action import (
    ADD_IF_ABSENT,
    APPEND,
    OVERWRITE_IF_EXISTS,
    Answer,
    Forward,
    HeaderChanges,
    HeaderValue,
    HostRewrite,
    Mirror,
    PathRewrite,
    Redirect,
    Substitution,
    Weighted,
)
from fairlead.policy.routing.match import (
    CookieMatch,
    Custom,
    Fraction,
    HeaderMatch,
    MetadataMatch,
    PathMatch,
    RouteMatch,
    TextMatch,
)
from fairlead.policy.routing.request import Request
from fairlead.policy.routing.router import InvalidTable, Router
from fairlead.policy.routing.table import ALL, EXTERNAL_ONLY, Route, RouteTable, VirtualHost

V1 = Forward(clusters=(Weighted(cluster="v1"),))


def decided(match=None, action=V1, *, request=None, matchers=None, **table):
    route = Route(match=match or RouteMatch(), action=action)
    host = VirtualHost(name="h", domains=("*",), routes=(route,))
    router = Router(RouteTable(hosts=(host,), **table), matchers)
    return router.route(request or Request(authority="shop"))


def holds(match, **request):
    return decided(match, request=Request(**request)).route is not None


def sent(decision):
    return dict(decision.sent()[0])


def test_nothing_that_matches_is_404():
    found = decided(RouteMatch(path=PathMatch(value="/a")))
    assert (found.route, found.status) == (None, 404)


@pytest.mark.parametrize(
    ("template", "path", "held"),
    [
        ("/a/{x}", "/a/b", True),
        ("/a/{x}", "/a/b/c", False),
        ("/a/**", "/a/b/c", True),
        ("/a/{x=v/*}/z", "/a/v/1/z", True),
        ("/a/*", "/a/", False),
    ],
)
def test_a_template_names_segments(template, path, held):
    assert holds(RouteMatch(path=PathMatch(kind="template", value=template)), path=path) is held


def test_a_path_is_matched_without_query_and_on_request_without_parameters():
    exact = RouteMatch(path=PathMatch(kind="exact", value="/a"))
    assert holds(exact, path="/a?b#c")
    assert not holds(exact, path="/a;v=1?b")
    exact = RouteMatch(path=PathMatch(kind="exact", value="/a/b"))
    found = decided(exact, request=Request(path="/a;v=1/b;w?b"), ignore_parameters=True)
    assert found.route is not None


def test_ports_are_ignored_on_request_only():
    table = (VirtualHost(name="h", domains=("shop",)),)
    asked = Request(authority="shop:8080")
    assert Router(RouteTable(hosts=table)).route(asked).host is None
    assert Router(RouteTable(hosts=table, ignore_port=True)).route(asked).host is table[0]


def test_a_range_is_of_whole_numbers():
    match = RouteMatch(headers=(HeaderMatch(name="n", range=(1, 10)),))
    assert holds(match, headers={"n": "9"})
    assert not holds(match, headers={"n": "10"})
    assert not holds(match, headers={"n": "9x"})


def test_grpc_is_known_by_its_content_type():
    match = RouteMatch(grpc=True)
    assert holds(match, headers={"content-type": "application/grpc+proto"})
    assert not holds(match, headers={"content-type": "application/grpc-web"})


def test_connect_is_any_request_of_that_method():
    match = RouteMatch(path=PathMatch(kind="connect"))
    assert holds(match, method="CONNECT", path="")
    assert not holds(match, method="GET", path="/")


def test_cookies_and_metadata():
    cookie = RouteMatch(cookies=(CookieMatch(name="u", text=TextMatch(kind="exact", value="1")),))
    assert holds(cookie, headers={"cookie": 'a=2; u="1"; u=3'})
    claim = MetadataMatch(
        filter="jwt", path=("p", "sub"), text=TextMatch(kind="exact", value="ann")
    )
    assert holds(RouteMatch(metadata=(claim,)), metadata={"jwt": {"p": {"sub": "ann"}}})
    assert not holds(RouteMatch(metadata=(claim,)), headers={"jwt": "ann"})


def test_runtime_sets_percentages():
    match = RouteMatch(fraction=Fraction(numerator=0, runtime_key="k"))
    assert not holds(match, random=3)
    assert holds(match, random=3, runtime={"k": 4})
    assert not holds(match, random=4, runtime={"k": 4})


def test_weights_are_counted_up_by_one_random_number():
    forward = Forward(clusters=(Weighted(cluster="a", weight=9), Weighted(cluster="b", weight=1)))
    found = [decided(action=forward, request=Request(random=at)).cluster for at in range(20)]
    assert found == (["a"] * 9 + ["b"]) * 2


def test_a_header_may_name_the_cluster():
    found = decided(action=Forward(cluster_header="X-To"), request=Request(headers={"x-to": "v9"}))
    assert found.cluster == "v9"
    assert decided(action=Forward(cluster_header="x-to")).status == 503


@pytest.mark.parametrize(
    ("match", "rewrite", "path", "wanted"),
    [
        (PathMatch(value="/api"), PathRewrite(prefix="/v2"), "/api/a?q=1", "/v2/a?q=1"),
        (PathMatch(kind="exact", value="/api"), PathRewrite(prefix="/v2"), "/api?q", "/v2?q"),
        (PathMatch(kind="regex", value="/a.*"), PathRewrite(prefix="/v2"), "/api/a", "/v2"),
        (PathMatch(), PathRewrite(full="/x"), "/api?q", "/x?q"),
        (
            PathMatch(),
            PathRewrite(regex=Substitution(regex="/(a)/(b)", text=r"/\2/\1\\")),
            "/a/b?/a/b",
            "/b/a\\?/a/b",
        ),
        (
            PathMatch(kind="template", value="/a/{x}/{y=**}"),
            PathRewrite(template="/{y}/{x}"),
            "/a/1/2/3?q",
            "/2/3/1?q",
        ),
    ],
)
def test_paths_are_rewritten_and_the_first_is_kept(match, rewrite, path, wanted):
    found = sent(decided(RouteMatch(path=match), Forward(path=rewrite), request=Request(path=path)))
    assert (found[":path"], found["x-envoy-original-path"]) == (wanted, path)


@pytest.mark.parametrize(
    ("rewrite", "wanted"),
    [
        (HostRewrite(literal="new"), "new"),
        (HostRewrite(header="X-Host"), "by-header"),
        (HostRewrite(path=Substitution(regex="^/(.+)/.+$", text=r"\1")), "one"),
    ],
)
def test_hosts_are_rewritten(rewrite, wanted):
    request = Request(authority="old", path="/one/two?x", headers={"x-host": "by-header"})
    forward = Forward(host=rewrite, append_forwarded_host=True)
    found = sent(decided(action=forward, request=request))
    assert (found[":authority"], found["x-forwarded-host"]) == (wanted, "old")


@pytest.mark.parametrize(
    ("redirect", "asked", "wanted"),
    [
        (Redirect(https=True), "http://a:80/x?q", "https://a/x?q"),
        (Redirect(https=True), "http://a:81/x", "https://a:81/x"),
        (Redirect(port=8443), "http://a:81/x", "http://a:8443/x"),
        (Redirect(host="b"), "http://a:81/x", "http://b/x"),
        (Redirect(path="/y"), "http://a/x?q", "http://a/y?q"),
        (Redirect(path="/y?z"), "http://a/x?q", "http://a/y?z"),
        (Redirect(path="/y", strip_query=True), "http://a/x?q", "http://a/y"),
        (Redirect(prefix="/y"), "http://a/x/1?q", "http://a/y/x/1?q"),
        (Redirect(regex=Substitution(regex="x", text="y")), "http://a/x?x", "http://a/y?x"),
    ],
)
def test_redirects(redirect, asked, wanted):
    scheme, _, rest = asked.partition("://")
    authority, _, path = rest.partition("/")
    request = Request(scheme=scheme, authority=authority, path="/" + path)
    match = RouteMatch(path=PathMatch(value=""))
    assert decided(match, redirect, request=request).location == wanted


def test_hosts_may_ask_for_https():
    def found(require, **request):
        host = VirtualHost(
            name="h", domains=("*",), routes=(Route(action=V1),), require_tls=require
        )
        asked = Request(authority="a", path="/x", **request)
        return Router(RouteTable(hosts=(host,))).route(asked).location

    assert found(ALL) == "https://a/x"
    assert found(ALL, scheme="https") is None
    assert found(EXTERNAL_ONLY) == "https://a/x"
    assert found(EXTERNAL_ONLY, headers={"x-envoy-internal": "true"}) is None


@pytest.mark.parametrize(
    ("most_specific", "wanted"),
    [(False, "cluster,route,host,table"), (True, "cluster,table,host,route")],
)
def test_levels_of_header_changes(most_specific, wanted):
    def level(name):
        return HeaderChanges(
            request_set=(HeaderValue(name="X-L", value=name, how=APPEND),),
            response_set=(HeaderValue(name="x-r", value=name, how=APPEND),),
        )

    forward = Forward(clusters=(Weighted(cluster="c", changes=level("cluster")),))
    route = Route(action=forward, changes=level("route"))
    host = VirtualHost(name="h", domains=("*",), routes=(route,), changes=level("host"))
    table = RouteTable(hosts=(host,), changes=level("table"), most_specific_wins=most_specific)
    found = Router(table).route(Request())
    assert ",".join(value for name, value in found.sent()[0] if name == "x-l") == wanted
    assert ",".join(value for _, value in found.answered([])[0]) == wanted


def test_how_headers_are_set():
    changes = HeaderChanges(
        request_removed=("gone",),
        request_set=(
            HeaderValue(name="gone", value="%REQ(gone)%"),
            HeaderValue(name="here", value="2", how=ADD_IF_ABSENT),
            HeaderValue(name="new", value="2", how=OVERWRITE_IF_EXISTS),
            HeaderValue(name="path", value="%REQ(x?:path):3%%%"),
            HeaderValue(name="odd", value="[%UPSTREAM_HOST%]"),
        ),
    )
    route = Route(action=V1, changes=changes)
    host = VirtualHost(name="h", domains=("*",), routes=(route,))
    request = Request(path="/abc", headers={"gone": "1", "here": "1"})
    headers, remarks = Router(RouteTable(hosts=(host,))).route(request).sent()
    assert headers[4:] == [("here", "1"), ("path", "/ab%"), ("odd", "[]")]
    assert remarks == ("%UPSTREAM_HOST% is not known to a request: left out",)


def test_a_weighted_cluster_names_the_host_where_the_route_does_not():
    clusters = (Weighted(cluster="c", host="of-cluster"),)
    assert sent(decided(action=Forward(clusters=clusters)))[":authority"] == "of-cluster"
    forward = Forward(clusters=clusters, host=HostRewrite(literal="of-route"))
    assert sent(decided(action=forward))[":authority"] == "of-route"


def test_one_value_of_a_repeated_header_is_enough():
    exact = HeaderMatch(name="a", text=TextMatch(kind="exact", value="1"))
    several = {"headers": {"a": "1,2"}, "repeated": {"a": ("1", "2")}}
    assert holds(RouteMatch(headers=(exact,)), **several)
    assert not holds(RouteMatch(headers=(replace(exact, invert=True),)), **several)


def test_mirrors_are_of_a_fraction():
    mirrors = (Mirror(cluster="a"), Mirror(cluster="b", fraction=Fraction(numerator=5)))
    forward = Forward(clusters=V1.clusters, mirrors=mirrors)
    assert decided(action=forward, request=Request(random=4)).mirrors == mirrors
    assert decided(action=forward, request=Request(random=5)).mirrors == mirrors[:1]


def test_answers_and_virtual_clusters():
    host = VirtualHost(
        name="h",
        domains=("*",),
        routes=(Route(action=Answer(status=418)),),
        virtual_clusters=(("tea", RouteMatch(path=PathMatch(value="/tea"))),),
    )
    router = Router(RouteTable(hosts=(host,)))
    assert router.route(Request()).status == 418
    assert router.virtual_cluster(Request(path="/tea")) == "tea"
    assert router.virtual_cluster(Request(path="/")) == "other"


def test_custom_matchers():
    match = RouteMatch(custom=(Custom(name="mine", arguments=(("a", "1"),)),))
    asked = []

    def mine(request, arguments):
        asked.append(dict(arguments))
        return True

    assert decided(match, matchers={"mine": mine}).cluster == "v1"
    assert asked == [{"a": "1"}]
    unknown = decided(match)
    assert unknown.route is None
    assert "no matcher 'mine'" in unknown.remarks[0]
    broken = decided(match, matchers={"mine": lambda request, arguments: 1 / 0})
    assert broken.route is None
    assert "ZeroDivisionError" in broken.remarks[0]


def test_matchers_that_come_along():
    def held(name, arguments, **request):
        return holds(RouteMatch(custom=(Custom(name=name, arguments=arguments),)), **request)

    cidr = ("fairlead.client-cidr", (("cidr", "10.0.0.0/8, ::1/128"),))
    assert held(*cidr, source_ip="10.1.2.3")
    assert held(*cidr, source_ip="::1")
    assert not held(*cidr, source_ip="11.1.2.3")
    share = ("fairlead.hash-percentage", (("header", "u"), ("percent", "25")))
    assert 400 < sum(held(*share, headers={"u": str(at)}) for at in range(2000)) < 600
    claim = ("fairlead.jwt-claim", (("claim", "groups"), ("value", "beta")))
    verified = {"envoy.filters.http.jwt_authn": {"payload": {"groups": ["beta"]}}}
    assert held(*claim, metadata=verified)
    assert not held(*claim, headers={"authorization": "Bearer e30.eyJncm91cHMiOlsiYmV0YSJdfQ.x"})


@pytest.mark.parametrize(
    "pattern",
    [r"(?=a)", r"(a)\1", "a++", "[[:alpha:]]", "(", r"\pL", "(?P=n)", "a{,2}", "(?m)a", r"\Z"],
)
def test_what_re2_does_not_take_is_refused_with_its_place(pattern):
    with pytest.raises(InvalidTable, match=r"'h', routes\[0\]: "):
        decided(RouteMatch(path=PathMatch(kind="regex", value=pattern)))


def test_what_re2_takes_means_the_same():
    assert expression.compiled(r"\Qa.b\E").fullmatch("a.b")
    assert not expression.compiled(r"\d+").fullmatch("٣")
    assert expression.compiled("[a[b]+$").fullmatch("a[")
    assert not expression.compiled("a$").match("a\n")


@pytest.mark.parametrize(
    ("pattern", "text", "subject", "after"),
    [
        (".*", "/bb", "/rw", "/bb"),
        ("a*", "X", "/rwabaac", "X/XrXwXbXcX"),
        ("", "-", "ab", "-a-b-"),
        ("b", "X", "abab", "aXaX"),
    ],
)
def test_an_empty_match_behind_another_is_passed_over(pattern, text, subject, after):
    """As RE2 does it, and unlike Python."""
    found = expression.replaced(expression.compiled(pattern), text, subject)
    assert found == after


def test_a_substitution_may_only_name_groups_that_are_there():
    forward = Forward(path=PathRewrite(regex=Substitution(regex="(a)", text=r"\2")))
    with pytest.raises(InvalidTable, match="asks for group 2"):
        decided(action=forward)
