"""Ports that an Envoy below us will listen on, and nobody else meanwhile.

Envoys of one user share a port silently (SO_REUSEPORT), so that each would get a part of the
other's calls. A port is therefore taken only where nobody has it, and kept by a socket of ours that
does not listen.
"""

from __future__ import annotations

import socket

from fairlead.cli.failure import ENVIRONMENT, Failed


def reserve(host: str, port: int = 0) -> socket.socket:
    """Return what keeps a port of an address as long as it is open; 0 is a free port.

    Raises Failed where it is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        # With SO_REUSEADDR connections that have ended are in nobody's way; one of `_kept` is, as
        # it does not have it.
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
            port = probe.getsockname()[1]
        return _kept(family, host, port)
    except OSError as error:
        raise Failed(f"{host}:{port}: {error.strerror}", ENVIRONMENT) from error


def _kept(family: int, host: str, port: int) -> socket.socket:
    kept = socket.socket(family)
    try:
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind((host, port))
    except OSError:
        kept.close()
        raise
    return kept


def port_of(kept: socket.socket) -> int:
    """Return the port that is kept."""
    return int(kept.getsockname()[1])


def address_of(kept: socket.socket) -> str:
    """Return ``host:port`` of what is kept."""
    host, port = kept.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
