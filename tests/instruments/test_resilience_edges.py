"""What rules about calls must not do: send an order twice, or half of it, or to somebody else."""

from __future__ import annotations

import asyncio
import io
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from threading import Thread
from typing import Any

import aiohttp
import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import requests
import urllib3
from h2.errors import ErrorCodes

from fairlead.flow.call import Call
from fairlead.instruments.httpx_time import in_time_async
from fairlead.policy.balance import Budget, Cluster
from tests.flow.routes import call_route
from tests.instruments.backend import closed_port
from tests.instruments.callers import CALLERS
from tests.instruments.plane import Plane, eventually, hooked
from tests.instruments.rude import FAILED, OK, Behaviour, Rude, always, reset, rude
from tests.instruments.test_resilience import RULE, TIMED_OUT, retrying, ruled

TIMED = call_route(rule=RULE, timeout=5.0)
SYNC = [one for one in CALLERS if one.name in {"httpx", "requests", "urllib3"}]


def leads_to(where: str) -> Behaviour:
    head = f"HTTP/1.1 303 See Other\r\nLocation: {where}\r\nContent-Length: 0\r\n"
    return always(f"{head}Connection: close\r\n\r\n".encode())


def test_a_post_that_leads_to_somebody_who_refuses_is_sent_once() -> None:
    """Aiohttp follows a redirect itself: who refused was not who has the order."""

    async def order() -> None:
        async with aiohttp.ClientSession() as client, client.post("http://b/x", data=b"order"):
            pass

    with closed_port() as gone, rude(leads_to(f"http://{gone}/")) as one, rude(one.behave) as two:
        plane = ruled([one.address, two.address], TIMED)
        with hooked(plane, "aiohttp"), pytest.raises(aiohttp.ClientConnectorError):
            asyncio.run(order())
        assert len(one.requests) + len(two.requests) == 1
        assert plane.engine._avoided.until == {}


def test_a_post_whose_answer_is_raised_behind_a_redirect_is_sent_once() -> None:
    """What is named is the answer of a POST, and this one is a GET's."""

    def behave(one: Rude, peer: socket.socket) -> None:
        is_order = one.requests[-1].startswith(b"POST")
        (leads_to("http://b/done") if is_order else always(FAILED))(one, peer)

    async def order() -> None:
        async with (
            aiohttp.ClientSession(raise_for_status=True) as client,
            client.post("http://b/x", data=b"order"),
        ):
            pass

    with rude(behave) as one:
        plane = ruled([one.address], retrying("retriable-status-codes", statuses=(503,)))
        with hooked(plane, "aiohttp"), pytest.raises(aiohttp.ClientResponseError):
            asyncio.run(order())
        assert sum(request.startswith(b"POST") for request in one.requests) == 1


def test_a_pools_post_that_leads_to_nobody_is_sent_once() -> None:
    """A pool of urllib3 follows a redirect itself, and its error is that of the last hop."""

    def behave(one: Rude, peer: socket.socket) -> None:
        snapshot = plane.engine.plan.snapshot
        gone = tuple(replace(service, endpoints=()) for service in snapshot.services)
        plane.engine.apply(replace(snapshot, services=gone))
        leads_to("/done")(one, peer)

    with rude(behave) as one, rude(behave) as two:
        plane = ruled([one.address, two.address], TIMED)
        pool, retries = urllib3.connection_from_url("http://b"), urllib3.Retry(2, connect=0)
        with hooked(plane, "urllib3"), pytest.raises(urllib3.exceptions.HTTPError):
            pool.request("POST", "/x", body=b"order", retries=retries)
        assert len(one.requests) + len(two.requests) == 1


@pytest.mark.parametrize("library", ["urllib3", "requests"])
def test_a_file_that_the_callers_own_retries_send_again_is_sent_whole(library: str) -> None:
    """A rule's repetition keeps its hands off: urllib3 winds the file back for its own."""

    def behave(one: Rude, peer: socket.socket) -> None:
        (reset if len(one.requests) == 1 else always(OK))(one, peer)

    with rude(behave) as server, hooked(ruled([server.address], retrying("5xx")), "urllib3"):
        retries, body = urllib3.Retry(2, backoff_factor=0), io.BytesIO(b"order")
        sized = {"Content-Length": "5"}
        if library == "urllib3":
            with urllib3.PoolManager(retries=retries) as manager:
                manager.request("PUT", "http://b/x", body=body, timeout=5, headers=sized)
        else:
            with requests.Session() as session:
                session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
                session.put("http://b/x", data=body, timeout=5)
    assert [one.partition(b"\r\n\r\n")[2].count(b"order") for one in server.requests] == [1, 1]


def test_what_a_middleware_asks_of_somebody_else_is_sent_there() -> None:
    """A token's request, and its secret, go to who gives tokens, and not to the app's instance."""
    with rude() as app, rude() as tokens:

        async def authorised(request: Any, handler: Any) -> Any:
            async with aiohttp.ClientSession() as client:
                await client.post(f"http://{tokens.address}/token", data=b"secret")
            return await handler(request)

        async def call() -> None:
            async with aiohttp.ClientSession(middlewares=(authorised,)) as client:
                await client.get("http://b/x")

        with hooked(ruled([app.address], TIMED), "aiohttp"):
            asyncio.run(call())
        assert [b"secret" in one for one in tokens.requests] == [True]
        assert [b"secret" in one for one in app.requests] == [False]


def test_calls_that_are_cancelled_between_attempts_leave_no_connection_behind() -> None:
    """Users that go away while their calls are repeated must not use up the pool."""

    async def storm(server: Rude) -> int:
        limits = httpx.Limits(max_connections=2)
        async with httpx.AsyncClient(limits=limits, timeout=5) as client:
            for number in range(1, 5):
                task = asyncio.create_task(client.get("http://b/x"))
                await asyncio.to_thread(eventually, lambda: len(server.requests) >= number)  # noqa: B023
                await asyncio.sleep(0.05)
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
            server.behave = always(OK)
            return (await client.get("http://b/x")).status_code

    with rude(always(FAILED)) as server:
        plane = ruled([server.address], retrying("5xx", backoff=60.0, longest=60.0))
        plane.engine.dice = lambda: 1.0
        plane.engine.callees._dice = lambda: 1.0
        plane.engine.apply(plane.engine.plan.snapshot)
        with hooked(plane, "httpx"):
            assert asyncio.run(storm(server)) == 200


@contextmanager
def slow_reader() -> Iterator[str]:
    """Take a body in a little at a time, and never answer."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                while peer.recv(65_536):
                    time.sleep(0.05)

    Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.close()


@pytest.mark.parametrize("caller", SYNC, ids=str)
@pytest.mark.parametrize("whole", [True, False])
def test_a_body_that_is_taken_in_slowly_does_not_outlast_the_call(caller, whole) -> None:
    """Each part of it is in time by itself; all of them are not."""
    body = b"x" * 30_000_000 if whole else iter([b"x" * 65_536] * 450)
    with slow_reader() as address:
        plane = ruled([address], call_route(rule=RULE, timeout=0.5))
        with hooked(plane, *caller.hooks):
            began = time.monotonic()
            with pytest.raises(TIMED_OUT):
                caller.get("http://b/x", method="POST", body=body)
            assert time.monotonic() - began < 5


def endless(rude: Rude, peer: socket.socket) -> None:
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
    while not rude.over.is_set():
        peer.sendall(b"x" * 1_000_000)


@pytest.mark.parametrize("name", ["httpx", "httpx-async", "requests", "aiohttp"])
def test_a_body_that_never_stops_does_not_outlast_the_call(name: str) -> None:
    """Whoever is never waited for must not be asked for ever."""

    async def read_async() -> None:
        async with httpx.AsyncClient(timeout=30) as client, client.stream("GET", "http://b/") as it:
            async for _ in it.aiter_raw():
                pass

    async def read_aiohttp() -> None:
        async with aiohttp.ClientSession() as client, client.get("http://b/") as it:
            async for _ in it.content.iter_any():
                pass

    def read() -> None:
        with httpx.Client(timeout=30) as client, client.stream("GET", "http://b/") as it:
            for _ in it.iter_raw():
                pass

    def read_requests() -> None:
        for _ in requests.get("http://b/", stream=True, timeout=30).iter_content(65_536):
            pass

    ways = {
        "httpx": read,
        "httpx-async": lambda: asyncio.run(read_async()),
        "requests": read_requests,
        "aiohttp": lambda: asyncio.run(read_aiohttp()),
    }
    with rude(endless) as server:
        plane = ruled([server.address], call_route(rule=RULE, timeout=0.5))
        with hooked(plane, "httpx", "urllib3", "requests", "aiohttp"), pytest.raises(TIMED_OUT):
            ways[name]()


def test_a_body_is_read_where_asyncio_does_not_run() -> None:
    """In trio: nothing cuts it short, and nothing breaks it."""

    async def parts() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    call = Call("b", "GET", "")
    call.deadline = time.monotonic() + 60

    async def read() -> bytes:
        return b"".join([part async for part in in_time_async(parts(), call)])

    with pytest.raises(StopIteration) as done:
        read().send(None)
    assert done.value.value == b"ab"


def refusing(times: int) -> Behaviour:
    """Refuse so many streams, and answer the others."""
    left = [times]

    def behave(one: Rude, peer: socket.socket) -> None:
        config = h2.config.H2Configuration(client_side=False)
        connection = h2.connection.H2Connection(config=config)
        connection.initiate_connection()
        peer.sendall(connection.data_to_send())
        while data := peer.recv(65_536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.DataReceived) and event.data:
                    one.requests.append(event.data)
                if not isinstance(event, h2.events.StreamEnded):
                    continue
                if left[0]:
                    left[0] -= 1
                    connection.reset_stream(event.stream_id, ErrorCodes.REFUSED_STREAM)
                else:
                    connection.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
            peer.sendall(connection.data_to_send())

    return behave


@contextmanager
def http2(behave: Behaviour) -> Iterator[Rude]:
    listener = socket.create_server(("127.0.0.1", 0))
    one = Rude(f"127.0.0.1:{listener.getsockname()[1]}", behave)

    def serve() -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                behave(one, peer)

    Thread(target=serve, daemon=True).start()
    try:
        yield one
    finally:
        listener.close()


@pytest.mark.parametrize(("held", "seen"), [(True, [b"order"] * 2), (False, [b"order"])])
def test_a_stream_that_was_refused_is_sent_again_if_its_body_is_there(held, seen) -> None:
    """The server has not looked at it; but a file has been read, and would be empty now."""
    content: Any = b"order" if held else io.BytesIO(b"order")
    with http2(refusing(1)) as server:
        route = retrying("refused-stream", backoff=0.0)
        plane = ruled([server.address], route, clusters=[Cluster(budget=Budget())])
        with hooked(plane, "httpx"), httpx.Client(http1=False, http2=True) as client:
            if held:
                assert client.post("http://b/x", content=content).status_code == 200
            else:
                with pytest.raises(httpx.RemoteProtocolError):
                    client.post("http://b/x", content=content)
    assert server.requests == seen


class Waiting(Plane):
    """A plane whose first snapshot comes when a call waits for it."""

    known: Plane

    def ensure_ready(self) -> None:
        self.ready = True
        self.engine.apply(self.known.engine.plan.snapshot)


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_the_first_call_of_a_process_keeps_to_the_rules_that_its_snapshot_brings(caller):
    """Until then nobody knows whether there are any: it waits for the snapshot, and is ruled."""
    with rude(always(FAILED)) as server:
        known = ruled([server.address], retrying("5xx"))
        plane = Waiting()
        plane.ready, plane.known = False, known
        with hooked(plane, *caller.hooks):
            assert caller.get("http://b/x").status == 503
    assert len(server.requests) == 3
