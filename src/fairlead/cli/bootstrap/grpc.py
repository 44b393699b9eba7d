"""What gRPC libraries read from the file that GRPC_XDS_BOOTSTRAP names (gRFC A27, A36)."""

from __future__ import annotations

from typing import Any

from fairlead.cli.bootstrap.peer import Server

LISTENER = "xds.istio.io/grpc/lds/inbound/%s"
"""Name of the listener that a server asks for; ``%s`` is the address it listens at."""


def grpc(server: Server, node: dict[str, Any]) -> dict[str, Any]:
    """Return the bootstrap, in gRPC's words."""
    credentials: dict[str, Any] = {"type": "insecure"}
    if server.authority is not None:
        config = {"ca_certificate_file": server.authority}
        if server.shown is not None:
            config["certificate_file"], config["private_key_file"] = server.shown
        credentials = {"type": "tls", "config": config}
    return {
        "xds_servers": [
            {
                "server_uri": server.address,
                "channel_creds": [credentials],
                "server_features": ["xds_v3"],
            }
        ],
        "node": node,
        "server_listener_resource_name_template": LISTENER,
    }
