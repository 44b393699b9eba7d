"""A Prometheus that is asked over HTTP: within bounds, and nobody but the one that is configured.

No redirect is followed, no proxy is used. What is asked with, the credentials, is read from a file
each time, and stands in no message.
"""

from __future__ import annotations

import http.client
import math
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlencode, urlsplit

import orjson

from fairlead.control.history.promql import Row

PATIENCE = 5.0
"""Seconds that an answer may take."""

MOST_BYTES = 16 << 20
"""Bytes of an answer that are read."""

MOST_POINTS = 11_000
"""Points of a series that Prometheus works out."""

MOST_CREDENTIALS = 16 << 10

_PIECE = 64 << 10
_SAID = 200
"""Characters of a message that are passed on."""


class Unanswered(Exception):
    """There is no answer; the message says why, and names neither question nor credentials."""

    def __init__(self, message: str, *, away: bool = True) -> None:
        """`away` is false where it is there, and only this question is too much for it."""
        super().__init__(message)
        self.away = away


@dataclass(frozen=True, slots=True, kw_only=True)
class Prometheus:
    """One Prometheus, or what speaks its HTTP API. For threads."""

    url: str
    """``http`` or ``https``, with the path before ``/api/v1`` where there is one."""
    credentials: Path | None = None
    """File with what the header Authorization says, or with a token alone."""

    def at(self, question: str, moment: float) -> list[Row]:
        """Return the answer to a question about one moment, unix seconds. Raises Unanswered."""
        return list(_rows(self._asked("query", {"query": question, "time": f"{moment:.3f}"})))

    def between(self, question: str, begin: float, end: float, step: int) -> list[Row]:
        """Return the answers for every `step` seconds from `begin` to `end`. Raises Unanswered."""
        if (end - begin) / step >= MOST_POINTS:
            message = f"more than {MOST_POINTS} points are asked for: take a longer step"
            raise Unanswered(message, away=False)
        times = {"start": f"{begin:.3f}", "end": f"{end:.3f}", "step": str(step)}
        return list(_rows(self._asked("query_range", {"query": question, **times})))

    def _asked(self, what: str, fields: Mapping[str, str]) -> Any:
        """Return the result in an answer."""
        status, body = self._sent(f"/api/v1/{what}", {**fields, "timeout": f"{PATIENCE:g}s"})
        try:
            plain = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            if status in _REFUSED:
                raise Unanswered(f"it refuses the credentials (HTTP {status})") from error
            raise Unanswered(f"HTTP {status} and no JSON: is it a Prometheus?") from error
        if not isinstance(plain, dict) or plain.get("status") != "success":
            said = plain.get("error") if isinstance(plain, dict) else ""
            message = f"HTTP {status}: {str(said or 'no reason')[:_SAID]}"
            raise Unanswered(message, away=not said or status in _REFUSED)
        data = plain.get("data")
        return data.get("result") if isinstance(data, dict) else None

    def _sent(self, path: str, fields: Mapping[str, str]) -> tuple[int, bytes]:
        parts = urlsplit(self.url)
        headers = {
            "content-type": "application/x-www-form-urlencoded",
            "accept": "application/json",
            **self._authorization(),
        }
        end = time.monotonic() + PATIENCE
        connection = _connection(parts)
        try:
            body = urlencode(fields, errors="replace")
            connection.request("POST", parts.path.rstrip("/") + path, body, headers)
            answer = connection.getresponse()
            return answer.status, b"".join(_pieces(connection, answer, end))
        except TimeoutError as error:
            raise Unanswered(f"no answer within {PATIENCE:g} s") from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unanswered(f"it cannot be reached: {_reason(error)}") from error
        finally:
            connection.close()

    def _authorization(self) -> dict[str, str]:
        if self.credentials is None:
            return {}
        try:
            with self.credentials.open(encoding="ascii") as file:
                words = file.read(MOST_CREDENTIALS).split()
        except (OSError, UnicodeError) as error:
            raise Unanswered(f"{self.credentials} cannot be read: {_reason(error)}") from error
        if len(words) not in (1, 2):
            raise Unanswered(f"{self.credentials} is neither a token nor two words such as Basic …")
        return {"authorization": " ".join(words if len(words) == 2 else ["Bearer", *words])}


_REFUSED = (401, 403)


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return str(error.strerror)[:_SAID]
    return (str(error) or type(error).__name__)[:_SAID]


def _connection(parts: SplitResult) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "https":
        context = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=PATIENCE, context=context)
    return http.client.HTTPConnection(host, parts.port, timeout=PATIENCE)


def _pieces(
    connection: http.client.HTTPConnection, answer: http.client.HTTPResponse, end: float
) -> Iterator[bytes]:
    """Yield the body, as much as may be and as long as it may take."""
    left = MOST_BYTES
    while piece := answer.read1(_PIECE):
        left -= len(piece)
        if left < 0:
            message = f"it answers with more than {MOST_BYTES >> 20} MB: ask for less"
            raise Unanswered(message, away=False)
        if time.monotonic() > end:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(max(0.01, end - time.monotonic()))
        yield piece


def _rows(result: Any) -> Iterator[Row]:
    """Yield the series of a result; what is no number is left out."""
    for one in result if isinstance(result, list) else ():
        try:
            labels = {str(key): str(value) for key, value in one["metric"].items()}
            pairs = [one["value"]] if "value" in one else one["values"]
            values = [(float(at), float(value)) for at, value in pairs]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Unanswered("an answer that Prometheus does not give") from error
        yield Row(labels, [pair for pair in values if math.isfinite(pair[1])])
