"""A request that somebody asks about, as conditions see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from fairlead.policy.parts import cookie_value, query_value, trace_id
from fairlead.policy.workload import DEFAULT_NAMESPACE


class InvalidQuery(ValueError):
    """The asker's fault: a question that cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A RequestView. `target` is the path with the query string; header names are lower case."""

    method_name: str = "GET"
    target: str = "/"
    headers: tuple[tuple[str, str], ...] = ()
    source: str = ""

    def header(self, name: str) -> str | None:
        """Value of a header, repeated ones joined by ``,``."""
        values = [value for key, value in self.headers if key == name]
        return (";" if name == "cookie" else ",").join(values) if values else None

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""
        return query_value(self._split()[1], name)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        return cookie_value(self.header("cookie"), name)

    def path(self) -> str | None:
        """Decoded path without the query string."""
        return unquote(self._split()[0])

    def method(self) -> str | None:
        """Method, upper case."""
        return self.method_name.upper()

    def source_ip(self) -> str | None:
        """Address of the direct peer."""
        return self.source or None

    def trace(self) -> str | None:
        """Trace id, as `policy.parts.trace_id` finds it."""
        return trace_id(self.header)

    def _split(self) -> tuple[str, str]:
        """Return path and query string; a fragment is not sent."""
        path, _, query = self.target.partition("#")[0].partition("?")
        return path, query


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which lane would this request be on at this app?"""

    namespace: str
    app: str
    request: Request

    @classmethod
    def of(cls, query: Any) -> Question:
        """Read a question. Raises InvalidQuery.

        `app` is required; `namespace`, `method`, `path` with its query string, `headers` (a map, or
        a list of pairs) and `source_ip` are optional.
        """
        if not isinstance(query, Mapping):
            raise InvalidQuery("a question is a map")
        known = {"app", "namespace", "method", "path", "headers", "source_ip"}
        unknown = sorted(str(key) for key in query if key not in known)
        if unknown:
            raise InvalidQuery(
                f"unknown field {', '.join(unknown)}; known: {', '.join(sorted(known))}"
            )
        app = _text(query, "app", "")
        if not app:
            raise InvalidQuery("app: required: the app that the request reaches")
        request = Request(
            method_name=_text(query, "method", "GET"),
            target=_text(query, "path", "/"),
            headers=tuple(headers_of(query.get("headers"))),
            source=_text(query, "source_ip", ""),
        )
        return cls(namespace=_text(query, "namespace", DEFAULT_NAMESPACE), app=app, request=request)


def _text(query: Mapping[str, Any], key: str, default: str) -> str:
    value = query.get(key, default)
    if not isinstance(value, str):
        raise InvalidQuery(f"{key}: must be a string")
    return value


def headers_of(raw: Any) -> Iterator[tuple[str, str]]:
    """Yield headers with names in lower case. Raises InvalidQuery."""
    items = raw.items() if isinstance(raw, Mapping) else raw or ()
    if not isinstance(items, list | tuple) and not isinstance(raw, Mapping):
        raise InvalidQuery("headers: must be a map or a list of [name, value]")
    for item in items:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise InvalidQuery("headers: an item is [name, value]")
        name, value = item
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidQuery("headers: names and values are strings")
        # As a server hands it on: the bytes that a terminal sends, one character each.
        sent = value.strip(" \t").encode("utf-8", "surrogatepass").decode("latin-1")
        yield name.lower(), sent
