"""JDBC URLs, as far as they say which database on which server is meant.

Credentials in one are refused: they would be stored, shown and copied as text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv6Address
from urllib.parse import parse_qsl, unquote, urlsplit

PORTS = {"mysql": 3306, "postgresql": 5432}
"""Subprotocols that are known, each with the port that its servers listen on."""

_HOST = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,251}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class JdbcUrl:
    """One database on one server; an IPv6 host has no brackets."""

    host: str
    port: int
    database: str
    parameters: tuple[str, ...] = ()
    """Names of the parameters behind the database, in order."""


def read_jdbc(text: str, subprotocol: str) -> JdbcUrl:
    """Return what the URL `text` says. Raises ValueError with a sentence for its author."""
    prefix = f"jdbc:{subprotocol}:"
    form = f"{prefix}//HOST:PORT/DATABASE"
    if not text.startswith(f"{prefix}//") or not text.isprintable():
        raise ValueError(f"must be {form}")
    server, slash, rest = text.removeprefix(f"{prefix}//").partition("/")
    if "@" in server:
        raise ValueError("holds credentials: leave them to username and password")
    if "," in server:
        raise ValueError("names several servers: an endpoint is one")
    database, _, query = rest.partition("?")
    if not slash or not database or "/" in database or "#" in rest:
        raise ValueError(f"names no database: {form}")
    host, port = _server(server, PORTS[subprotocol])
    return JdbcUrl(
        host=host, port=port, database=unquote(database), parameters=tuple(_parameters(query))
    )


def _server(text: str, default: int) -> tuple[str, int]:
    try:
        parts = urlsplit(f"//{text}")
        host, port = parts.hostname or "", parts.port
        if ":" in host:
            IPv6Address(host)
    except ValueError as error:
        raise ValueError(f"{text!r} is no HOST:PORT: {error}") from error
    if ":" not in host and not _HOST.fullmatch(host):
        raise ValueError(f"{text!r} is no HOST:PORT")
    if port == 0:
        raise ValueError(f"{text!r} is no HOST:PORT: nothing listens on port 0")
    return host, default if port is None else port


def _parameters(query: str) -> list[str]:
    names = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    for name in names:
        if name.lower() == "user" or name.lower().startswith("password"):
            raise ValueError(f"holds {name}: leave it to username and password")
    return names
