"""A process tells what its app promises: once, when it is asked, and never on a request's way."""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from typing import Any

import pytest

from tests.agent.program import SERVE, STAY, await_registered
from tests.agent.wire import snapshot, until

FASTAPI = """
import asyncio, threading
from fastapi import FastAPI
app = FastAPI()
@app.get("/orders/{id}")
def read(id: int) -> dict[str, str]: return {}
made = app.openapi
def openapi():
    print("made in", threading.current_thread() is threading.main_thread(), flush=True)
    return made()
app.openapi = openapi
agent.interfaces.note(app, lambda app: [])
"""

GRPC = """
from concurrent.futures import ThreadPoolExecutor
import grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as services
made = grpc.server(ThreadPoolExecutor(1))
services.add_TraceServiceServicer_to_server(services.TraceServiceServicer(), made)
"""


def document(body: dict[str, Any]) -> Any:
    return json.loads(zlib.decompress(b64decode(body["document"])))


def test_fastapi_tells_its_document(launch, wire):
    """By digest in every registration, in full when it is asked for."""
    wire.publish(snapshot(1))
    wire.renew = 0.3
    program = launch(SERVE + FASTAPI + STAY)
    await_registered(wire, program.line())
    assert program.line() == "made in False"
    until(lambda: wire.contracts)

    (told,) = wire.contracts
    assert (told["app"], told["sort"]) == ("shop", "openapi")
    assert list(document(told)["paths"]) == ["/orders/{id}"]
    seen = len(wire.registrations)
    until(lambda: len(wire.registrations) > seen + 2)
    assert wire.registrations[-1]["contracts"] == [{"sort": "openapi", "digest": told["digest"]}]
    assert len(wire.contracts) == 1


def test_services_of_grpc_are_told_by_their_descriptors(launch, wire):
    """As far as protobuf knows them."""
    wire.publish(snapshot(1))
    wire.renew = 0.3
    program = launch(SERVE + GRPC + STAY)
    await_registered(wire, program.line())
    until(lambda: wire.contracts)

    (told,) = wire.contracts
    assert told["sort"] == "grpc"
    services = document(told)["services"]
    assert services["opentelemetry.proto.collector.trace.v1.TraceService"]["Export"]


@pytest.mark.parametrize(
    ("broken", "setting"),
    [("", "off"), ("app.openapi = lambda: 1 / 0\n", "on"), ("app.openapi = lambda: 7\n", "on")],
)
def test_an_application_that_tells_nothing_is_registered_all_the_same(
    launch, wire, broken, setting
):
    """Its code may fail: a lease does not depend on it."""
    wire.publish(snapshot(1))
    wire.renew = 0.3
    program = launch(SERVE + FASTAPI + broken + STAY, FAIRLEAD_CONTRACTS=setting)
    await_registered(wire, program.line())
    until(lambda: len(wire.registrations) > 6)

    assert wire.registrations[-1]["contracts"] == []
    assert wire.contracts == []
