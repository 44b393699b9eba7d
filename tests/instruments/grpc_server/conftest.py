"""Servers of both kinds, hooked, and a channel of no app's name to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest

from fairlead.instruments.propagate import current_lane
from tests.instruments.plane import Plane, hooked
from tests.instruments.rpc import SERVERS, WAYS

Serve = Callable[..., Any]


@pytest.fixture(params=SERVERS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def plane() -> Iterator[Plane]:
    plane = Plane()
    with hooked(plane, "grpc_server", "grpc_aio_server", "python"):
        yield plane


@pytest.fixture
def serve(plane: Plane, kind: str) -> Iterator[Serve]:
    """Start a server that answers with the lane of its work, or what it is given to say."""
    with ExitStack() as stack:

        def start(say: Any = None, **options: Any) -> Any:
            say = say or (lambda context: current_lane(plane) or "base")
            address = stack.enter_context(SERVERS[kind](say, **options))
            return stack.enter_context(grpc.insecure_channel(address))

        yield start
