"""A program that calls by HTTP, with a library of Python, as it is told a line at a time.

Run as ``http_caller.py LIBRARY``, it reads ``{"url", "method", "headers", "body", "deadline"}``
as JSON, and writes the answer, ``{"status", "headers", "body"}``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

Told = dict[str, Any]
Answer = dict[str, Any]


def by_httpx() -> Callable[[Told], Answer]:
    """Return what makes one call."""
    import httpx

    client = httpx.Client(trust_env=False)

    def call(told: Told) -> Answer:
        answer = client.request(
            told["method"],
            told["url"],
            headers=told["headers"],
            content=told["body"].encode(),
            timeout=told["deadline"],
        )
        return _answer(answer.status_code, answer.headers.multi_items(), answer.text)

    return call


def by_requests() -> Callable[[Told], Answer]:
    """Return what makes one call."""
    import requests

    session = requests.Session()
    session.trust_env = False

    def call(told: Told) -> Answer:
        answer = session.request(
            told["method"],
            told["url"],
            headers=_joined(told["headers"]),
            data=told["body"].encode(),
            timeout=told["deadline"],
            allow_redirects=False,
        )
        return _answer(answer.status_code, answer.raw.headers.items(), answer.text)

    return call


def by_aiohttp() -> Callable[[Told], Answer]:
    """Return what makes one call."""
    import aiohttp

    loop = asyncio.new_event_loop()

    async def begin() -> aiohttp.ClientSession:
        return aiohttp.ClientSession()

    session = loop.run_until_complete(begin())

    async def call(told: Told) -> Answer:
        async with session.request(
            told["method"],
            told["url"],
            headers=[(name, value) for name, value in told["headers"]],
            data=told["body"].encode() or None,
            timeout=aiohttp.ClientTimeout(told["deadline"]),
            allow_redirects=False,
        ) as answer:
            return _answer(answer.status, answer.headers.items(), await answer.text())

    return lambda told: loop.run_until_complete(call(told))


LIBRARIES = {"httpx": by_httpx, "requests": by_requests, "aiohttp": by_aiohttp}


def main() -> None:
    """Call until there are no more lines."""
    call = LIBRARIES[sys.argv[1]]()
    for line in sys.stdin:
        told = json.loads(line)
        sys.stdout.write(json.dumps(_tried(call, told)) + "\n")
        sys.stdout.flush()


def _tried(call: Callable[[Told], Answer], told: Told) -> Answer:
    try:
        return call(told)
    except Exception as error:  # every library has its own for a call that failed
        # Each has its own error of a call that took too long: it stands for the gateway's answer.
        status = 504 if "Timeout" in type(error).__name__ else 0
        return {"status": status, "headers": [], "body": f"{type(error).__name__}: {error}"}


def _answer(status: int, headers: Any, body: str) -> Answer:
    return {"status": status, "headers": [[name.lower(), v] for name, v in headers], "body": body}


def _joined(headers: list[list[str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found


if __name__ == "__main__":
    main()
