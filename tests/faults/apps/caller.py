"""Calls ``http://target/who`` by name until its standard input ends; then says what came of it.

Run by ``fairlead run``, so that its agent chooses who is called. Every second call is a POST, on
connections that are kept and used again: it is not repeated where one dies.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter

import httpx

CALLERS, PAUSE = 6, 0.02


class Calls:
    """What came of the calls."""

    def __init__(self) -> None:
        self.served: Counter[str] = Counter()
        self.failed: list[str] = []
        self.done = False

    async def call(self, http: httpx.AsyncClient, number: int) -> None:
        while not self.done:
            number += 1
            method = "POST" if number % 2 else "GET"
            try:
                answer = await http.request(method, "http://target/who", content=b"x" * 10)
                self.served[answer.raise_for_status().text] += 1
            except httpx.HTTPError as error:
                self.failed.append(f"{method} {type(error).__name__}: {error}")
            await asyncio.sleep(PAUSE)


async def listen(calls: Calls) -> None:
    """Take orders, one a line: what is asked for is what has been seen since the last time."""
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while await reader.readline():
        told = {"served": calls.served, "failed": calls.failed}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        calls.served, calls.failed = Counter(), []
    calls.done = True


async def main() -> None:
    calls = Calls()
    async with httpx.AsyncClient(timeout=15) as http, asyncio.TaskGroup() as group:
        group.create_task(listen(calls))
        for number in range(CALLERS):
            group.create_task(calls.call(http, number))


asyncio.run(main())
