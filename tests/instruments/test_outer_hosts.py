"""Agents choose among the instances of a ServiceEntry, by the rules about its host."""

from __future__ import annotations

import pytest

from fairlead.compiler import World
from fairlead.kinds import parse
from fairlead.kinds.document import read_documents
from tests.instruments.callers import CALLERS
from tests.instruments.plane import Plane, hooked
from tests.instruments.rude import FAILED, OK, always, rude

ENTRY = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: bank}}
spec:
  hosts: [api.bank.example]
  ports: [{{number: 80, name: http, protocol: HTTP}}]
  resolution: STATIC
  endpoints:
  - {{address: 127.0.0.1, ports: {{http: {one}}}, labels: {{version: v1}}}}
  - {{address: 127.0.0.1, ports: {{http: {two}}}, labels: {{version: v2}}}}
"""
RULES = """
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: bank}
spec:
  host: api.bank.example
  subsets: [{name: new, labels: {version: v2}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: bank}
spec:
  hosts: [api.bank.example]
  http:
  - route: [{destination: {host: api.bank.example, subset: new}}]
    retries: {attempts: 1, retryOn: 5xx, perTryTimeout: 1s}
"""


def plane(text: str) -> Plane:
    """Return the data plane of an app whose namespace has these objects."""
    objects = [parse(one.plain) for one in read_documents(text)]
    return Plane(World.of(objects, [], 1).snapshot("default", "a"))


def number(address: str) -> int:
    return int(address.rpartition(":")[2])


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_instances_of_a_host_outside_are_called_in_turn(caller):
    """By the host's own name, and without a word about who calls."""
    with rude(always(OK)) as one, rude(always(OK)) as two:
        text = ENTRY.format(one=number(one.address), two=number(two.address))
        with hooked(plane(text), *caller.hooks):
            found = [caller.get("http://api.bank.example/x").status for _ in range(4)]

    assert found == [200] * 4
    assert (len(one.requests), len(two.requests)) == (2, 2)
    assert one.header("host", of=0) == "api.bank.example"
    assert b"fairlead-caller" not in one.requests[0].lower()


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_rules_about_such_a_host_count(caller):
    """Subset and repetition, as of an app."""
    answers = iter((FAILED, OK))
    with (
        rude(always(OK)) as one,
        rude(lambda each, peer: peer.sendall(next(answers))) as two,
    ):
        text = ENTRY.format(one=number(one.address), two=number(two.address))
        with hooked(plane(text + RULES), *caller.hooks):
            assert caller.get("http://api.bank.example/x").status == 200

    assert (len(one.requests), len(two.requests)) == (0, 2)
