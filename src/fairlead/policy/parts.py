"""Parts of a request that conditions name, read from the text it came with.

Everything in it is a stranger's: nothing can raise, and nothing is searched further than a bound.
What a server already limits (a header's length, their number) is not limited again.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterator
from urllib.parse import unquote_plus

FIELDS = 1000
"""Fields of a query string or a cookie header that are looked at."""

TRACE_HEADERS = ("traceparent", "b3", "x-b3-traceid", "sw8", "eagleeye-traceid")
"""W3C, both forms of B3, SkyWalking, EagleEye."""

LONGEST_ID = 256
"""Characters of a trace id."""


def query_value(text: str, name: str) -> str | None:
    """Return the first value of a parameter in the query string `text`, decoded."""
    if not text:
        return None
    for key, value in _fields(text, "&"):
        if unquote_plus(key) == name:
            return unquote_plus(value)
    return None


def query_values(text: str, name: str) -> list[str]:
    """Return every value of a parameter in the query string `text`, decoded, each once.

    Who sends one several times leaves it to the framework which of them counts.
    """
    found = (value for key, value in _fields(text, "&") if unquote_plus(key) == name)
    return list(dict.fromkeys(map(unquote_plus, found)))


def cookie_values(text: str, name: str) -> list[str]:
    """Return every value of a cookie in the header `text`, each once."""
    found = (_unquoted(value) for key, value in _fields(text, ";") if key.strip() == name)
    return list(dict.fromkeys(found))


def cookie_value(text: str | None, name: str) -> str | None:
    """Return the first value of a cookie in the header `text`."""
    if not text:
        return None
    for key, value in _fields(text, ";"):
        if key.strip() == name:
            return _unquoted(value)
    return None


def trace_id(header: Callable[[str], str | None]) -> str | None:
    """Return the id of the trace, from the first of TRACE_HEADERS that has one."""
    parent = header(TRACE_HEADERS[0])
    if parent:
        parts = parent.split("-", 3)
        if len(parts) == 4 and len(parts[1]) == 32:
            return parts[1]
    single = header(TRACE_HEADERS[1])
    if single and "-" in single:
        return single.partition("-")[0]
    return header(TRACE_HEADERS[2]) or _skywalking(header(TRACE_HEADERS[3])) or _plain(header)


def _skywalking(text: str | None) -> str | None:
    """Return the second field of ``sw8``, which is written in Base64."""
    fields = text.split("-", 2) if text else []
    if len(fields) < 3 or len(fields[1]) > LONGEST_ID:
        return None
    try:
        return b64decode(fields[1], validate=True).decode() or None
    except ValueError:
        return None


def _plain(header: Callable[[str], str | None]) -> str | None:
    found = header(TRACE_HEADERS[4])
    return found if found and len(found) <= LONGEST_ID else None


def _unquoted(value: str) -> str:
    bare = value.strip()
    quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
    return bare[1:-1] if quoted else bare


def _fields(text: str, separator: str) -> Iterator[tuple[str, str]]:
    for field in text.split(separator, FIELDS)[:FIELDS]:
        key, _, value = field.partition("=")
        yield key, value
