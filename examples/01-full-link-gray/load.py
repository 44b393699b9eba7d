"""Many requests at once, and a tally of what came back.

Plain asyncio streams on keep-alive connections: light enough that two cores have time left for four
hops per request, and nothing that fairlead hooks. It understands as much HTTP as the entry speaks.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rows import BASE_ROWS, Place

TIMEOUT = 15.0
"""Seconds until a request without an answer has failed."""

GRAY, BASE = "Agray→Bgray→Cgray", "A→B→C"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request, and the answers that are right. `group` is what it is counted with: its user."""

    expect: tuple[str, ...]
    status: int = 200
    row: Place | None = BASE_ROWS
    """Where C has to keep its row, if it succeeds; None where no row is left."""
    path: str = "/a"
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""
    group: str = ""

    def encode(self, host: str) -> bytes:
        """Return its bytes on the wire."""
        lines = [f"GET {self._target} HTTP/1.1", f"Host: {host}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def curl(self, host: str) -> str:
        """Return the command that sends the same request by hand."""
        headers = "".join(f"-H '{name}: {value}' " for name, value in self.headers)
        url = f"http://{host}{self._target}"
        return f"curl {headers}'{url}'" if self.query else f"curl {headers}{url}"

    @property
    def _target(self) -> str:
        return f"{self.path}?{self.query}" if self.query else self.path


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. Status 0: nothing did, and `text` says why."""

    request: Request
    status: int
    text: str
    seconds: float = 0.0
    """Since the request was due, where it was sent at a rate."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """By name in lower case; the values too are lower case."""

    @property
    def right(self) -> bool:
        """Whether it is an answer that was expected."""
        return self.status == self.request.status and self.text in self.request.expect

    def leaks(self) -> int:
        """Count the hops on the wrong side, held against the nearest right answer."""
        if self.status != 200 or self.right:
            return 0
        return min(_differing(self.text.split("→"), e.split("→")) for e in self.request.expect)


def _differing(hops: list[str], expected: list[str]) -> int:
    wrong = sum(hop != right for hop, right in zip(hops, expected, strict=False))
    return wrong + abs(len(hops) - len(expected))


@dataclass(slots=True)
class Tally:
    """The count of one scenario. A leak is any hop on the wrong side."""

    requests: int = 0
    failed: int = 0
    leaks: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    rows: Counter[tuple[Place, str]] = field(default_factory=Counter)
    """The rows that there must be, by place and by the app that was last to answer."""
    wrong: list[str] = field(default_factory=list)
    """The first few answers that were not expected, for a person to read."""

    def add(self, answer: Answer) -> None:
        """Count one answer."""
        self.requests += 1
        if answer.status == 200:
            self.texts[answer.text] += 1
            if answer.request.row:
                self.rows[answer.request.row, answer.text.rpartition("→")[2]] += 1
        if not answer.right:
            self.failed += 1
            self.leaks += answer.leaks()
            if len(self.wrong) < 5:
                self.wrong.append(
                    f"{answer.request.headers or answer.request.query or 'no header'}: expected "
                    f"{' or '.join(answer.request.expect)}, got {answer.status} {answer.text!r}"
                )

    def hops(self) -> Counter[str]:
        """Return how often each instance, such as ``Bgray``, is named in the answers."""
        hops: Counter[str] = Counter()
        for text, times in self.texts.items():
            for hop in text.split("→"):
                hops[hop] += times
        return hops


class Connection:
    """One keep-alive connection to the entry, reopened where the server closed it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, request: Request) -> Answer:
        """Send `request` once and return the answer, or why there is none."""
        try:
            async with asyncio.timeout(TIMEOUT):
                status, text, headers = await self._exchange(request)
        except (OSError, EOFError, LookupError, ValueError, asyncio.LimitOverrunError) as error:
            self.close()
            return Answer(request, 0, f"{type(error).__name__}: {error}")
        if status >= 500:
            self.close()  # uvicorn hangs up after an exception, in its own time
        return Answer(request, status, text, headers=headers)

    def close(self) -> None:
        """Hang up."""
        if self._streams:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: Request) -> tuple[int, str, dict[str, str]]:
        if self._streams is None or self._streams[0].at_eof():
            self.close()
            host, _, port = self._address.rpartition(":")
            self._streams = await asyncio.open_connection(host, int(port))
        reader, writer = self._streams
        writer.write(request.encode(self._address))
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        fields = (line.partition(":")[::2] for line in head[1:])
        headers = {name: value.strip() for name, value in fields}
        body = await reader.readexactly(int(headers["content-length"]))
        if headers.get("connection") == "close":
            self.close()
        return int(head[0].split()[1]), body.decode(), headers


async def send(
    address: str,
    requests: Iterable[Request],
    hear: Callable[[Answer], None],
    *,
    concurrent: int = 16,
) -> None:
    """Send `requests` in order over `concurrent` connections; `hear` each answer as it comes."""
    remaining = iter(requests)
    async with asyncio.TaskGroup() as group:
        for _ in range(concurrent):
            group.create_task(_work(Connection(address), remaining, hear))


async def _work(
    connection: Connection, remaining: Iterator[Request], hear: Callable[[Answer], None]
) -> None:
    try:
        for request in remaining:
            hear(await connection.ask(request))
    finally:
        connection.close()


def ask(address: str, request: Request) -> Answer:
    """Send one request on a connection of its own."""
    answers: list[Answer] = []
    asyncio.run(send(address, [request], answers.append, concurrent=1))
    return answers[0]
