"""F04: the control plane comes back, and everybody who had been connected comes back at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.storm import Agent
from tests.control.serving import Server, serving
from tests.control.test_entrance import SOONER
from tests.faults.rules import RULES, rule
from tests.faults.servers import Control

AGENTS = 120
RATE, AT_ONCE = 100.0, 20.0
"""Connections a second, and after a quiet time at once."""


async def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return once `condition` holds; fail after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is asked has no event
            await asyncio.sleep(0.02)


def kilobytes(control: Control | Server, field: str) -> int:
    """Return what the control plane's process has, or has had at most, of memory."""
    assert control.process is not None
    text = Path(f"/proc/{control.process.pid}/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1])


def test_after_a_storm_everybody_goes_on_where_they_were(tmp_path: Path) -> None:
    """Nobody is sent what they have, and the next change reaches them all."""
    control = Control(tmp_path).start()
    try:
        asyncio.run(storm(control))
    finally:
        if control.process is not None:
            control.process.stop()
    assert control.process is not None
    assert "Traceback" not in control.process.text()


async def storm(control: Control) -> None:
    agents = [Agent(number, control.port) for number in range(AGENTS)]
    following = [asyncio.create_task(agent.follow()) for agent in agents]
    try:
        await until(lambda: all(agent.heard for agent in agents))
        revision = await asyncio.to_thread(changed, control, "first")
        await until(lambda: all(agent.enforced(revision) for agent in agents))
        before, calm = [dict(agent.swapped) for agent in agents], kilobytes(control, "VmRSS")

        control.kill()
        await until(lambda: not any(agent.heard for agent in agents))
        await asyncio.to_thread(control.start)
        await until(lambda: all(agent.heard for agent in agents))

        assert [dict(agent.swapped) for agent in agents] == before, "they held it already"
        assert kilobytes(control, "VmHWM") < 1.5 * calm + (32 << 10)
        newest = await asyncio.to_thread(changed, control, "second")
        await until(lambda: all(agent.enforced(newest) for agent in agents))
    finally:
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)


def changed(control: Control, name: str) -> int:
    """Make a rule that every snapshot has a part of; return its revision."""
    with control.client() as http:
        answer = http.post(RULES, json=rule(name, "==", "a")).raise_for_status()
    return int(answer.json()["metadata"]["resourceVersion"])


def test_who_knocks_at_once_is_let_in_one_after_the_other(tmp_path: Path) -> None:
    """So that those inside are answered meanwhile; the rest waits where it costs nothing."""
    with serving(tmp_path / "data", fixed={"accepts": RATE, "accepts_at_once": AT_ONCE}) as server:
        port = int(server.url.rpartition(":")[2])
        began = time.monotonic()
        asyncio.run(knock(port))
        # Never sooner than the last place but one: the loop that lets them in counts whole
        # milliseconds, and its clock may be behind ours. How much later is the machine's business.
        assert time.monotonic() - began >= (AGENTS - AT_ONCE - 1) / RATE


async def knock(port: int) -> None:
    async def one() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200 ")
        writer.close()

    await asyncio.gather(*(one() for _ in range(AGENTS)))


def test_strangers_at_the_door_do_not_keep_agents_out(tmp_path: Path) -> None:
    """Connections that say nothing are closed, and the next ones have their places."""
    limit = 40
    with serving(tmp_path / "data", before=SOONER, fixed={"connections": limit}) as server:
        port = int(server.url.rpartition(":")[2])
        asyncio.run(crowd(port, 3 * limit))


async def crowd(port: int, many: int) -> None:
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(many)]
    agent = Agent(0, port)
    following = asyncio.create_task(agent.follow())
    try:
        await until(lambda: agent.heard > 0)
    finally:
        following.cancel()
        for _, writer in held:
            writer.close()


pytestmark = pytest.mark.timeout(120)
