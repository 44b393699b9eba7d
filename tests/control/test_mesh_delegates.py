"""VirtualServices that go on with others, for data planes and agents."""

from __future__ import annotations

import pytest

from fairlead.compiler import Finding, Instance, World
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from tests.control.test_mesh_istio import asked, at, given, service

ROOT = """  - match: [{uri: {prefix: /team}, headers: {x: {exact: a}}}]
    delegate: {name: team}
    timeout: 3s
    headers: {request: {set: {from: root}}}
  - route: [{destination: {host: orders}}]
"""


def team(http: str, more: str = "") -> str:
    """Return a VirtualService without hosts."""
    return (
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: team}\n"
        f"spec:\n{more}  http:\n{http}"
    )


MINE = """  - match: [{uri: {prefix: /team/one}}]
    route: [{destination: {host: next}}]
    timeout: 1s
  - match: [{uri: {exact: /other}}, {headers: {y: {}}}]
    route: [{destination: {host: a}}]
"""


@pytest.mark.parametrize(
    ("path", "headers", "app"),
    [
        ("/team/one/x", {"x": "a"}, "next"),
        ("/team/one/x", {}, "orders"),
        ("/team/two", {"x": "a", "y": ""}, "a"),
        ("/team/two", {"x": "a"}, "orders"),
        ("/other", {"x": "a"}, "orders"),
    ],
)
def test_both_matches_hold_and_others_go_on_to_the_next_route(path, headers, app):
    found = given(service(ROOT) + team(MINE))

    assert asked(found, path, *headers.items()).cluster == at(app)


def test_what_a_delegate_does_not_say_is_taken_over():
    found = given(service(ROOT) + team(MINE))
    one = asked(found, "/team/one", ("x", "a")).route
    two = asked(found, "/team/two", ("x", "a"), ("y", "")).route
    assert one is not None
    assert two is not None
    assert (one.name, one.timeout) == ("VirtualService/team http[0]", 1.0)
    assert (two.name, two.timeout) == ("VirtualService/team http[1]", 3.0)
    assert one.changes.request_set[0].value == two.changes.request_set[0].value == "root"


@pytest.mark.parametrize(
    ("above", "own", "both"),
    [
        ("uri: {prefix: /a}", "uri: {prefix: /a/b}", True),
        ("uri: {prefix: /a}", "uri: {exact: /a}", True),
        ("uri: {prefix: /a}", "uri: {prefix: /b}", False),
        ("uri: {exact: /a}", "uri: {exact: /a}", True),
        ("uri: {exact: /a}", "uri: {prefix: /a}", False),
        ("uri: {regex: /a.*}", "uri: {prefix: /a}", False),
        ("uri: {prefix: /a}", "method: {exact: GET}", True),
        ("headers: {x: {}}", "headers: {x: {exact: b}}", True),
        ("headers: {x: {exact: a}}", "headers: {x: {exact: b}}", False),
        ("withoutHeaders: {x: {}}", "withoutHeaders: {x: {exact: b}}", False),
        ("port: 80", "port: 8080", False),
        ("sourceNamespace: shop", "sourceNamespace: shop", True),
        ("sourceLabels: {app: a}", "sourceLabels: {app: b}", False),
        ("uri: {prefix: /a}", "{uri: {prefix: /a}, ignoreUriCase: true}", False),
    ],
)
def test_matches_that_contradict_each_other_are_no_route(above, own, both):
    braced = own if own.startswith("{") else f"{{{own}}}"
    text = service(f"  - match: [{{{above}}}]\n    delegate: {{name: team}}\n") + team(
        f"  - match: [{braced}]\n    route: [{{destination: {{host: next}}}}]\n"
    )
    said = [one for one in findings(text) if one.reason == "NoDelegate"]

    assert bool(said) is not both


def test_nobody_but_who_may_goes_on_with_one_without_hosts():
    for more in ("  hosts: [cart]\n", "  exportTo: [other]\n"):
        text = service(ROOT) + team(MINE, more)
        assert asked(given(text), "/team/one", ("x", "a")).cluster == at("orders")
        (lost,) = (one for one in findings(text) if one.reason == "NoDelegate")
        assert "http[0].delegate: there is no VirtualService shop/team" in lost.message


def test_a_delegate_is_enforced_where_who_goes_on_with_it_is():
    def enforced(text: str) -> str:
        (found,) = (one for one in findings(text) if (one.name, one.type) == ("team", "Enforced"))
        return found.status

    assert enforced(service(ROOT) + team(MINE)) == "True"
    assert enforced(service("  - timeout: 1s\n") + team(MINE)) == "False"
    assert enforced(service(ROOT, more="  gateways: [web]\n") + team(MINE)) == "Unknown"


def findings(text: str) -> list[Finding]:
    objects = [parse(one.plain, namespace="shop") for one in read_documents(text)]
    instances = [
        Instance(namespace="shop", app=app, address=f"10.0.0.{n}:80")
        for n, app in enumerate(("orders", "next", "a"))
    ]
    return list(World.of(objects, instances, 1).findings())
