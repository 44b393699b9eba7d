"""What the hooks of all PostgreSQL drivers share: where a connection leads, how text is handed on.

No driver is imported here. Where a connection goes is found out as libpq does it; a service file is
left alone: what it leads to is known once connected, and is refused on a lane that has a shadow of
it.
"""

from __future__ import annotations

import os
import pwd
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlead.flow.database import same_host
from fairlead.instruments.database import Target
from fairlead.instruments.secret import secret

if TYPE_CHECKING:
    from fairlead.policy.database import ShadowDatabase

PORT = 5432

_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "service": "PGSERVICE",
}
"""libpq's: where they are set, an application need not say where it connects to."""


def target(database: str, host: str, port: int) -> Target:
    """Return what a connection is to, as rules name it: a socket's directory is on this host."""
    if host[:1] in ("/", "@"):
        return Target(database=database, port=port, place=host)
    return Target(database=database, host=host, port=port)


def targets(params: Mapping[str, Any]) -> list[Target]:
    """Return what libpq connects to with `params`, in the order in which it tries.

    Nothing where a service file has a say in it.
    """
    said = {key: str(value) for key, value in params.items() if key in _VARIABLES and value}
    for key, variable in _VARIABLES.items():
        said.setdefault(key, os.environ.get(variable, ""))
    if said["service"]:
        return []
    user = said["user"] or pwd.getpwuid(os.geteuid()).pw_name
    hosts = (said["host"] or said["hostaddr"]).split(",")
    ports = said["port"].split(",")
    if len(ports) != len(hosts):
        ports = ports[:1] * len(hosts)
    return [
        target(said["dbname"] or user, host, int(port) if port.isdigit() else PORT)
        for host, port in zip(hosts, ports, strict=True)
    ]


def aimed(params: Mapping[str, Any], meant: Target, redirect: ShadowDatabase) -> dict[str, Any]:
    """Return `params`, which lead to `meant`, for a connection to its shadow.

    Raises LookupError where the password is not found.
    """
    there = redirect.shadow
    new = {**params, "dbname": there.name}
    host, port = there.host or meant.host, there.port or meant.port
    if port != meant.port or not same_host(host, meant.host):
        new = {key: value for key, value in new.items() if key != "hostaddr"}
        new["port"] = str(port)
        if there.host:
            new["host"] = there.host
    if there.user:
        new["user"] = there.user
    if there.password:
        new["password"] = secret(there.password)
    return new


def as_text(query: Any, encoding: str, context: Any) -> str | None:
    """Return a statement as text: given as text, bytes or composed; None for anything else."""
    if isinstance(query, str):
        return str(query)
    if isinstance(query, bytes | bytearray | memoryview):
        text = bytes(query).decode(encoding, "surrogateescape")
        return text if text.encode(encoding, "surrogateescape") == query else None
    composed = getattr(query, "as_string", None)
    return None if composed is None else str(composed(context))


def as_given(query: Any, text: str, found: str, encoding: str) -> Any:
    """Return `found`, which is sent for the `text` of `query`, in a form that a driver takes."""
    if found is text or found == text:
        return query
    if isinstance(query, bytes | bytearray | memoryview):
        return found.encode(encoding, "surrogateescape")
    return found


_QUOTED = re.compile(
    r"""'(?:[^']|'')*+'|"(?:[^"]|"")*+"|--[^\n]*|/\*.*?\*/|(?<![\w$])\$(\w*)\$.*?\$\1\$""",
    re.DOTALL,
)
_MARK = re.compile(r"(?<!%)(?:%%)*+%[s(bt]")


def marks_in_quotes(text: str) -> bool:
    """Whether a parameter is marked inside a string, a quoted name or a comment.

    A driver that puts the values in by itself puts one there too, quotes in quotes: what the server
    reads is another statement then than the one with its marks. In doubt there is one.
    """
    if "%" not in text or not any(mark in text for mark in ("'", '"', "--", "/*", "$")):
        return False
    if "\\'" in text:
        return _MARK.search(text) is not None
    return any(_MARK.search(match[0]) for match in _QUOTED.finditer(text))
