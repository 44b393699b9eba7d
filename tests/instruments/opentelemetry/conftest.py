"""An application's OpenTelemetry: a provider whose spans go by OTLP to a server that keeps them.

The server is gRPC's, and the service OpenTelemetry's own (opentelemetry-proto).
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
import pytest
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as messages
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

from tests.instruments.backend import Backend, backend
from tests.instruments.plane import Plane, hooked, inner


@dataclass
class Span:
    """A span as it was received."""

    name: str
    trace: str
    id: str
    attributes: dict[str, Any] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)


class Collector(services.TraceServiceServicer):
    """Keeps what it is sent."""

    def __init__(self) -> None:
        self.address = ""
        self.spans: list[Span] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 - the service's name
        self.spans += [
            Span(
                one.name,
                one.trace_id.hex(),
                one.span_id.hex(),
                _plain(one.attributes),
                {event.name: _plain(event.attributes) for event in one.events},
            )
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for one in scope.spans
        ]
        return messages.ExportTraceServiceResponse()

    def named(self, name: str) -> Span:
        """Return the one span of a name."""
        (found,) = [one for one in self.spans if one.name == name]
        return found


def _plain(attributes: Any) -> dict[str, Any]:
    return {one.key: getattr(one.value, one.value.WhichOneof("value")) for one in attributes}


@pytest.fixture
def collector() -> Iterator[Collector]:
    """Receive spans at `collector.address`."""
    made, server = Collector(), grpc.server(ThreadPoolExecutor(2))
    services.add_TraceServiceServicer_to_server(made, server)
    made.address = f"127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield made
    server.stop(None).wait(10)


@pytest.fixture
def called() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture
def plane(called: Backend) -> Iterator[Plane]:
    """An app that calls app `b`."""
    plane = Plane(inner({"b": {called.address: ""}}))
    with hooked(plane, "opentelemetry", "starlette", "flask", "httpx"):
        yield plane


@pytest.fixture
def tracer(plane: Plane, collector: Collector) -> Iterator[trace.Tracer]:
    """Make spans as an application does that has configured the SDK."""
    provider = TracerProvider()
    exporter = OTLPSpanExporter(endpoint=collector.address, insecure=True)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    yield provider.get_tracer("app")
    provider.shutdown()
