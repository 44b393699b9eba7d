"""Stock kubectl and the Gateway API: what is applied, shown and told."""

from __future__ import annotations

import pytest

from tests.control.fleet import until
from tests.control.kubectl import Kubectl, rows

GATEWAY = """\
apiVersion: gateway.networking.k8s.io/{version}
kind: Gateway
metadata: {{name: web-{version}}}
spec:
  gatewayClassName: fairlead
  listeners: [{{name: http, port: 80, protocol: HTTP}}]
"""
ROUTE = """\
apiVersion: gateway.networking.k8s.io/{version}
kind: HTTPRoute
metadata: {{name: r-{version}}}
spec:
  parentRefs: [{{name: web-{version}}}]
  hostnames: [shop.example.com]
  rules: [{{backendRefs: [{{name: nobody, port: 80}}]}}]
"""
NAME = "gateways.gateway.networking.k8s.io"


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_gateways_and_routes_are_applied_and_told_how_they_stand(
    kubectl: Kubectl, version: str
) -> None:
    """In the words of the API, which other tools read as well."""
    gateway, route = (text.format(version=version) for text in (GATEWAY, ROUTE))
    applied = kubectl.run("apply", "-f", "-", stdin=f"{gateway}---\n{route}")
    assert applied.splitlines() == [
        f"gateway.gateway.networking.k8s.io/web-{version} created",
        f"httproute.gateway.networking.k8s.io/r-{version} created",
    ]
    again = kubectl.run("apply", "-f", "-", stdin=route)
    assert again == f"httproute.gateway.networking.k8s.io/r-{version} unchanged\n"

    until(
        lambda: kubectl.json("get", "httproutes", f"r-{version}").get("status", {}).get("parents")
    )
    (parent,) = kubectl.json("get", "httproutes", f"r-{version}")["status"]["parents"]
    assert parent["parentRef"] == {"name": f"web-{version}"}
    found = {one["type"]: (one["status"], one["reason"]) for one in parent["conditions"]}
    assert found == {
        "Accepted": ("True", "Accepted"),
        "ResolvedRefs": ("False", "BackendNotFound"),
    }
    (listener,) = kubectl.json("get", NAME, f"web-{version}")["status"]["listeners"]
    assert listener["attachedRoutes"] == 1
    assert "BackendNotFound" in kubectl.run("describe", "httproute", f"r-{version}")
    head, *shown = rows(kubectl.run("get", NAME))
    assert head == ["NAME", "CLASS", "PROGRAMMED", "AGE"]
    assert [f"web-{version}", "fairlead", "False"] in [row[:3] for row in shown]


def test_the_fields_of_the_gateway_api_are_explained(kubectl: Kubectl) -> None:
    """By group, as Istio has a Gateway as well."""
    text = kubectl.run(
        "explain", "gateways.spec.listeners", "--api-version=gateway.networking.k8s.io/v1"
    )
    assert "allowedRoutes" in text
    assert "backendRequest" in kubectl.run("explain", "httproutes.spec.rules.timeouts")


def test_what_the_api_refuses_is_refused_by_the_server(kubectl: Kubectl) -> None:
    """With the path of the field."""
    text = ROUTE.format(version="v1").replace("nobody, port: 80", "nobody")
    printed = kubectl.run("apply", "-f", "-", stdin=text, status=1)
    assert "spec.rules[0].backendRefs[0].port" in printed
