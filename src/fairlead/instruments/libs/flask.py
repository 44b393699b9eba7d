"""Flask.

``__call__`` is hooked so that WSGI middleware put around ``wsgi_app`` runs on the lane, and
``wsgi_app`` for servers that are given that method itself. The environ tells when one called the
other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlead.instruments.wsgi import governed

if TYPE_CHECKING:
    from fairlead.instruments.instrument import DataPlane
    from fairlead.instruments.patch import Patches

LIBRARY = "flask"
VERSIONS = ("2.2", "4")


def install(plane: DataPlane, patches: Patches) -> None:
    """Govern every application, those that exist already too: the class is hooked."""
    from flask.app import Flask

    wrap = governed(plane)
    patches.replace(Flask, "__call__", wrap)
    patches.replace(Flask, "wsgi_app", wrap)
