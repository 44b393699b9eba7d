"""Clients of both kinds, and two instances of an app for them to call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.instruments.called import base, gray, plane
from tests.instruments.httpx.clients import Async, Client, Make, Sync

__all__ = ["base", "gray", "plane"]


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
def libraries() -> tuple[str, ...]:
    return ("httpx",)
