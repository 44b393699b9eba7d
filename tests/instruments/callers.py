"""Every HTTP client that is hooked, behind one face."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import requests
import urllib3

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Reply:
    """What a client made of a response."""

    status: int
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class Caller:
    """One client library."""

    name: str
    hooks: tuple[str, ...]
    get: Callable[..., Reply]
    """Called with a URL, and perhaps ``headers``, a ``method`` and a ``body``."""
    refused: tuple[type[Exception], ...]
    """What it raises where it cannot connect."""

    def __str__(self) -> str:
        return self.name


def _reply(status: int, headers: Headers, text: str) -> Reply:
    return Reply(status, {name.lower(): value for name, value in headers.items()}, text)


def _httpx(url: str, **options: Any) -> Reply:
    method, options["content"] = options.pop("method", "GET"), options.pop("body", None)
    with httpx.Client(follow_redirects=True) as client:
        found = client.request(method, url, **options)
    return _reply(found.status_code, found.headers, found.text)


def _httpx_async(url: str, **options: Any) -> Reply:
    method, options["content"] = options.pop("method", "GET"), options.pop("body", None)

    async def get() -> Reply:
        async with httpx.AsyncClient(follow_redirects=True) as client:
            found = await client.request(method, url, **options)
        return _reply(found.status_code, found.headers, found.text)

    return in_loop(get())


def _requests(url: str, **options: Any) -> Reply:
    method, options["data"] = options.pop("method", "GET"), options.pop("body", None)
    with requests.Session() as session:
        found = session.request(method, url, timeout=10, **options)
        return _reply(found.status_code, found.headers, found.text)


def _urllib3(url: str, **options: Any) -> Reply:
    options.setdefault("retries", urllib3.Retry(connect=0, read=0, redirect=5))
    with urllib3.PoolManager() as manager:
        found = manager.request(options.pop("method", "GET"), url, timeout=10, **options)
        return _reply(found.status, found.headers, found.data.decode())


def _aiohttp(url: str, **options: Any) -> Reply:
    method, options["data"] = options.pop("method", "GET"), options.pop("body", None)

    async def get() -> Reply:
        async with (
            aiohttp.ClientSession() as client,
            client.request(method, url, **options) as found,
        ):
            return _reply(found.status, found.headers, await found.text())

    return in_loop(get())


def in_loop(work: Awaitable[Reply]) -> Reply:
    """Run `work` on the lane of the code that asks for it."""
    with asyncio.Runner() as runner:
        return runner.run(work, context=copy_context())  # type: ignore[arg-type]


CALLERS = (
    Caller("httpx", ("httpx",), _httpx, (httpx.ConnectError,)),
    Caller("httpx-async", ("httpx",), _httpx_async, (httpx.ConnectError,)),
    Caller("requests", ("urllib3", "requests"), _requests, (requests.ConnectionError,)),
    Caller("urllib3", ("urllib3",), _urllib3, (urllib3.exceptions.MaxRetryError,)),
    Caller("aiohttp", ("aiohttp",), _aiohttp, (aiohttp.ClientConnectorError,)),
)
