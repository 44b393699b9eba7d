"""GRPCRoute: what the Gateway API takes is taken, what it refuses is refused with its path."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.kinds import GRPCRoute, parse
from tests.kinds.objects import said


def made(**rule: Any) -> dict[str, Any]:
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "GRPCRoute",
        "metadata": {"name": "r"},
        "spec": {"rules": [rule]},
    }


def test_one_in_python_equals_one_from_yaml():
    """There is one set of checks."""
    rule = {"matches": [{"method": {"service": "shop.Orders"}}]}
    assert GRPCRoute(name="r", rules=[rule]) == parse(made(**rule))


@pytest.mark.parametrize(
    ("method", "where"),
    [
        ({}, "method"),
        ({"service": "shop/Orders"}, "method.service"),
        ({"method": "Get.All"}, "method.method"),
        ({"service": "(", "type": "RegularExpression"}, "method.service"),
    ],
)
def test_services_and_methods_are_names(method, where):
    """One that no call can have would never match."""
    found = said(made(matches=[{"method": method}]))
    assert f"spec.rules[0].matches[0].{where}" in found


def test_filters_of_http_are_none_of_grpc():
    """They are refused by name, and a type of them is one that is not known."""
    found = said(made(filters=[{"type": "URLRewrite", "urlRewrite": {}}]))
    assert "unknown field" in found["spec.rules[0].filters[0].urlRewrite"]


def test_a_backend_needs_its_port():
    """A Service has several."""
    assert "spec.rules[0].backendRefs[0].port" in said(made(backendRefs=[{"name": "a"}]))
