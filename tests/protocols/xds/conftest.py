"""A server of xDS that tests give meshes to."""

from __future__ import annotations

import asyncio
import threading

import pytest

from fairlead.protocols.xds.codec import Encoder
from fairlead.protocols.xds.server import Door, Streams, serve
from fairlead.protocols.xds.subscription import Rejection


class Plane:
    """A server of xDS in a thread, which gives out a Mesh."""

    def __init__(self):
        self.encoder, self.view = Encoder(), None
        self.refused: list[Rejection] = []
        self.streams = Streams(
            lambda node: self.view, lambda node, rejection: self.refused.append(rejection)
        )
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever)

    def start(self):
        self._thread.start()
        starting = serve(self.streams, Door("127.0.0.1:0"))
        self._server, [self.port] = asyncio.run_coroutine_threadsafe(starting, self.loop).result(10)

    def give(self, mesh):
        self.view = self.encoder.view(mesh, self.view)
        self.loop.call_soon_threadsafe(self.streams.publish)

    def stop(self):
        asyncio.run_coroutine_threadsafe(self._server.stop(0), self.loop).result(10)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


@pytest.fixture
def plane():
    found = Plane()
    found.start()
    yield found
    found.stop()
