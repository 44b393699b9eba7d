"""werkzeug's development server, which `flask run` starts.

Under its reloader only the child serves. SIGTERM has its default action there; the agent takes it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "werkzeug"
VERSIONS = ("2.2", "4")


def install(plane: DataPlane, patches: Patches) -> None:
    """Hook the loop that every one of its servers runs."""
    from werkzeug.serving import BaseWSGIServer

    def serving(original: Callable[..., None]) -> Callable[..., None]:
        def serve_forever(self: Any, *args: Any, **kwargs: Any) -> None:
            plane.ensure_ready()
            plane.serving(LIBRARY, lambda: [self.socket])
            try:
                original(self, *args, **kwargs)
            finally:
                plane.leaving()

        return serve_forever

    patches.replace(BaseWSGIServer, "serve_forever", serving)
