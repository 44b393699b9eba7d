"""A control plane that asks for tokens, in this process, and one client for each sort of caller."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from fairlead.control.access.doors import Doors
from fairlead.control.access.gate import Access
from fairlead.control.access.load import Limits
from fairlead.control.access.records import Made, TokenFile, make
from fairlead.control.access.roles import Grant, Role
from fairlead.control.access.tokens import Tokens
from fairlead.control.app import ControlPlane
from fairlead.control.clocks import Clocks
from fairlead.control.settings import Settings
from fairlead.control.store import MemoryStore

GRANTS = {
    "admin": (Grant(role=Role.ADMIN, namespace="*"),),
    "keeper": (Grant(role=Role.ADMIN, namespace="shop"),),
    "editor": (Grant(role=Role.EDIT, namespace="shop"),),
    "viewer": (Grant(role=Role.VIEW, namespace="shop"),),
    "cart": (Grant(role=Role.AGENT, namespace="shop", app="cart"),),
    "bank": (Grant(role=Role.AGENT, namespace="shop", app="bank"),),
}


class Guarded:
    """The plane, its tokens by name, and a time that tests move."""

    def __init__(self, directory: Path, limits: Limits, watchers: int) -> None:
        self.time = datetime(2026, 5, 1, tzinfo=UTC)
        self.file = TokenFile(directory)
        self.made: dict[str, Made] = {}
        for name, grants in GRANTS.items():
            self.add(name, grants)
        self.access = Access(tokens=Tokens(self.file, lambda: self.time), limits=limits)
        settings = Settings(
            data_dir=directory, status_gather=0.0, gather=0.0, limits=limits, watchers=watchers
        )
        self.plane = ControlPlane(
            MemoryStore(), settings, Clocks(), Doors(self.access, lambda: self.time)
        )

    def add(self, name: str, grants: tuple[Grant, ...], seconds: int | None = None) -> None:
        expires = None if seconds is None else self.time + timedelta(seconds=seconds)
        self.made[name] = make(name, grants, now=self.time, expires=expires)
        self.file.add(self.made[name].record)

    def client(self, name: str = "") -> httpx.AsyncClient:
        """A client with the token of that name, without one for ``""``."""
        headers = {"authorization": f"Bearer {self.made[name].text}"} if name else {}
        transport = httpx.ASGITransport(app=self.plane.app)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def ask(self, name: str, method: str, path: str, **more: Any) -> httpx.Response:
        async with self.client(name) as http:
            return await http.request(method, path, **more)


async def until(condition: Callable[[], Any]) -> None:
    """Return once `condition` holds; the scenario as a whole is bounded in time."""
    while not condition():  # noqa: ASYNC110 - what is asked has no event
        await asyncio.sleep(0.01)


Scenario = Callable[[Guarded], Coroutine[Any, Any, None]]


def run(directory: Path, scenario: Scenario, *, watchers: int = 10_000, **limits: int) -> None:
    """Run `scenario` against a plane that works, within `limits`."""

    async def main() -> None:
        guarded = Guarded(directory, Limits(**limits), watchers)
        working = asyncio.create_task(guarded.plane.work())
        async with asyncio.timeout(20):
            await scenario(guarded)
        guarded.plane.stop.set()
        await working

    asyncio.run(main())
