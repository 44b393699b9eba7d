"""Calls of gRPC carry the trace of the request that they are made for."""

from __future__ import annotations

import pytest

from fairlead.instruments.propagate import resume, suspend
from fairlead.instruments.rpc_passage import RpcPassage

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
OWN = "00-11111111111111111111111111111111-2222222222222222-01"


@pytest.fixture
def request_of_rpc():
    """Work for a call of gRPC that came with a trace."""
    served = RpcPassage("", lambda: None)
    served.headers = (("traceparent", PARENT), ("tracestate", "a=b"))
    token = resume(served)
    yield served
    suspend(token)


def test_metadata_has_the_trace(plane, base, make, request_of_rpc):
    """W3C's headers are metadata there."""
    make().ask("unary_unary")

    assert base.last("traceparent") == PARENT
    assert base.last("tracestate") == "a=b"


def test_a_trace_of_the_application_is_left_alone(plane, base, make, request_of_rpc):
    """OpenTelemetry's interceptors write it before us."""
    make().ask("unary_unary", (("traceparent", OWN),))

    assert base.last("traceparent") == OWN
    assert base.last("tracestate") is None
