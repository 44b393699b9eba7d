"""A request as a table, for whoever tests what a condition sees."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Request:
    """A request as a table."""

    headers: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    rest: dict[str, str] = field(default_factory=dict)

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    def query(self, name: str) -> str | None:
        return self.queries.get(name)

    def cookie(self, name: str) -> str | None:
        return self.cookies.get(name)

    def path(self) -> str | None:
        return self.rest.get("path")

    def method(self) -> str | None:
        return self.rest.get("method")

    def source_ip(self) -> str | None:
        return self.rest.get("source-ip")

    def trace(self) -> str | None:
        return self.rest.get("trace")
