"""What a route changes where urllib3 sends a request and reads its answer.

Below its redirects and retries, which go on with the request that the application made.
"""

from __future__ import annotations

from typing import Any

from fairlead.flow.changing import Change
from fairlead.instruments.headers import without

URL = 2
"""Place of the URL among the arguments of ``_make_request``."""


def rewritten(
    change: Change, args: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the arguments of ``_make_request`` with what is changed of the request."""
    if change.path is not None:
        args = (*args[:URL], change.path, *args[URL + 1 :])
    removed, added = change.headers
    if change.authority is not None:
        removed, added = (*removed, "host"), (("Host", change.authority), *added)
    if not (removed or added):
        return args, options
    headers = without(options.get("headers") or {}, removed)
    _add(headers, added)
    return args, {**options, "headers": headers}


def changed_answer(change: Change | None, response: Any) -> Any:
    """Return `response` with what is changed of it."""
    if change is None or change.answer is None:
        return response
    headers = response.headers
    removed, added = change.answer(headers.get)
    for name in removed:
        if name in headers:
            del headers[name]
    _add(headers, added)
    return response


def _add(headers: Any, added: tuple[tuple[str, str], ...]) -> None:
    """Add headers: to urllib3's own kind, to `http.client`'s, or to a plain dictionary."""
    add = getattr(headers, "add", None)
    for name, value in added:
        if add is not None:
            add(name, value)
        elif isinstance(headers, dict) and name in headers:
            headers[name] = f"{headers[name]}, {value}"
        else:
            headers[name] = value
