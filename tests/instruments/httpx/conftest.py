"""Clients of both kinds, and two instances of an app for them to call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.instruments.backend import Backend, backend
from tests.instruments.httpx.clients import Async, Client, Make, Sync
from tests.instruments.plane import Plane, hooked, inner


@pytest.fixture(params=[Sync, Async], ids=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Client] = []

    def client(**settings: Any) -> Client:
        made.append(request.param(**settings))
        return made[-1]

    yield client
    for one in made:
        one.close()


@pytest.fixture
def base() -> Iterator[Backend]:
    with backend("b") as one:
        yield one


@pytest.fixture
def gray() -> Iterator[Backend]:
    with backend("b-gray") as one:
        yield one


@pytest.fixture
def plane(base: Backend, gray: Backend) -> Iterator[Plane]:
    plane = Plane(inner({"b": {base.address: "", gray.address: "gray"}, "empty": {}}))
    with hooked(plane, "httpx"):
        yield plane
