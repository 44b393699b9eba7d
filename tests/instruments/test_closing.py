"""Listening sockets that are closed while callers connect, as they do who could not be told."""

from __future__ import annotations

import asyncio
import errno
import select
import socket

from fairlead.instruments.closing import close_gently, turn_away

CALLERS = 20


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"answer to " + await reader.readline())
    writer.close()


async def _opened() -> tuple[asyncio.Server, tuple[str, int]]:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    return server, (host, port)


async def _told(caller: socket.socket) -> bytes:
    reader, writer = await asyncio.open_connection(sock=caller)
    try:
        return await reader.readline()
    finally:
        writer.close()


def test_connections_that_nobody_has_accepted_yet_are_answered() -> None:
    """A busy server is stopped: those in its line have sent their requests and go on waiting."""

    async def play() -> list[bytes]:
        server, address = await _opened()
        callers = [socket.create_connection(address) for _ in range(CALLERS)]
        # The loop has not turned since: they stand in the kernel's line.
        for number, caller in enumerate(callers):
            caller.sendall(b"%d\n" % number)
        await close_gently([server])
        return await asyncio.gather(*map(_told, callers))

    assert asyncio.run(play()) == [b"answer to %d\n" % number for number in range(CALLERS)]


def test_who_has_connected_and_said_nothing_yet_is_answered() -> None:
    """Between a connection and its request lies a moment in which a server must not hang up."""

    async def play() -> bytes:
        server, address = await _opened()
        caller = socket.create_connection(address)
        closing = asyncio.create_task(close_gently([server]))
        while server.is_serving():  # noqa: ASYNC110 - a server does not tell when it is closed
            await asyncio.sleep(0)
        caller.sendall(b"late\n")
        await closing
        return await _told(caller)

    assert asyncio.run(play()) == b"answer to late\n"


def test_who_comes_in_the_last_moment_is_refused_and_not_reset() -> None:
    """Refused is nothing sent: the caller goes to another instance, whatever the method."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as caller:
        turn_away(listener.fileno())
        caller.setblocking(False)
        assert caller.connect_ex(listener.getsockname()) == errno.EINPROGRESS
        assert select.select([], [caller], [], 0.05)[1] == []
        listener.close()
        assert select.select([], [caller], [], 10)[1] == [caller]
        assert caller.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == errno.ECONNREFUSED


def test_a_socket_of_another_kind_is_left_alone() -> None:
    """Whoever serves a Unix socket is called by a proxy of its own."""
    with socket.socket(socket.AF_UNIX) as listener:
        turn_away(listener.fileno())
