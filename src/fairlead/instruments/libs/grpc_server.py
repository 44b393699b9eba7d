"""grpc's server: each call on its lane, in whichever thread its steps run.

An interceptor of ours comes first: those of the application, and what they put around handlers, are
inside the call. The handler's function is called in a thread of the server's executor; a generator
that it returns is stepped through there too.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlead.instruments.propagate import resume, suspend
from fairlead.instruments.rpc_server import Told, handler_like, way_of
from fairlead.instruments.rpc_serving import Governance, Serving

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "grpcio"
VERSIONS = ("1.60", "2")

_HINTS = ("experimental_non_blocking", "experimental_thread_pool")
"""What the server looks for at a handler's function."""


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook what a server is made with, what it is told, and its start and stop."""
    from grpc._server import _Server

    _Hooks(plane).replace(patches, _Server)


class _Hooks(Told):
    def __init__(self, plane: DataPlane) -> None:
        super().__init__(plane)
        self._interceptor = Interceptor(plane)

    def starting(self, original: Callable[[Any], None]) -> Callable[[Any], None]:
        def start(server: Any) -> None:
            self._plane.ensure_ready()
            original(server)
            self.started(server)

        return start

    def stopping(self, original: Callable[..., Any]) -> Callable[..., Any]:
        self._original = original

        def stop(server: Any, grace: Any = None) -> Any:
            # Calls go on being served until the last caller can know.
            if self.leaves(server):
                self._plane.leaving()
            return original(server, grace)

        return stop

    def _stop(self, server: Any, grace: float) -> None:
        self._original(server, grace)


class Interceptor:
    """Puts a call on its lane before the application's own interceptors see it."""

    def __init__(self, plane: DataPlane) -> None:
        self._governance = Governance(plane)

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Return the handler that serves a call."""
        serving = self._governance.serving(details)
        token = resume(serving.passage)
        try:
            handler = continuation(serving.shown(details))
        finally:
            suspend(token)
        return handler and governed(handler, serving)


def governed(handler: Any, serving: Serving) -> Any:
    """Return what serves one call in place of its handler."""
    way = way_of(handler)
    function = getattr(handler, way)
    streams = handler.response_streaming and not getattr(function, _HINTS[0], False)
    replacement = partial(serving.stream if streams else serving.single, function)
    for hint in _HINTS:
        if hasattr(function, hint):
            setattr(replacement, hint, getattr(function, hint))
    return handler_like(handler, way, replacement)
