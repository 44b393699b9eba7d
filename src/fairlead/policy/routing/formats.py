"""Values of headers with Envoy's ``%COMMAND%``, as far as a request knows what they ask for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from fairlead.policy.routing.request import RequestLike

Headers = list[tuple[str, str]]
"""Names in lower case, in order; a name may be repeated."""

_COMMAND = re.compile(r"%%|%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d+))?%")


def filled(text: str, request: RequestLike, headers: Headers, remarks: list[str]) -> str:
    """Return `text` with its commands carried out; those of a missing thing leave nothing.

    Args:
        text: Of a HeaderValue.
        request: What came in.
        headers: As they are by now, with ``:path`` and the like: %REQ()% reads these.
        remarks: Commands that are not known here are named in it.
    """
    if "%" not in text:
        return text

    def one(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        command = _COMMANDS.get(found[1])
        if command is None:
            remarks.append(f"{found[0]} is not known to a request: left out")
            return ""
        value = command(found[2] or "", request, headers)
        return value[: int(found[3])] if found[3] else value

    return _COMMAND.sub(one, text)


def value_of(name: str, headers: Headers) -> str | None:
    """Return the value of a header, repeated ones joined."""
    name = ":authority" if name == "host" else name
    values = [value for key, value in headers if key == name]
    return ",".join(values) if values else None


def _req(argument: str, request: RequestLike, headers: Headers) -> str:
    for name in argument.lower().split("?"):
        value = value_of(name, headers)
        if value is not None:
            return value
    return ""


def _metadata(argument: str, request: RequestLike, headers: Headers) -> str:
    name, *path = argument.split(":")
    found: Any = request.metadata.get(name)
    for step in path:
        found = found.get(step) if isinstance(found, Mapping) else None
    return "" if found is None or isinstance(found, Mapping) else str(found)


_COMMANDS: Mapping[str, Callable[[str, RequestLike, Headers], str]] = {
    "REQ": _req,
    "DYNAMIC_METADATA": _metadata,
    "DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT": lambda _, request, __: request.source_ip,
    "DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT": lambda _, request, __: request.source_ip,
}


ELSEWHERE = frozenset(
    (
        "DOWNSTREAM_LOCAL_ADDRESS",
        "DOWNSTREAM_REMOTE_ADDRESS",
        "DOWNSTREAM_DIRECT_REMOTE_ADDRESS",
        "HOSTNAME",
        "PROTOCOL",
        "RESP",
        "RESPONSE_CODE",
        "ROUTE_NAME",
        "START_TIME",
        "UPSTREAM_CLUSTER",
        "UPSTREAM_HOST",
        "UPSTREAM_LOCAL_ADDRESS",
        "UPSTREAM_REMOTE_ADDRESS",
        "VIRTUAL_CLUSTER_NAME",
    )
)
"""Commands that Envoy knows, and a request alone does not answer."""


def escaped(text: str) -> str:
    """Return `text` with each ``%`` doubled that begins no command: Envoy refuses those."""
    known = _COMMANDS.keys() | ELSEWHERE
    pieces, end = [], 0
    for found in _COMMAND.finditer(text):
        if found[0] == "%%" or found[1] in known:
            pieces += [text[end : found.start()].replace("%", "%%"), found[0]]
            end = found.end()
    return "".join((*pieces, text[end:].replace("%", "%%")))
