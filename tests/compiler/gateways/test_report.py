"""What authors of gateways and routes are told, and that many of them are no matter."""

from __future__ import annotations

import pytest

from fairlead.compiler.analyze.analysis import Here, analyzed
from fairlead.compiler.gateways.hosts import covering, covers
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from tests.compiler.gateways.decide import Asked, outcome, table, world

ROUTE = """
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r{number}}}
spec:
  parentRefs: [{{name: web}}]
  hostnames: [h{number}.example.com]
  rules: [{{backendRefs: [{{name: a, port: 80{more}}}]}}]
---
"""
GATEWAY = """
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web}
spec:
  gatewayClassName: fairlead
  listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example.com"}]
"""


def test_what_does_not_resolve_is_advice_before_it_is_applied():
    """A parent that is not there is a spelling error; an app may only not have started yet."""
    objects = [parse(one.plain) for one in read_documents(ROUTE.format(number=1, more=""))]
    found = {one.code.id: one.message for one in analyzed(objects)}
    assert found["FL002"] == "there is no Gateway default/web"
    assert "FL012" not in found
    found = {one.code.id: one.message for one in analyzed(objects, Here())}
    assert found["FL012"].startswith("rules[0].backendRefs[0]: no agent has reported")


def test_a_field_that_nobody_enforces_is_told():
    """Each by its path, in one condition."""
    text = ROUTE.format(number=1, more=", filters: [{type: Telepathy}]") + GATEWAY
    (told,) = [one for one in world(text, ["a"]).findings() if one.type == "NotHonoured"]
    assert told.message.startswith("rules[0].backendRefs[0].filters: type: 'Telepathy'")


def test_many_hosts_have_each_its_route():
    """A table of hundreds is made in the time that it takes to read them."""
    text = "".join(ROUTE.format(number=number, more="") for number in range(200)) + GATEWAY
    found = table(world(text, ["a"]))
    assert len(found.hosts) == 201
    assert all(len(one.routes) <= 1 for one in found.hosts)
    assert outcome(found, Asked(host="h77.example.com")) == "a"


@pytest.mark.parametrize("host", ["a.b.c", "*.b.c", "c", "*", "*.c"])
def test_what_covers_a_host_is_named_in_order(host):
    """The most exact first."""
    found = list(covering(host))
    assert found[0] == host
    assert found[-1] == "*"
    assert all(covers(one, host) for one in found)
    assert [len(one) for one in found] == sorted(map(len, found), reverse=True)
