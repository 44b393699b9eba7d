"""Two instances of an app, and channels to it by name, of both kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.instruments.plane import Plane, hooked, inner
from tests.instruments.rpc import WAYS, Metadata, ask, ask_async, sync_server


class Seen:
    """An instance: its name and address, and the metadata of the calls it has served."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = ""
        self.calls: list[list[tuple[str, str]]] = []
        self.behave: Callable[[Any], None] = lambda context: None

    def say(self, context: Any) -> str:
        self.calls.append([(one.key, one.value) for one in context.invocation_metadata()])
        self.behave(context)
        return self.name

    def last(self, key: str) -> str | None:
        values = [value for name, value in self.calls[-1] if name == key]
        assert len(values) < 2
        return values[0] if values else None


class Client:
    """Asks an app by its name, each time through the one channel."""

    def __init__(self, kind: str, target: str, **options: Any) -> None:
        self._kind, self._target, self._options = kind, target, options
        self._runner: asyncio.Runner | None = None
        self._channel: Any = None

    def ask(self, way: str, metadata: Metadata = (), **options: Any) -> list[str]:
        if self._kind == "sync":
            if self._channel is None:
                self._channel = grpc.insecure_channel(self._target, **self._options)
            return ask(self._channel, way, metadata, **options)
        if self._runner is None:
            self._runner = asyncio.Runner()
        asked = self._ask(way, metadata, options)
        return self._runner.run(asked, context=copy_context())

    async def _ask(self, way: str, metadata: Metadata, options: dict[str, Any]) -> list[str]:
        if self._channel is None:
            self._channel = grpc.aio.insecure_channel(self._target, **self._options)
        return await ask_async(self._channel, way, metadata, **options)

    def close(self) -> None:
        if self._kind == "sync" and self._channel is not None:
            self._channel.close()
        if self._runner is not None:
            self._runner.run(self._channel.close())
            self._runner.close()


Make = Callable[..., Client]


@pytest.fixture(params=["sync", "aio"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def instance(name: str) -> Iterator[Seen]:
    seen = Seen(name)
    with sync_server(seen.say) as seen.address:
        yield seen


@pytest.fixture
def base() -> Iterator[Seen]:
    yield from instance("cart")


@pytest.fixture
def gray() -> Iterator[Seen]:
    yield from instance("cart-gray")


@pytest.fixture
def plane(base: Seen, gray: Seen) -> Iterator[Plane]:
    plane = Plane(inner({"cart": {base.address: "", gray.address: "gray"}, "empty": {}}))
    with hooked(plane, "grpc", "grpc_aio", "python"):
        yield plane


@pytest.fixture
def make(kind: str) -> Iterator[Make]:
    made: list[Client] = []

    def client(target: str = "cart:50051", **options: Any) -> Client:
        made.append(Client(kind, target, **options))
        return made[-1]

    yield client
    for one in made:
        one.close()
