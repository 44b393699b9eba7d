"""Starlette, and FastAPI, which calls Starlette's ``__call__`` from its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.instruments.asgi import governed
from fairlead.instruments.limiting import Turnstile
from fairlead.instruments.routes import limited, mounted, noted, unknown

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "starlette"
VERSIONS = ("0.27", "2")


def install(plane: DataPlane, patches: Patches) -> None:
    """Govern every application, those that exist already too: the class is hooked."""
    from starlette.applications import Starlette
    from starlette.routing import Host, Mount, Route, Router, WebSocketRoute

    gate = Turnstile(plane, LIBRARY)
    patches.replace(Starlette, "__call__", governed(plane))
    patches.replace(Starlette, "build_middleware_stack", noted(plane))
    patches.replace(Route, "handle", limited(gate))
    patches.replace(WebSocketRoute, "handle", limited(gate))
    patches.replace(Mount, "handle", mounted(gate))
    patches.replace(Host, "handle", mounted(gate))
    patches.replace(Router, "not_found", unknown(gate))
