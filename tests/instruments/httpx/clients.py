"""Both of httpx's clients behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Any

import httpx


class Sync:
    """The sync client."""

    def __init__(self, **settings: Any) -> None:
        self.client = httpx.Client(**settings)

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        return self.client.request(method, url, **options)

    def send(self, request: httpx.Request) -> httpx.Response:
        return self.client.send(request)

    def read(self, url: str) -> bytes:
        with self.client.stream("GET", url) as response:
            return b"".join(response.iter_bytes())

    def close(self) -> None:
        self.client.close()


class Async:
    """The async client, driven from sync code."""

    def __init__(self, **settings: Any) -> None:
        self.client = httpx.AsyncClient(**settings)
        self.runner = asyncio.Runner()

    def _run(self, work: Any) -> Any:
        return self.runner.run(work, context=copy_context())

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        response: httpx.Response = self._run(self.client.request(method, url, **options))
        return response

    def send(self, request: httpx.Request) -> httpx.Response:
        response: httpx.Response = self._run(self.client.send(request))
        return response

    def read(self, url: str) -> bytes:
        async def read() -> bytes:
            async with self.client.stream("GET", url) as response:
                return b"".join([part async for part in response.aiter_bytes()])

        body: bytes = self._run(read())
        return body

    def close(self) -> None:
        self._run(self.client.aclose())
        self.runner.close()


Client = Sync | Async
Make = Callable[..., Client]
