"""Advice about lists of routes, from files alone."""

from __future__ import annotations

import pytest

from fairlead.compiler.analyze.analysis import analyzed
from fairlead.kinds import load_documents

HEAD = (
    "apiVersion: networking.istio.io/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n"
)
RULE = HEAD.format(
    kind="DestinationRule",
    name="all",
    spec="{host: '*.default.svc.cluster.local', subsets: [{name: v1, labels: {version: v1}}]}",
)


def service(http: str, name: str = "orders", more: str = "hosts: [orders]") -> str:
    spec = f"{{{more}, http: [{http}]}}"
    return HEAD.format(kind="VirtualService", name=name, spec=spec)


def found(*texts: str) -> list[tuple[str, str, str]]:
    return [
        (one.code.id, ".".join(map(str, one.loc)), one.message)
        for one in analyzed(load_documents("---\n".join(texts)))
        if one.code.name != "NotHonoured"
    ]


@pytest.mark.parametrize(
    ("first", "second", "hides"),
    [
        ("", "uri: {prefix: /a}", True),
        ("uri: {prefix: /}", "uri: {regex: '/a.*'}", True),
        ("uri: {prefix: /a}", "uri: {exact: /ab}", True),
        ("uri: {prefix: /ab}", "uri: {prefix: /a}", False),
        ("uri: {prefix: /a}", "{uri: {prefix: /a}, ignoreUriCase: true}", False),
        ("headers: {x: {exact: a}}", "{uri: {exact: /a}, headers: {X: {exact: a}}}", True),
        ("headers: {x: {exact: a}}", "headers: {x: {exact: b}}", False),
        ("headers: {x: {exact: a}}", "", False),
        ("sourceLabels: {app: a}", "uri: {exact: /a}", False),
        ("port: 80", "port: 80, uri: {exact: /a}", True),
        ("queryParams: {q: {}}", "uri: {exact: /a}", False),
        ("custom: [{name: fairlead.trace-id, arguments: {percent: '10'}}]", "", False),
        ("arguments: {user.id: {exact: '7'}}", "uri: {exact: /a}", False),
    ],
)
def test_a_route_that_an_earlier_one_hides_is_found(first, second, hides):
    one, two = (text if text.startswith("{") else f"{{{text}}}" for text in (first, second))
    http = f"{{match: [{one}], timeout: 1s}}, {{match: [{two}], timeout: 2s}}"
    message = "http[0] takes every request that http[1] matches"

    assert found(service(http)) == ([("FL003", "spec.http.1", message)] if hides else [])


def test_a_route_is_hidden_where_all_of_its_matches_are():
    two = "{match: [{uri: {prefix: /a}}, {uri: {prefix: /b}}], timeout: 2s}"
    a = "{match: [{uri: {prefix: /a}}], timeout: 1s}"
    b = a.replace("/a", "/b")

    assert found(service(f"{a}, {two}")) == []
    assert [one[0] for one in found(service(f"{a}, {b}, {two}"))] == ["FL003"]


def test_what_a_delegate_does_not_match_goes_on():
    team = service("{match: [{uri: {exact: /a}}], timeout: 1s}", "team", "exportTo: ['*']")
    assert found(service("{delegate: {name: team}}, {timeout: 1s}"), team) == []


def test_names_that_nobody_has_are_found_at_their_fields():
    def sent(subset: str) -> str:
        return f"{{route: [{{destination: {{host: orders, subset: {subset}}}}}]}}"

    assert found(service(sent("v1")), RULE) == []
    (one,) = found(service(sent("v3")), RULE)
    assert one == (
        "FL002",
        "spec.http.0.route.0.destination",
        "no DestinationRule has a subset v3 of orders",
    )
    assert [one[0] for one in found(service("{delegate: {name: team}}"))] == ["FL002"]
    gateways = service("{timeout: 1s}", more="hosts: [a.b.c], gateways: [web]")
    assert "there is no Gateway default/web" in {one[2] for one in found(gateways)}


def test_two_objects_about_one_host_are_told_of_where_somebody_sees_both():
    one, two = "{timeout: 1s}", "hosts: [orders.default.svc.cluster.local]"
    (fighting,) = found(service(one), service(one, "second", two))
    assert fighting[:2] == ("FL005", "spec.hosts.0")
    assert "VirtualService default/orders says what holds" in fighting[2]
    apart = "hosts: [orders], exportTo: [a]", "hosts: [orders], exportTo: [b]"
    assert found(service(one, more=apart[0]), service(one, "second", apart[1])) == []
