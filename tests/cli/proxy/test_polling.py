"""A real Envoy that polls: endpoints of a cluster of its own, as JSON over HTTP."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.servers.ports import free_port
from tests.conformance.routing.envoy.process import Envoy
from tests.conformance.routing.envoy.upstream import Upstream
from tests.control.fleet import Agent, until
from tests.control.serving import serving

ENVOY = os.environ.get("ENVOY", "")
pytestmark = pytest.mark.skipif(not ENVOY, reason="make test-envoy tries it")
CONTROL = "localhost"
"""Envoy sends the name of the cluster that it polls as the host; the server knows its own."""
TYPE = "type.googleapis.com/envoy.extensions."


def config(server: int, listens: int) -> dict[str, Any]:
    """Return a bootstrap with one listener, and a cluster whose endpoints are polled for."""
    polled = {
        "resource_api_version": "V3",
        "api_config_source": {
            "api_type": "REST",
            "transport_api_version": "V3",
            "cluster_names": [CONTROL],
            "refresh_delay": "0.1s",
            "request_timeout": "5s",
        },
    }
    name = "outbound|80||orders.shop.svc.cluster.local"
    router = {"@type": f"{TYPE}filters.http.router.v3.Router"}
    host = {
        "name": "all",
        "domains": ["*"],
        "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "orders"}}],
    }
    manager = {
        "@type": f"{TYPE}filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "route_config": {"name": "in", "virtual_hosts": [host]},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": router}],
    }
    filters = [{"name": "manager", "typed_config": manager}]
    control = {"endpoint": {"address": socket(server)}}
    return {
        "node": {"id": "polls", "cluster": "polls", "metadata": {"NAMESPACE": "shop"}},
        "admin": {"address": socket(0)},
        "static_resources": {
            "listeners": [
                {"name": "in", "address": socket(listens), "filter_chains": [{"filters": filters}]}
            ],
            "clusters": [
                {
                    "name": CONTROL,
                    "load_assignment": {
                        "cluster_name": CONTROL,
                        "endpoints": [{"lb_endpoints": [control]}],
                    },
                },
                {
                    "name": "orders",
                    "type": "EDS",
                    "eds_cluster_config": {"eds_config": polled, "service_name": name},
                },
            ],
        },
    }


def socket(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def test_it_follows_the_instances_of_an_app(tmp_path: Path) -> None:
    """They come and go without a stream."""
    listens = free_port()
    with (
        serving(tmp_path / "data", xds="127.0.0.1:0") as server,
        Upstream(["one"]) as upstream,
    ):
        port = int(server.url.rpartition(":")[2])
        agent = Agent(server.url, "shop", "orders", upstream.ports["one"])
        agent.register()
        with Envoy(ENVOY, config(port, listens), tmp_path):

            def status() -> int:
                url = f"http://127.0.0.1:{listens}/"
                return httpx.get(url, trust_env=False).status_code

            until(lambda: status() == 200)
            agent.leave()
            until(lambda: status() == 503)
