"""CPU that a call by app name adds in the caller, against a real server on loopback.

Bare is the same library calling the server's address with nothing hooked; hooked calls the app's
name on lane gray, so that the address is looked up, the label is added, and the call is driven.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import aiohttp
import httpx
import requests

from benchmarks.measure import Batch, Figure, added, each, each_async
from benchmarks.plane import Plane, service, snapshot
from benchmarks.responder import LABELLED, responding
from fairlead.instruments.passage import Served
from fairlead.instruments.patch import Patches
from fairlead.instruments.propagate import resume, suspend

NAME = f"http://c{LABELLED}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """One library: the instruments that hook it, how it calls, and what may be added."""

    name: str
    instruments: tuple[str, ...]
    open: Callable[[str, ExitStack], Batch]
    """Makes a batch of calls to a URL; what it opens is closed with the stack."""
    calls: int
    target: float


def run() -> Iterator[Figure]:
    """Measure every client library."""
    with responding() as address:
        for client in CLIENTS:
            yield _figure(client, address)


def _figure(client: Client, address: str) -> Figure:
    plane = Plane(snapshot("b", services=[service("c", address, address)]))
    patches, lane = Patches(), Served("gray")
    hooks: list[Any] = [
        import_module(f"fairlead.instruments.libs.{name}") for name in client.instruments
    ]
    with ExitStack() as stack:
        bare = client.open(f"http://{address}/anything", stack)
        named = client.open(NAME, stack)

        def hooked(calls: int) -> list[int]:
            for instrument in hooks:
                instrument.install(plane, patches)
            token = resume(lane)
            try:
                return named(calls)
            finally:
                suspend(token)
                patches.restore()

        figure = added(
            f"outbound_{client.name}_us", bare, hooked, calls=client.calls, target=client.target
        )
    counted = plane.counters.read()
    if "agent_faults" in counted:
        raise RuntimeError(f"the hooks of {client.name} failed: {counted}")
    return figure


def _requests(url: str, stack: ExitStack) -> Batch:
    session = stack.enter_context(requests.Session())
    return partial(each, lambda: session.get(url, timeout=5).raise_for_status())


def _httpx_sync(url: str, stack: ExitStack) -> Batch:
    client = stack.enter_context(httpx.Client())
    return partial(each, lambda: client.get(url).raise_for_status())


def _httpx_async(url: str, stack: ExitStack) -> Batch:
    runner = stack.enter_context(asyncio.Runner())
    client = httpx.AsyncClient()
    stack.callback(lambda: runner.run(client.aclose()))

    async def call() -> None:
        (await client.get(url)).raise_for_status()

    return _in_loop(runner, call)


def _aiohttp(url: str, stack: ExitStack) -> Batch:
    runner = stack.enter_context(asyncio.Runner())

    async def opened() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    session = runner.run(opened())
    stack.callback(lambda: runner.run(session.close()))

    async def call() -> None:
        async with session.get(url) as response:
            response.raise_for_status()
            await response.read()

    return _in_loop(runner, call)


def _in_loop(runner: asyncio.Runner, call: Callable[[], Awaitable[None]]) -> Batch:
    # In the caller's context, where the lane is: a runner has one of its own.
    return lambda calls: runner.run(each_async(call, calls), context=copy_context())


CLIENTS = (
    Client(name="aiohttp", instruments=("aiohttp",), open=_aiohttp, calls=800, target=15),
    Client(
        name="requests", instruments=("urllib3", "requests"), open=_requests, calls=400, target=25
    ),
    Client(name="httpx_sync", instruments=("httpx",), open=_httpx_sync, calls=400, target=30),
    Client(name="httpx_async", instruments=("httpx",), open=_httpx_async, calls=400, target=30),
)
