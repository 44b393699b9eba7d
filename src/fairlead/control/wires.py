"""Wires beside our own, which are imported only where they are asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from starlette.routing import BaseRoute

from fairlead.control.called import Called, Edges
from fairlead.control.carrying import Carrier
from fairlead.control.publish import Publisher
from fairlead.control.settings import Settings
from fairlead.control.tls import Certificates

if TYPE_CHECKING:
    from fairlead.control.xds import Xds


class Wires:
    """xDS, where there is an address for it."""

    def __init__(
        self,
        publisher: Publisher,
        settings: Settings,
        edges: Edges,
        certificates: Certificates | None = None,
    ) -> None:
        """`edges` are the calls that apps are seen to make. Raises CertificateUnusable."""
        self._xds: Xds | None = None
        if settings.xds is not None or settings.xds_tls is not None:
            from fairlead.control.doors import doors
            from fairlead.control.xds import Xds

            called = Called(edges) if settings.xds_prune else None
            self._xds = Xds(publisher, dict(doors(settings, certificates)), called)

    def routes(self) -> Iterator[BaseRoute]:
        """Yield what is asked about them over HTTP."""
        if self._xds is not None:
            yield from self._xds.routes()

    def carriers(self) -> frozenset[Carrier]:
        """Return the data planes that speak them, with what each has."""
        return frozenset(self._xds.carriers() if self._xds is not None else ())

    async def run(self) -> None:
        """Serve for good."""
        if self._xds is not None:
            await self._xds.run()
