"""Requests to a URL at a rate, over connections that stay open. Standard library only."""

from __future__ import annotations

import http.client
import itertools
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from fairlead.cli.assess.comparing import Round
from fairlead.cli.failure import REFUSED, USAGE, Failed

PATIENCE = 10.0
"""Seconds that an answer may take."""
LATE = 0.005
"""Seconds behind its time from which a request counts as late."""
BROKEN = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where requests go."""

    url: str
    host: str
    port: int
    path: str
    secure: bool

    @classmethod
    def of(cls, url: str) -> Target:
        """Raises Failed where `url` is none."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Failed(f"--url {url!r}: write http://HOST:PORT/PATH", USAGE)
        secure = parts.scheme == "https"
        return cls(
            url=url,
            host=parts.hostname,
            port=parts.port or (443 if secure else 80),
            path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
            secure=secure,
        )

    def connection(self, patience: float = PATIENCE) -> http.client.HTTPConnection:
        """Return a connection, not yet made. A certificate is not checked: nothing is at stake."""
        if not self.secure:
            return http.client.HTTPConnection(self.host, self.port, timeout=patience)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return http.client.HTTPSConnection(self.host, self.port, timeout=patience, context=context)


@dataclass(slots=True, kw_only=True)
class _Tally:
    latencies: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: int = 0
    unanswered: int = 0
    late: int = 0


def answers(target: Target) -> bool:
    """Say whether somebody answers at the target, whatever the answer is."""
    connection = target.connection(1.0)
    try:
        connection.request("GET", target.path)
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


def send(
    target: Target, requests: int, rate: float, connections: int, cpu: Callable[[], float]
) -> Round:
    """Send so many requests, so many a second, and tell how they were answered.

    Each is sent at its time, whether those before it were answered or not, as long as one of the
    connections is free; what it took is from then to its answer. Raises Failed where nothing was.
    """
    tallies = [_Tally() for _ in range(connections)]
    numbers = itertools.count()
    began, used = time.perf_counter() + 0.01, cpu()

    def work(tally: _Tally) -> None:
        connection = target.connection()
        while (number := next(numbers)) < requests:
            due = began + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                time.sleep(wait)
            tally.late += time.perf_counter() - due > LATE
            _one(connection, target.path, tally)
        connection.close()

    threads = [threading.Thread(target=work, args=(tally,), daemon=True) for tally in tallies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, spent = time.perf_counter() - began, cpu() - used
    if not any(tally.latencies for tally in tallies):
        raise Failed(f"no request to {target.url} was answered", REFUSED)
    return _summed(tallies, seconds, spent)


def _summed(tallies: Sequence[_Tally], seconds: float, cpu: float) -> Round:
    statuses = sum((tally.statuses for tally in tallies), Counter[int]())
    latencies = sorted(itertools.chain.from_iterable(tally.latencies for tally in tallies))
    sent = len(latencies) + sum(tally.unanswered for tally in tallies)
    return Round(
        latencies=tuple(latencies),
        cpu=cpu,
        failures=sum(tally.failures for tally in tallies),
        statuses=tuple(sorted(statuses.items())),
        seconds=seconds,
        late=sum(tally.late for tally in tallies) / sent,
    )


def _one(connection: http.client.HTTPConnection, path: str, tally: _Tally) -> None:
    began = time.perf_counter()
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException):
        tally.failures += 1
        tally.unanswered += 1
        connection.close()
        return
    tally.latencies.append(time.perf_counter() - began)
    tally.statuses[answer.status] += 1
    tally.failures += answer.status >= BROKEN
