"""A program that calls an app over and over, and writes how often which instance answered.

Run as ``asking.py LIBRARY APP``: it reads a number a line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator


def by_httpx(app: str) -> Callable[[], str]:
    """Return what makes one call."""
    import httpx

    client = httpx.Client(trust_env=False)
    return lambda: client.get(f"http://{app}/").text


def by_requests(app: str) -> Callable[[], str]:
    """Return what makes one call."""
    import requests

    session = requests.Session()
    session.trust_env = False
    return lambda: session.get(f"http://{app}/", timeout=8).text


def by_aiohttp(app: str) -> Callable[[], str]:
    """Return what makes one call."""
    import aiohttp

    loop = asyncio.new_event_loop()

    async def begin() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    session = loop.run_until_complete(begin())

    async def call() -> str:
        async with session.get(f"http://{app}/") as answer:
            return await answer.text()

    return lambda: loop.run_until_complete(call())


def by_grpc(app: str) -> Callable[[], str]:
    """Return what makes one call."""
    import grpc

    method = grpc.insecure_channel(app).unary_unary("/test.Echo/Who")
    return lambda: str(method(b"", timeout=8).decode())


LIBRARIES = {
    "httpx": by_httpx,
    "requests": by_requests,
    "aiohttp": by_aiohttp,
    "grpc": by_grpc,
}


def answers(library: str, app: str) -> Iterator[Counter[str]]:
    """Yield counts, each of as many calls as a line says."""
    call = LIBRARIES[library](app)
    for line in sys.stdin:
        found: Counter[str] = Counter()
        for _ in range(int(line)):
            try:
                found[call()] += 1
            except Exception as error:
                found[type(error).__name__] += 1
        yield found


def main() -> None:
    """Answer until nobody asks."""
    for found in answers(*sys.argv[1:3]):
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
