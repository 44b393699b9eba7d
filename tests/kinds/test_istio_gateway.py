"""Gateway of Istio: its files load, and what cannot be meant is refused with its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from fairlead.kinds import IstioGateway, kind_named, parse
from fairlead.kinds.istio_gateway import KIND
from fairlead.kinds.networking import waiting
from tests.kinds.objects import said


def made(*servers: dict[str, Any], version: str = "v1", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": f"networking.istio.io/{version}",
        "kind": "Gateway",
        "metadata": {"name": "web"},
        "spec": {"servers": list(servers), **spec},
    }


def server(protocol: str = "HTTP", hosts: tuple[str, ...] = ("*",), **more: Any) -> dict[str, Any]:
    return {
        "port": {"number": 80, "name": "http", "protocol": protocol},
        "hosts": list(hosts),
        **more,
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_version_of_istio_says_the_same(version):
    resource = parse(made(server(), version=version, selector={"istio": "ingressgateway"}))
    assert resource == IstioGateway(
        name="web", servers=[server()], selector={"istio": "ingressgateway"}
    )
    assert resource.plain["apiVersion"] == "networking.istio.io/v1"
    assert kind_named("gateways.networking.istio.io") is KIND
    assert kind_named("gw") is KIND
    assert KIND.row(made(server()), datetime(2026, 11, 26, tzinfo=UTC))[1] == "80"


FILES = {"mode": "SIMPLE", "serverCertificate": "/c.pem", "privateKey": "/k.pem"}


def test_what_waits_is_named():
    tls = {"mode": "SIMPLE", "credentialName": "c", "minProtocolVersion": "TLSV1_2"}
    resource = parse(made(server("HTTPS", tls=tls, bind="0.0.0.0")))
    assert list(waiting(resource.spec)) == [
        "servers[0].tls.credentialName",
        "servers[0].tls.minProtocolVersion",
        "servers[0].bind",
    ]
    assert list(waiting(parse(made(server("HTTPS", tls=FILES))).spec)) == []


@pytest.mark.parametrize(
    ("plain", "path", "words"),
    [
        (made(), "spec.servers", "at least 1"),
        (made(server("HTP")), "spec.servers[0].port.protocol", "HTTP"),
        (made(server("HTTPS")), "spec.servers[0].tls", "required"),
        (made(server("HTTPS", tls={"mode": "S"})), "spec.servers[0].tls.mode", "SIMPLE"),
        (
            made(server("HTTPS", tls={"mode": "SIMPLE"})),
            "spec.servers[0].tls.serverCertificate",
            "credentialName",
        ),
        (
            made(server("HTTPS", tls={**FILES, "httpsRedirect": True})),
            "spec.servers[0].tls.httpsRedirect",
            "without encryption",
        ),
        (made(server(hosts=("a.*",))), "spec.servers[0].hosts[0]", "wildcard"),
        (made(server(hosts=("a/b/c",))), "spec.servers[0].hosts[0]", "NAMESPACE/HOST"),
        (made(server(hosts=())), "spec.servers[0].hosts", "at least 1"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_path(plain, path, words):
    assert words in said(plain)[path]
