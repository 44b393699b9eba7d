"""A request that somebody asks about, as conditions see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

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
        return ",".join(values) if values else None

    def query(self, name: str) -> str | None:
        """First value of a query parameter, decoded."""
        pairs = parse_qsl(urlsplit(self.target).query, keep_blank_values=True, max_num_fields=1000)
        return next((value for key, value in pairs if key == name), None)

    def cookie(self, name: str) -> str | None:
        """First value of a cookie."""
        lines = (value for key, value in self.headers if key == "cookie")
        for field in ";".join(lines).split(";"):
            key, equals, value = field.partition("=")
            if equals and key.strip() == name:
                return value.strip().strip('"')
        return None

    def path(self) -> str | None:
        """Decoded path without the query string."""
        return unquote(urlsplit(self.target).path)

    def method(self) -> str | None:
        """Method, upper case."""
        return self.method_name.upper()

    def source_ip(self) -> str | None:
        """Address of the direct peer."""
        return self.source or None

    def trace(self) -> str | None:
        """Trace id of a W3C `traceparent`, else of B3."""
        parts = (self.header("traceparent") or "").split("-")
        if len(parts) >= 4 and len(parts[1]) == 32:
            return parts[1]
        single = self.header("b3") or ""
        return single.partition("-")[0] if "-" in single else self.header("x-b3-traceid")


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
            headers=tuple(_headers(query.get("headers"))),
            source=_text(query, "source_ip", ""),
        )
        return cls(namespace=_text(query, "namespace", DEFAULT_NAMESPACE), app=app, request=request)


def _text(query: Mapping[str, Any], key: str, default: str) -> str:
    value = query.get(key, default)
    if not isinstance(value, str):
        raise InvalidQuery(f"{key}: must be a string")
    return value


def _headers(raw: Any) -> Iterator[tuple[str, str]]:
    items = raw.items() if isinstance(raw, Mapping) else raw or ()
    if not isinstance(items, list | tuple) and not isinstance(raw, Mapping):
        raise InvalidQuery("headers: must be a map or a list of [name, value]")
    for item in items:
        if not isinstance(item, list | tuple) or len(item) != 2:
            raise InvalidQuery("headers: an item is [name, value]")
        name, value = item
        if not isinstance(name, str) or not isinstance(value, str):
            raise InvalidQuery("headers: names and values are strings")
        yield name.lower(), value
