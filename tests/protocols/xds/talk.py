"""A stream of ADS, said by hand."""

from __future__ import annotations

import queue

from fairlead.protocols.xds import pb

discovery = pb.package("envoy.service.discovery.v3")


class Talk:
    """A stream of ADS."""

    def __init__(self, channel):
        self._said: queue.Queue[bytes | None] = queue.Queue()
        method = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
        self.answers = channel.stream_stream(method)(iter(self._said.get, None))

    def take(self):
        """Return the next response."""
        return discovery.DiscoveryResponse.FromString(next(self.answers))

    def answer(self, told, refuses=""):
        """Acknowledge a response, or refuse it with a reason."""
        answer = discovery.DiscoveryRequest(type_url=told.type_url, response_nonce=told.nonce)
        if refuses:
            answer.error_detail.message = refuses
        self.say(answer)

    def say(self, request):
        self._said.put(request.SerializeToString())

    def end(self):
        self._said.put(None)
