"""Gateway of the Gateway API: its listeners, and that Istio may have a kind of the same name."""

from __future__ import annotations

from typing import Any

import pytest

from fairlead.kinds import KubernetesGateway, kind_named, parse
from fairlead.kinds.kubernetes_gateway import KIND
from tests.kinds.objects import said


def made(*listeners: dict[str, Any], version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"gateway.networking.k8s.io/{version}",
        "kind": "Gateway",
        "metadata": {"name": "web"},
        "spec": {"gatewayClassName": "fairlead", "listeners": list(listeners), **spec},
    }


def listener(**more: Any) -> dict[str, Any]:
    return {"name": "http", "port": 80, "protocol": "HTTP", **more}


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_both_versions_say_the_same(version):
    """Files of several years lie side by side in a cluster."""
    resource = parse(made(listener(), version=version))
    assert resource == KubernetesGateway(
        name="web", gateway_class_name="fairlead", listeners=[listener()]
    )
    assert kind_named("gateways.gateway.networking.k8s.io") is KIND
    assert kind_named("gtw") is KIND


TLS = {"certificateRefs": [{"name": "c"}]}


@pytest.mark.parametrize(
    ("one", "where"),
    [
        (listener(tls=TLS), "tls"),
        (listener(protocol="HTTPS", tls={**TLS, "mode": "Passthrough"}), "tls.mode"),
        (listener(protocol="TLS", tls=TLS), "tls.mode"),
        (listener(protocol="HTTPS", tls={}), "tls.certificateRefs"),
        (listener(protocol="TCP", hostname="a.com"), "hostname"),
        (listener(port=0), "port"),
        (listener(hostname="a_b"), "hostname"),
        (listener(hostnames=["a.com"]), "hostnames"),
    ],
)
def test_what_the_api_refuses_is_refused_with_its_path(one, where):
    """The rules that a cluster checks with CEL, in sentences."""
    assert f"spec.listeners[0].{where}" in said(made(one))


def test_listeners_have_names_and_places_of_their_own():
    """Two of one name could not be told apart."""
    found = said(made(listener(), listener()))
    assert set(found) == {"spec.listeners[1].name", "spec.listeners[1]"}
    assert "spec.listeners" in said(made())


def said_nothing(one: dict[str, Any]) -> bool:
    return bool(parse(made(one)).spec.listeners[0].protocol == one["protocol"])


def test_protocols_of_another_version_are_taken():
    """The status of the listener says that it is not served."""
    assert said_nothing(listener(protocol="example.com/quic"))
    assert said_nothing(listener(protocol="HTTPS", tls={**TLS, "mode": "Reencrypt"}))
