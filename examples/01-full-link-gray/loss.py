"""The scenario `control-plane-loss`: the control plane is killed under load, and comes back.

Nothing is asked of it per request, which its own counts say while it is there, and its absence
shows when it is not. Meanwhile one app is restarted: it starts from its last known good. Right is
what it would be without all this, except while that app is away: then base serves in its place.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import instances as run
from fallback import Load
from load import BASE, GRAY, Request, ask, send
from outcome import Result
from processes import DemoFailed
from scenarios import AROUND_B, CONTROL_PLANE_LOSS, VIP

if TYPE_CHECKING:
    from stage import Stage

CONCURRENT = 8
CALLS = 3
"""Calls by name that each request makes."""

RULE = "lane-header.yaml"
FULL_AWAY, LEAST_AWAY = 30.0, 5.0
FULL_STEADY, LEAST_STEADY = 10.0, 2.0
RENEWAL = 3.0
"""Seconds between two renewals of a lease."""

PATIENCE = 30.0
"""Seconds for what comes about by itself: a retry after at most five seconds, a gray answer."""


def lost_and_back(stage: Stage, result: Result) -> None:
    """Kill the control plane under load, restart an app, and bring the control plane back."""
    entry = stage.entry
    result.tally.add(ask(entry, Request(expect=(BASE,), headers=(VIP,))))
    asyncio.run(_Loss(stage, result).play())
    stage.fleet.apply(*CONTROL_PLANE_LOSS.policy, RULE)
    began = time.monotonic()
    while True:
        answer = ask(entry, Request(expect=(BASE, GRAY), headers=(VIP,)))
        result.tally.add(answer)
        took = time.monotonic() - began
        if answer.text == GRAY or took > PATIENCE:
            break
    if answer.text != GRAY:
        result.problems.append(f"{RULE} was applied, and {VIP} is on {answer.text}")
    result.figures[f"{RULE}, applied afterwards"] = (
        f"{answer.request.curl(entry)}: {BASE} before, {answer.text} within {took:.1f} s"
    )


class _Loss:
    """One run of it."""

    def __init__(self, stage: Stage, result: Result) -> None:
        self._fleet, self._control = stage.fleet, stage.fleet.control
        self._entry, self._result = stage.entry, result
        self._gray = stage.role(run.B_GRAY)
        self._steady = max(LEAST_STEADY, FULL_STEADY * stage.scale)
        self._away = max(LEAST_AWAY, FULL_AWAY * stage.scale)
        self._load = Load(result)

    async def play(self) -> None:
        """Keep the load up through all of it."""
        sending = asyncio.create_task(
            send(self._entry, self._load.requests(), self._load.hear, concurrent=CONCURRENT)
        )
        try:
            await self._per_call()
            agents = self._control.connected()
            address = self._fleet.address(self._gray)
            if address is None:
                raise DemoFailed(f"{self._gray.name} is not registered")
            await self._alone(address)
            await self._back(agents)
        finally:
            self._load.stopped = True
            await sending

    async def _per_call(self) -> None:
        """Count what the control plane is asked while it is there, and what is called."""
        answered, asked = self._result.tally.requests, self._control.asked()
        agents, began = self._control.connected(), time.monotonic()
        await asyncio.sleep(self._steady)
        seconds = time.monotonic() - began
        more = self._control.asked() - asked
        calls = (self._result.tally.requests - answered) * CALLS
        del more["others"]  # the two questions that this took
        self._result.figures["asked of the control plane"] = (
            f"{more.total()} requests in {seconds:.1f} s, in which the apps made {calls:,} calls: "
            f"{more['registrations']} renewals of {agents} agents, "
            f"{more.total() - more['registrations']} others"
        )
        # A hook that reports late is news, and each agent may acknowledge it.
        due = agents * (seconds / RENEWAL + 1 + 1)
        if more.total() > due or calls < more.total():
            self._result.problems.append(
                f"{agents} agents ask {due:.0f} times at most, whatever is called: {dict(more)}"
            )

    async def _alone(self, address: str) -> None:
        """Kill the control plane, and restart B's gray instance while it is away."""
        await asyncio.to_thread(self._fleet.kill_control)
        began, answered = time.monotonic(), self._result.tally.requests
        await asyncio.sleep(1.0)
        await self._load.expect(GRAY, AROUND_B)
        await asyncio.to_thread(self._fleet.restart, self._gray, address)
        told = await asyncio.to_thread(self._fleet.doctor, self._gray)
        snapshot = next((line for line in told if line.strip().startswith("snapshot")), "")
        said = " ".join(snapshot.split()[1:])
        self._result.figures["doctor says of the restarted B"] = said or "nothing"
        if not said.startswith("last known good, saved "):
            self._result.problems.append(f"B's gray did not start from its last known good: {told}")
        await self._until(self._served_by_gray, "B's gray serves again")
        await self._load.expect(GRAY)
        await asyncio.sleep(max(1.0, self._away - (time.monotonic() - began)))
        calls = (self._result.tally.requests - answered) * CALLS
        self._result.figures["without control plane"] = (
            f"{time.monotonic() - began:.1f} s, in which the apps made {calls:,} calls"
        )

    def _served_by_gray(self) -> bool:
        # A caller that was refused avoids the address for five seconds.
        line = self._gray.access.format(app=self._gray.app, status=200)
        return re.search(line, self._fleet.log_of_this_run(self._gray)) is not None

    async def _back(self, agents: int) -> None:
        """Start the control plane again, and wait until every agent is connected with it."""
        listen = self._control.url.removeprefix("http://")
        await asyncio.to_thread(self._fleet.start_control, listen)
        began = time.monotonic()
        await self._until(lambda: self._control.connected() >= agents, "all agents are back")
        self._result.figures["agents that came back"] = (
            f"{self._control.connected()} of {agents}, within {time.monotonic() - began:.1f} s"
        )
        await asyncio.sleep(self._steady)

    async def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE
        while not await asyncio.to_thread(holds):
            if time.monotonic() > deadline:
                raise DemoFailed(f"waited {PATIENCE:.0f} s until {what}")
            await asyncio.sleep(0.05)
