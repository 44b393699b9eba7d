"""TrafficRouter: its specification's example loads, with the checks of a VirtualService."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fairlead.kinds import TrafficRouter, kind_named, parse
from fairlead.kinds.traffic_router import KIND
from tests.kinds.objects import said


def made(**spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "traffic.opensergo.io/v1alpha1",
        "kind": "TrafficRouter",
        "metadata": {"name": "cart", "labels": {"app": "cart"}},
        "spec": {"hosts": ["cart"], **spec},
    }


def to(subset: str, **more: Any) -> dict[str, Any]:
    return {"route": [{"destination": {"host": "cart", "subset": subset, **more}}]}


HTTP = [
    {
        "match": [{"headers": {"x-canary": {"exact": "yes"}}}],
        **to("v9", fallback={"host": "cart", "subset": "v8"}),
    },
    to("v8"),
]


def test_one_in_python_equals_one_from_yaml():
    resource = parse(made(http=HTTP))
    assert resource == TrafficRouter(name="cart", labels={"app": "cart"}, hosts=["cart"], http=HTTP)
    assert KIND.row(made(), datetime(2026, 11, 26, tzinfo=UTC))[1] == "cart"
    assert kind_named("tr") is KIND


def test_what_cannot_be_meant_is_refused_with_its_path():
    plain = made(http=[{"redirect": {}, **to("v8")}, {"match": [{"uri": {"regex": "("}}]}])
    found = said(plain)
    assert "not beside redirect" in found["spec.http[0].route"]
    assert "regular expression" in found["spec.http[1].match[0].uri.regex"]
