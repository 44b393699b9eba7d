"""What may be asked about the rules of a resource."""

from __future__ import annotations

import pytest

from fairlead.compiler import World
from fairlead.compiler.explain_flow import explain_flow
from fairlead.compiler.governance import Governance
from fairlead.compiler.request import InvalidQuery
from fairlead.kinds import RateLimit

ROUTES = {"routes": [{"name": "/a"}]}


def test_a_switched_namespace_is_told():
    """Its rules are there, and nothing rejects."""
    rules = [RateLimit(name="a", limit=3, interval="1s", selector=ROUTES)]
    world = World.of(rules, [], 7, [("default", "x")], Governance(default="observe"))
    answer = explain_flow(world, {"app": "x", "resource": "/a"})
    assert (answer["governance"], answer["known"], len(answer["rules"])) == ("observe", True, 1)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"resource": "/a"}, "app: required"),
        ({"app": "x", "resource": ""}, "resource: required"),
        ({"app": "x", "resource": "/" * 1201}, "resource: longer than 1200"),
        ({"app": "x", "resource": 3}, "resource: required"),
        ({"app": "x", "resource": "/a", "namespace": 3}, "namespace: must be a string"),
        ({"app": "x", "resource": "/a", "labels": ["a"]}, "labels: must be a map of texts"),
        ({"app": "x", "resource": "/a", "labels": {"a": 3}}, "labels: must be a map of texts"),
        ({"app": "x", "resource": "/a", "path": "/"}, "unknown field path"),
    ],
)
def test_a_question_that_cannot_be_read_says_why(query, words):
    """It comes from other programs too."""
    with pytest.raises(InvalidQuery, match=words):
        explain_flow(World.of([], [], 1), query)
