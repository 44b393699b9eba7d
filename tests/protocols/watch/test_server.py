"""What one agent is sent, and when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

from fairlead.policy.encode import read_snapshot, seal
from fairlead.policy.snapshot import Snapshot
from fairlead.protocols.watch.server import Outbox, Parcel, lines


def run(scenario: Coroutine[Any, Any, None]) -> None:
    async def main() -> None:
        async with asyncio.timeout(10):
            await scenario

    asyncio.run(main())


def parcel(revision: int) -> Parcel:
    return Parcel(digest=f"d{revision}", revision=revision, line=f"{revision}\n".encode())


def test_a_parcel_is_a_snapshot_that_an_agent_reads() -> None:
    """The line is encoded once; every agent must be able to check its digest."""
    snapshot = seal(Snapshot(revision=7))
    made = Parcel.of(snapshot)
    message = json.loads(made.line)
    assert (message["wire"], message["type"]) == (1, "snapshot")
    assert read_snapshot(message["snapshot"]) == (snapshot, ())
    assert made.line.endswith(b"\n")
    assert (made.digest, made.revision) == (snapshot.digest, 7)


def test_only_the_newest_snapshot_waits_for_a_slow_reader() -> None:
    """A reader that stops must cost one snapshot, not one for every change."""

    async def scenario() -> None:
        outbox = Outbox()
        stream = lines(outbox, lambda: 0, heartbeat=60)
        outbox.put(parcel(1))
        assert await anext(stream) == b"1\n"
        for revision in (2, 3, 4):
            outbox.put(parcel(revision))
        assert await anext(stream) == b"4\n"

    run(scenario())


def test_an_agent_that_has_the_snapshot_hears_a_heartbeat_at_once() -> None:
    """It must learn that it is connected, though there is nothing to send."""

    async def scenario() -> None:
        stream = lines(Outbox(), lambda: 12, heartbeat=60)
        first = json.loads(await anext(stream))
        assert first == {"wire": 1, "type": "heartbeat", "revision": 12}

    run(scenario())


def test_silence_is_filled_with_heartbeats() -> None:
    """After ten quiet seconds an agent takes the connection for dead."""

    async def scenario() -> None:
        outbox = Outbox()
        stream = lines(outbox, lambda: 3, heartbeat=0.01)
        for _ in range(3):
            assert json.loads(await anext(stream))["type"] == "heartbeat"
        outbox.put(parcel(5))
        assert await anext(stream) == b"5\n"

    run(scenario())


def test_a_closed_outbox_ends_the_stream() -> None:
    """At once: a server that stops does not wait for the next heartbeat."""

    async def scenario() -> None:
        outbox = Outbox()
        stream = lines(outbox, lambda: 3, heartbeat=60)
        await anext(stream)
        asyncio.get_running_loop().call_soon(outbox.close)
        assert [line async for line in stream] == []

    run(scenario())
