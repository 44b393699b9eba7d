"""FastAPI's own routes, which newer versions no longer hand to Starlette's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.instruments.limiting import Turnstile
from fairlead.instruments.routes import limited, noted

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "fastapi"
VERSIONS = ("0.95", "1")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what has a way of its own beside Starlette's."""
    from fastapi.applications import FastAPI
    from fastapi.routing import APIRoute

    # The end of ``__init__``, which itself has to stay what warnings call it: the caller's.
    patches.replace(FastAPI, "setup", noted(plane))
    if "build_middleware_stack" in vars(FastAPI):
        patches.replace(FastAPI, "build_middleware_stack", noted(plane))
    if "handle" in vars(APIRoute):
        patches.replace(APIRoute, "handle", limited(Turnstile(plane, LIBRARY)))
