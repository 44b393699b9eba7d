"""An app with OpenTelemetry's SDK, as its users set it up: spans go to a collector by OTLP."""

from __future__ import annotations

import os
from typing import Any

import httpx
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.trace import SpanKind
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

NAME = os.environ["FAIRLEAD_APP"]
provider = TracerProvider(resource=Resource.create({"service.name": NAME}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(insecure=True)))
trace.set_tracer_provider(provider)
HTTPXClientInstrumentor().instrument()


class Spans:
    """Stands around the application, as OpenTelemetry's own middleware does."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        carrier = {key.decode(): value.decode() for key, value in scope["headers"]}
        with trace.get_tracer("app").start_as_current_span(
            f"{NAME} serves", context=extract(carrier), kind=SpanKind.SERVER
        ):
            await self._app(scope, receive, send)


async def front(_: Request) -> PlainTextResponse:
    async with httpx.AsyncClient() as http:
        answer = await http.get("http://back/back")
    return PlainTextResponse(answer.text, answer.status_code)


async def back(_: Request) -> PlainTextResponse:
    return PlainTextResponse("done")


app = Spans(Starlette(routes=[Route("/front", front), Route("/back", back)]))
